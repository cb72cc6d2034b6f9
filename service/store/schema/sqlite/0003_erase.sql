-- Forgetting: what was erased (roster numbers, no personal data), and how long incidents are kept.

CREATE TABLE erased (
    seq INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    number INTEGER NOT NULL, -- -1: the whole incident
    at INTEGER NOT NULL,
    UNIQUE (incident, number)
);
CREATE TABLE keeping (
    incident INTEGER PRIMARY KEY,
    months INTEGER NOT NULL DEFAULT 0,     -- 0: the service's default
    legal_hold INTEGER NOT NULL DEFAULT 0  -- 1: beats every period
);

-- Duties beside the people: regulators, bureaus, media, owners; from the newest plan of an incident.
CREATE TABLE duty (
    incident INTEGER NOT NULL,
    key TEXT NOT NULL,               -- "US-MD.regulator"
    jurisdiction TEXT NOT NULL,
    addressee INTEGER NOT NULL,      -- 0 people, 1 regulator, 2 bureau, 3 media, 4 third party
    state INTEGER NOT NULL,          -- 0 open, 1 done, 2 overridden, 3 not asked for any more
    blocks INTEGER NOT NULL,         -- people there wait for it
    due_at INTEGER,                  -- null: the law has no day
    told_at INTEGER,                 -- done: when, as it was said
    body TEXT NOT NULL,              -- JSON of the rules' words: no personal data
    decided_by INTEGER NOT NULL DEFAULT 0,
    decided_at INTEGER,
    PRIMARY KEY (incident, key)
) WITHOUT ROWID;
CREATE INDEX duty_open ON duty (due_at) WHERE state = 0;

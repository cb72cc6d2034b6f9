-- Named people, what exactly was approved, releases by one person, sessions of the console, counts
-- by the hour.

-- Who holds a token: the id of that person's (or program's) first token.
ALTER TABLE token ADD COLUMN person INTEGER NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN kind INTEGER NOT NULL DEFAULT 0; -- 0 program, 1 person
UPDATE token SET person = id;
UPDATE token SET kind = 1 WHERE (roles & 2) <> 0; -- approvers are people

-- When it stopped to count although the roster stayed (another configuration).
ALTER TABLE approval ADD COLUMN voided_at INTEGER;

-- The canonical document whose digest an approval binds to, sealed by the incident's key.
CREATE TABLE approval_document (
    wave INTEGER NOT NULL,
    hash BLOB NOT NULL,
    document BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (wave, hash)
);
-- A release by one person, and who looked at it afterwards.
CREATE TABLE break_glass (
    wave INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    principal INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reviewed_by INTEGER NOT NULL DEFAULT 0,
    reviewed_at INTEGER
);
CREATE TABLE session (
    hash BLOB PRIMARY KEY, -- of the cookie's secret
    token INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_expires ON session (expires_at);
-- Members that came into a state, by the hour (milliseconds / 3,600,000).
CREATE TABLE counter_hour (
    wave INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    key INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (wave, channel, hour, key)
) WITHOUT ROWID;

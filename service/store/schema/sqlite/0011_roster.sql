-- What was found in an upload, what was left out of its rows, and what people decided about them.
ALTER TABLE upload ADD COLUMN warnings INTEGER NOT NULL DEFAULT 0;
ALTER TABLE upload ADD COLUMN principal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE upload ADD COLUMN expected INTEGER NOT NULL DEFAULT -1; -- people, as the responder counts
ALTER TABLE upload ADD COLUMN mode INTEGER NOT NULL DEFAULT 0;      -- 0 append, 1 replace, 2 repair
ALTER TABLE upload ADD COLUMN shape BLOB;                           -- JSON, sealed by the incident key
ALTER TABLE upload ADD COLUMN discarded_at INTEGER;                 -- state 3
ALTER TABLE upload ADD COLUMN discarded_by INTEGER NOT NULL DEFAULT 0;
-- state 0 undecided, 1 repaired by `repair`, 2 waived
ALTER TABLE roster_reject ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE roster_reject ADD COLUMN principal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE roster_reject ADD COLUMN repair INTEGER NOT NULL DEFAULT 0; -- upload
-- Rejected rows of joined uploads that nobody decided about.
ALTER TABLE incident ADD COLUMN undecided INTEGER NOT NULL DEFAULT 0;
UPDATE incident SET undecided = (SELECT count(*) FROM roster_reject r JOIN upload u ON u.id = r.upload
    AND u.state = 2 WHERE r.incident = incident.id);

CREATE TABLE roster_warning (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    upload INTEGER NOT NULL,
    part INTEGER NOT NULL,
    line INTEGER NOT NULL,
    repaired INTEGER NOT NULL, -- 0: the field was left out
    field TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX roster_warning_incident ON roster_warning (incident, id);

-- What a pass over the roster found (counts, duplicates, what changed): JSON, sealed by the incident
-- key, of one version of the incident.
CREATE TABLE roster_survey (
    incident INTEGER NOT NULL,
    kind INTEGER NOT NULL, -- 0 summary, 1 the difference that the last change made
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (incident, kind)
);

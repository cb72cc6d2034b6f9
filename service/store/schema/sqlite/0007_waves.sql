-- Facts that change, waves as a resource, holds.

ALTER TABLE incident ADD COLUMN notice INTEGER NOT NULL DEFAULT 1; -- its newest notice version
-- What a notice is made from, as it was; version 1 is what was posted. Sealed; never changed.
CREATE TABLE notice_version (
    incident INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document BLOB NOT NULL,
    author INTEGER NOT NULL,
    at INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0, -- the wave that corrects it: nobody is sent it any more
    PRIMARY KEY (incident, version)
);
INSERT INTO notice_version (incident, version, document, author, at)
    SELECT id, 1, document, author, created_at FROM incident;

ALTER TABLE wave ADD COLUMN author INTEGER NOT NULL DEFAULT 0;
ALTER TABLE wave ADD COLUMN notice INTEGER NOT NULL DEFAULT 0;       -- 0: the newest, until release
ALTER TABLE wave ADD COLUMN notice_first INTEGER NOT NULL DEFAULT 0; -- the one it was released with
ALTER TABLE wave ADD COLUMN spec BLOB;                               -- sealed: audience, texts
ALTER TABLE wave ADD COLUMN caps TEXT;                               -- JSON, no personal data
ALTER TABLE wave ADD COLUMN not_before INTEGER;
UPDATE wave SET author = (SELECT i.author FROM incident i WHERE i.id = wave.incident);
UPDATE wave SET notice = 1, notice_first = 1 WHERE released_at IS NOT NULL;

-- Which wave took the people of an upload in; 0: none yet.
ALTER TABLE upload ADD COLUMN wave INTEGER NOT NULL DEFAULT 0;
UPDATE upload SET wave = coalesce((SELECT w.id FROM wave w WHERE w.incident = upload.incident
    AND w.ordinal = 1 AND w.released_at IS NOT NULL), 0) WHERE state = 2;

ALTER TABLE chunk ADD COLUMN jurisdiction TEXT NOT NULL DEFAULT ''; -- first word of the cohort
ALTER TABLE chunk ADD COLUMN channel_name TEXT NOT NULL DEFAULT '';
ALTER TABLE chunk ADD COLUMN held INTEGER NOT NULL DEFAULT 0;   -- an active hold covers it
ALTER TABLE chunk ADD COLUMN marked INTEGER NOT NULL DEFAULT 0; -- chunk_notice says who got what
UPDATE chunk SET jurisdiction = substr(cohort, 1, instr(cohort, '|') - 1);
UPDATE chunk SET channel_name = coalesce((SELECT json_extract(CAST(w.policy AS TEXT),
    '$.channels[' || chunk.channel || '].channel') FROM wave w WHERE w.id = chunk.wave), '');
DROP INDEX chunk_wake;
CREATE INDEX chunk_wake ON chunk (wave, channel, wake_at) WHERE wake_at IS NOT NULL AND held = 0;
CREATE INDEX chunk_open ON chunk (wave) WHERE wake_at IS NOT NULL;

-- Positions of a chunk that may have got a version, where a wave has sent more than one.
CREATE TABLE chunk_notice (
    chunk INTEGER NOT NULL,
    notice INTEGER NOT NULL,
    positions BLOB NOT NULL,
    PRIMARY KEY (chunk, notice)
) WITHOUT ROWID;
ALTER TABLE intent ADD COLUMN notice INTEGER NOT NULL DEFAULT 0;
ALTER TABLE banner ADD COLUMN notice INTEGER NOT NULL DEFAULT 0;
ALTER TABLE banner ADD COLUMN chunk INTEGER NOT NULL DEFAULT 0;
ALTER TABLE banner ADD COLUMN number INTEGER NOT NULL DEFAULT -1;
UPDATE banner SET notice = 1;

CREATE TABLE hold (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    wave INTEGER NOT NULL,            -- 0: every wave
    jurisdiction TEXT,                -- null: every one; so are the next two
    channel TEXT,
    number INTEGER NOT NULL,          -- roster number; -1: everybody
    kind INTEGER NOT NULL,            -- 0 a person's, 1 order rule, 2 version withdrawn
    state INTEGER NOT NULL,           -- 0 placed, 1 asked to lift, 2 lifted
    body BLOB,                        -- sealed: reason, agency, officer
    until INTEGER,                    -- an alarm, no more
    placed_by INTEGER NOT NULL,
    placed_at INTEGER NOT NULL,
    asked_by INTEGER NOT NULL DEFAULT 0,
    asked_notice INTEGER NOT NULL DEFAULT 0,
    lifted_by INTEGER NOT NULL DEFAULT 0,
    lifted_at INTEGER
);
CREATE INDEX hold_incident ON hold (incident, placed_at);
CREATE INDEX hold_active ON hold (incident) WHERE state < 2;
-- What there was to hold before has a hold that can be lifted.
INSERT INTO hold (id, incident, wave, number, kind, state, until, placed_by, placed_at)
    SELECT abs(random()) % 1000000000 * 1000 + id, incident, id, -1, 0, 0, hold_until, 0, 0
    FROM wave WHERE state = 4;

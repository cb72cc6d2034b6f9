-- The first schema. Times are milliseconds UTC; ids are 63-bit numbers given by the program; blobs
-- that may hold anything personal are sealed by the caller.

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    roles INTEGER NOT NULL,
    hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    minted_by INTEGER NOT NULL
);

CREATE TABLE idempotency (
    principal INTEGER NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    location TEXT,
    reply BLOB,
    at INTEGER NOT NULL,
    PRIMARY KEY (principal, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE incident (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    test INTEGER NOT NULL,
    created_at INTEGER NOT NULL UNIQUE, -- the cursor of lists: the store keeps it unique
    author INTEGER NOT NULL,
    key BLOB NOT NULL,
    document BLOB NOT NULL,
    title BLOB,
    accepted INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    blocks INTEGER NOT NULL DEFAULT 0,    -- 1 + the highest committed block
    next_block INTEGER NOT NULL DEFAULT 0 -- where the next upload begins
);

CREATE TABLE wave (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- in tokens: never given twice
    incident INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    held_from INTEGER NOT NULL DEFAULT 0,
    policy BLOB,
    approved_hash BLOB,
    approvals INTEGER NOT NULL DEFAULT 0,
    plan_cursor INTEGER NOT NULL DEFAULT 0,
    released_at INTEGER,
    settled_at INTEGER,
    hold_until INTEGER,
    people INTEGER NOT NULL DEFAULT 0,
    UNIQUE (incident, ordinal)
);
CREATE INDEX wave_state ON wave (state, id);

CREATE TABLE approval (
    wave INTEGER NOT NULL,
    version INTEGER NOT NULL, -- of the incident: approvals of an older one do not count
    hash BLOB NOT NULL,
    principal INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (wave, version, hash, principal)
) WITHOUT ROWID;

CREATE TABLE upload (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    part INTEGER NOT NULL,
    state INTEGER NOT NULL, -- 0 open, 1 stored, 2 joined the roster
    first_block INTEGER NOT NULL,
    digest BLOB NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    at INTEGER
);
CREATE INDEX upload_incident ON upload (incident, part);
CREATE UNIQUE INDEX upload_open ON upload (incident) WHERE state = 0;

CREATE TABLE roster_block (
    incident INTEGER NOT NULL,
    block INTEGER NOT NULL,
    upload INTEGER NOT NULL,
    n INTEGER NOT NULL,
    voids BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (incident, block)
);
-- Apart from the bodies: erasing a person rewrites this row alone.
CREATE TABLE roster_seed (
    incident INTEGER NOT NULL,
    block INTEGER NOT NULL,
    seeds BLOB NOT NULL,
    PRIMARY KEY (incident, block)
);
-- Sorted runs of blind keys, 16 bytes each: see roster_key.c.
CREATE TABLE roster_run (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    upload INTEGER NOT NULL, -- 0 once it is closed
    tier INTEGER NOT NULL,   -- of its size: runs of one tier are merged
    n INTEGER NOT NULL
);
CREATE INDEX roster_run_of ON roster_run (incident, kind, upload, tier);
CREATE TABLE roster_page (
    run INTEGER NOT NULL,
    first BLOB NOT NULL,
    keys BLOB NOT NULL,
    PRIMARY KEY (run, first)
);
CREATE TABLE roster_reject (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    upload INTEGER NOT NULL,
    part INTEGER NOT NULL,
    line INTEGER NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX roster_reject_incident ON roster_reject (incident, id);

CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- in tokens: never given twice
    incident INTEGER NOT NULL,
    wave INTEGER NOT NULL,
    rung INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    cohort TEXT NOT NULL,
    n INTEGER NOT NULL,
    state INTEGER NOT NULL,
    owner INTEGER NOT NULL DEFAULT 0,
    gen INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    wake_at INTEGER,      -- due_at, or the lease's end; null when done
    attention_at INTEGER, -- a fact came while it was leased
    progress BLOB NOT NULL,
    retries BLOB
);
CREATE INDEX chunk_wake ON chunk (wave, channel, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX chunk_wave ON chunk (wave, id);
-- Apart from the row that changes with every step.
CREATE TABLE chunk_members (
    chunk INTEGER PRIMARY KEY,
    members BLOB NOT NULL
);
CREATE TABLE intent (
    chunk INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    gen INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    positions BLOB NOT NULL,
    PRIMARY KEY (chunk, seq)
) WITHOUT ROWID;
CREATE TABLE counter (
    wave INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    key INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (wave, channel, key)
) WITHOUT ROWID;
CREATE TABLE fact_event (
    event BLOB PRIMARY KEY, -- digest of the provider's event id
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX fact_event_at ON fact_event (at);

CREATE TABLE receipt_batch (
    seq INTEGER PRIMARY KEY, -- the order of commit
    id INTEGER NOT NULL UNIQUE,
    incident INTEGER NOT NULL,
    wave INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    n INTEGER NOT NULL,
    late INTEGER NOT NULL DEFAULT 0,
    leaves BLOB NOT NULL,
    details BLOB NOT NULL
);
CREATE INDEX receipt_batch_incident ON receipt_batch (incident, seq);
CREATE INDEX receipt_batch_chunk ON receipt_batch (chunk, seq) WHERE chunk > 0;
-- Not in the log yet: the sequencer deletes what it has numbered.
CREATE TABLE pending (
    seq INTEGER PRIMARY KEY
);

CREATE TABLE banner (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    wave INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE,
    token TEXT NOT NULL,
    account BLOB NOT NULL,
    body BLOB NOT NULL,
    state INTEGER NOT NULL,
    dismissed INTEGER NOT NULL,
    placed_at INTEGER NOT NULL
);
CREATE INDEX banner_account ON banner (account, placed_at);

CREATE TABLE written_request (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state INTEGER NOT NULL,
    channel_received TEXT,
    body BLOB,
    wave INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL UNIQUE, -- the cursor of lists: the store keeps it unique
    changed_at INTEGER NOT NULL,
    due_at INTEGER,
    duplicate_of INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX written_request_incident ON written_request (incident, received_at);
-- One open or mailed request a person: received, needs_person, matched, sending, mailed.
CREATE UNIQUE INDEX written_request_open ON written_request (incident, number)
    WHERE number >= 0 AND state IN (0, 1, 2, 3, 4);

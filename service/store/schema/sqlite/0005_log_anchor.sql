-- What others outside attest of a checkpoint: a timestamp's token, or that it was mailed.
CREATE TABLE log_anchor (
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    proof BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (name, size)
);
CREATE INDEX log_anchor_size ON log_anchor (kind, size);

-- The receipt log: RFC 6962 over the leaves of the receipt batches.

-- One row: the tree, and who may let it grow.
CREATE TABLE log_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    epoch INTEGER NOT NULL, -- the fence: raised with every change of owner
    owner INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    origin TEXT NOT NULL
);

-- Which indexes the leaves of a batch have; every batch once.
CREATE TABLE leaf_range (
    first_index INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL UNIQUE, -- receipt_batch.seq
    n INTEGER NOT NULL
);

CREATE TABLE log_tile (
    level INTEGER NOT NULL,
    tile INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, tile)
);

CREATE TABLE log_checkpoint (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL
);

CREATE TABLE cosignature (
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    line TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (size, name)
);
CREATE INDEX cosignature_name ON cosignature (name, size);

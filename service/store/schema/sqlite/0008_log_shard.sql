-- A log that cannot go on (a stolen key, another origin) ends as a shard; the next begins at index 0
-- with the last checkpoint of the one before as its first leaf. All that has an index or a size has
-- a shard.

CREATE TABLE log_shard (
    shard INTEGER PRIMARY KEY, -- 1, 2, ...: those that have ended
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,        -- its last checkpoint, without cosignatures
    reason TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    begun INTEGER NOT NULL     -- the receipt batch that is the first leaf of the next
);

ALTER TABLE log_head ADD COLUMN shard INTEGER NOT NULL DEFAULT 1; -- the one that grows
ALTER TABLE pending ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;   -- -1: before all others
CREATE INDEX pending_first ON pending (seq) WHERE rank < 0;

ALTER TABLE leaf_range RENAME TO leaf_range_1;
CREATE TABLE leaf_range (
    shard INTEGER NOT NULL,
    first_index INTEGER NOT NULL,
    batch INTEGER NOT NULL UNIQUE, -- receipt_batch.seq
    n INTEGER NOT NULL,
    PRIMARY KEY (shard, first_index)
) WITHOUT ROWID;
INSERT INTO leaf_range (shard, first_index, batch, n) SELECT 1, first_index, batch, n FROM leaf_range_1;
DROP TABLE leaf_range_1;

ALTER TABLE log_tile RENAME TO log_tile_1;
CREATE TABLE log_tile (
    shard INTEGER NOT NULL,
    level INTEGER NOT NULL,
    tile INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (shard, level, tile)
);
INSERT INTO log_tile (shard, level, tile, hashes) SELECT 1, level, tile, hashes FROM log_tile_1;
DROP TABLE log_tile_1;

ALTER TABLE log_checkpoint RENAME TO log_checkpoint_1;
CREATE TABLE log_checkpoint (
    shard INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (shard, size)
);
INSERT INTO log_checkpoint (shard, size, root, note, at) SELECT 1, size, root, note, at FROM log_checkpoint_1;
DROP TABLE log_checkpoint_1;

ALTER TABLE cosignature RENAME TO cosignature_1;
CREATE TABLE cosignature (
    shard INTEGER NOT NULL,
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    line TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (shard, size, name)
);
INSERT INTO cosignature (shard, size, name, line, at) SELECT 1, size, name, line, at FROM cosignature_1;
DROP TABLE cosignature_1;
CREATE INDEX cosignature_by_name ON cosignature (name, shard, size);

ALTER TABLE log_anchor RENAME TO log_anchor_1;
CREATE TABLE log_anchor (
    shard INTEGER NOT NULL,
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    proof BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (shard, name, size)
);
INSERT INTO log_anchor (shard, size, name, kind, proof, at) SELECT 1, size, name, kind, proof, at FROM log_anchor_1;
DROP TABLE log_anchor_1;
CREATE INDEX log_anchor_by_size ON log_anchor (shard, kind, size);

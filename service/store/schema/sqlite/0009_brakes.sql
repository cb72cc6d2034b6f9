-- What brakes a wave. Scopes are short words without personal data ("w12:all", "d:gmail.com").

-- Counts that caps are held against: minutes, days, steps of a ramp, or the one bucket 0.
CREATE TABLE brake_count (
    scope TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (scope, bucket)
) WITHOUT ROWID;

-- Where a wave is between its seeds and the open road; no row: it has not begun.
CREATE TABLE brake_wave (
    wave INTEGER PRIMARY KEY,
    stage INTEGER NOT NULL,
    since INTEGER NOT NULL
);

-- What stopped by itself and waits for a person, or for its provider.
CREATE TABLE brake_stop (
    wave INTEGER NOT NULL,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    figures TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (wave, scope)
) WITHOUT ROWID;

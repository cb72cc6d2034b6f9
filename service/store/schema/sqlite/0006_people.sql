-- People have several addresses of a kind, and wishes that outlive an incident.

ALTER TABLE chunk ADD COLUMN address INTEGER NOT NULL DEFAULT 0; -- which of the people's addresses
CREATE TABLE preference (
    kind INTEGER NOT NULL,  -- 0 email, 1 phone, 2 postal address, 3 account
    blind BLOB NOT NULL,    -- by the service's key
    body BLOB NOT NULL,     -- sealed: what is wished or known, since when, from where
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, blind)
) WITHOUT ROWID;

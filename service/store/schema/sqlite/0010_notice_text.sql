-- The texts that were released, by digest: what was said can be made again whatever is installed later. No personal data.
CREATE TABLE notice_text (
    digest TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;

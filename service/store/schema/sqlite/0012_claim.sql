-- An invitation becomes the invited person's own credential, which who minted it has never seen.
ALTER TABLE token ADD COLUMN claim INTEGER NOT NULL DEFAULT 0; -- 1 an invitation, 2 claimed

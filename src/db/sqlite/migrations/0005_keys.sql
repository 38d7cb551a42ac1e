-- Access keys, whose a batch is, and uploads that may come twice.

CREATE TABLE keys (
  key        INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: batches carry it
  id         TEXT    NOT NULL UNIQUE CHECK (length(id) = 8),
  name       TEXT    NOT NULL,
  digest     TEXT    NOT NULL CHECK (length(digest) = 64),
  requests   INTEGER NOT NULL DEFAULT 0 CHECK (requests >= 0),
  created_us INTEGER NOT NULL,
  used_us    INTEGER,
  revoked_us INTEGER
) STRICT;

CREATE UNIQUE INDEX keys_valid ON keys (name) WHERE revoked_us IS NULL;

ALTER TABLE batches ADD COLUMN owner INTEGER;  -- the key; NULL: made without one
-- The Idempotency-Key and the fingerprint of what came with it, while the batch is received.
ALTER TABLE batches ADD COLUMN upload_key TEXT;
ALTER TABLE batches ADD COLUMN fingerprint TEXT;

CREATE INDEX batches_of_owner ON batches (owner) WHERE owner IS NOT NULL;
CREATE INDEX batches_of_owner_in_state ON batches (owner, state) WHERE owner IS NOT NULL;

-- Outlives its batch: what was uploaded and deleted is not done again by a late repetition.
CREATE TABLE uploads (
  upload      INTEGER PRIMARY KEY,
  owner       INTEGER NOT NULL,  -- 0: without a key
  upload_key  TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,
  request_id  TEXT    NOT NULL,
  sealed_us   INTEGER NOT NULL,
  UNIQUE (owner, upload_key)
) STRICT;

CREATE INDEX uploads_sealed ON uploads (sealed_us);

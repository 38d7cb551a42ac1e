-- What a batch asks for beside the quality, and which way each rendition was made.

ALTER TABLE batches ADD COLUMN format TEXT  -- NULL: as the source
  CHECK (format IN ('jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'));
ALTER TABLE batches ADD COLUMN max_width INTEGER NOT NULL DEFAULT 0  -- 0: no bound
  CHECK (max_width BETWEEN 0 AND 16384);
ALTER TABLE batches ADD COLUMN max_height INTEGER NOT NULL DEFAULT 0
  CHECK (max_height BETWEEN 0 AND 16384);

ALTER TABLE outcomes ADD COLUMN method TEXT;

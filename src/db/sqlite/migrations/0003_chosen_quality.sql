-- A quality that is chosen for each picture, a bound on its bytes, and what was chosen.

ALTER TABLE batches ADD COLUMN auto_quality INTEGER NOT NULL DEFAULT 0  -- 1: `quality` is not used
  CHECK (auto_quality IN (0, 1));
ALTER TABLE batches ADD COLUMN max_bytes INTEGER NOT NULL DEFAULT 0  -- 0: no bound
  CHECK (max_bytes = 0 OR max_bytes BETWEEN 1024 AND 1073741824);

ALTER TABLE outcomes ADD COLUMN quality INTEGER  -- NULL: the source's own picture data
  CHECK (quality BETWEEN 1 AND 100);

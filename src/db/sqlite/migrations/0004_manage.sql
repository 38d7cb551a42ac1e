-- What users do to a request that is there: list, cancel, retry, delete.

ALTER TABLE batches ADD COLUMN cancelled_us INTEGER;  -- since then no image of it is begun
ALTER TABLE batches ADD COLUMN retries INTEGER NOT NULL DEFAULT 0 CHECK (retries >= 0);
-- A retry puts images back slice by slice: the first that was not looked at; NULL: all were.
ALTER TABLE batches ADD COLUMN retry_from INTEGER;
-- What was dealt with when started_us was set: says how fast the run under way is.
ALTER TABLE batches ADD COLUMN processed_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0 CHECK (deleting IN (0, 1));

CREATE INDEX batches_in_state ON batches (state);
CREATE INDEX batches_deleting ON batches (batch) WHERE deleting = 1;

-- What a retry puts back: what was invalid from the start was never tried.
CREATE INDEX outcomes_to_retry ON outcomes (batch, image) WHERE state = 'failed' AND tries > 0;

-- Renditions made before the method was kept: there was one.
UPDATE outcomes SET method = 'transcoded' WHERE state = 'done' AND method IS NULL;

-- A webhook that is sent again has its schedule anew; attempts are listed with their numbers.
ALTER TABLE deliveries ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery_attempts ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
UPDATE delivery_attempts
SET attempt = (SELECT count(*) FROM delivery_attempts earlier
               WHERE earlier.delivery = delivery_attempts.delivery
                 AND earlier.id <= delivery_attempts.id);

-- What became of the images. Every statement keeps the fence: it changes nothing where the lease
-- was lost or the image is finished.

-- name: held_chunk
SELECT images_left FROM chunks
WHERE batch = ?1 AND first_image = ?2 AND attempt = ?3 AND owner IS NOT NULL;

-- name: finish_image
INSERT INTO outcomes (batch, image, state, tries, fault, message, output_key, format, width, height,
                      bytes_in, bytes_out, method, quality)
SELECT batch, image, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
FROM images
WHERE batch = ?1 AND image = ?2
  AND NOT EXISTS (SELECT 1 FROM waiting WHERE batch = ?1 AND image = ?2)
ON CONFLICT (batch, image) DO NOTHING
RETURNING (SELECT places FROM images i WHERE i.batch = ?1 AND i.image = ?2);

-- name: wait_image
INSERT INTO waiting (batch, image, tries, available_us, attempt)
SELECT batch, image, ?3, ?4, ?5
FROM images i
WHERE batch = ?1 AND image = ?2
  AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.batch = i.batch AND o.image = i.image)
ON CONFLICT (batch, image) DO NOTHING
RETURNING 1;

-- name: wait_again
UPDATE waiting SET tries = ?4, available_us = ?5, owner = NULL
WHERE batch = ?1 AND image = ?2 AND attempt = ?3 AND owner IS NOT NULL
RETURNING 1;

-- name: end_waiting
DELETE FROM waiting
WHERE batch = ?1 AND image = ?2 AND attempt = ?3 AND owner IS NOT NULL
RETURNING 1;

-- name: shrink_chunk
UPDATE chunks SET images_left = ?3 WHERE batch = ?1 AND first_image = ?2;

-- name: end_chunk
DELETE FROM chunks WHERE batch = ?1 AND first_image = ?2;

-- name: count_outcomes
UPDATE batches
SET images_left = images_left - ?2,
    images_done = images_done + ?3,
    processed = processed + ?4,
    failed = failed + ?5,
    bytes_in = bytes_in + ?6,
    bytes_out = bytes_out + ?7,
    updated_us = ?8,
    state = CASE WHEN images_left > ?2 THEN state
                 -- Cancelled, or what was left after that retried.
                 WHEN cancelled_us IS NOT NULL OR processed + ?4 < placements THEN 'cancelled'
                 WHEN images_done + ?3 > 0 THEN 'completed'
                 ELSE 'failed' END,
    finished_us = CASE WHEN images_left > ?2 THEN NULL ELSE ?8 END
WHERE batch = ?1
RETURNING images_left, request_id;

-- name: drop_turn
DELETE FROM turns WHERE batch = ?1;

-- Who works on what. A chunk or a waiting image is held while it has an owner; the attempt fences.

-- name: next_turns
SELECT batch FROM turns WHERE available_us <= ?1 ORDER BY turn;

-- name: end_turn
UPDATE turns SET turn = 1 + (SELECT max(turn) FROM turns) WHERE batch = ?1;

-- name: rest_turn
UPDATE turns
SET available_us = min(
  coalesce((SELECT min(available_us) FROM chunks WHERE batch = ?1), 9223372036854775807),
  coalesce((SELECT min(available_us) FROM waiting WHERE batch = ?1), 9223372036854775807))
WHERE batch = ?1;

-- name: wake_turn
UPDATE turns SET available_us = min(available_us, ?2) WHERE batch = ?1;

-- name: wake_turns
UPDATE turns SET available_us = 0;

-- name: start_batch
UPDATE batches SET started_us = ?2, updated_us = ?2, processed_before = processed
WHERE batch = ?1 AND started_us IS NULL;

-- name: batch_of_lease
SELECT request_id, iif(auto_quality, 0, quality), format, max_width, max_height, max_bytes
FROM batches WHERE batch = ?1;

-- name: turn_facts
SELECT cancelled_us IS NOT NULL, retry_from IS NOT NULL FROM batches WHERE batch = ?1;

-- name: lease_chunk
UPDATE chunks
SET attempt = attempt + 1, available_us = ?3, owner = ?4
WHERE batch = ?1
  AND first_image = (SELECT first_image FROM chunks
                     WHERE batch = ?1 AND available_us <= ?2
                     ORDER BY available_us, first_image LIMIT 1)
RETURNING first_image, attempt;

-- name: chunk_images
SELECT image, url FROM images i
WHERE batch = ?1 AND image BETWEEN ?2 AND ?3
  AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.batch = i.batch AND o.image = i.image)
  AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.batch = i.batch AND w.image = i.image)
ORDER BY image;

-- name: next_waiting
SELECT w.image, w.tries, w.attempt + 1, i.url
FROM waiting w JOIN images i ON i.batch = w.batch AND i.image = w.image
WHERE w.batch = ?1 AND w.available_us <= ?2
ORDER BY w.available_us, w.image LIMIT ?3;

-- name: lease_waiting
UPDATE waiting SET attempt = ?3, available_us = ?4, owner = ?5 WHERE batch = ?1 AND image = ?2;

-- A retry that is under way began at started_us. Held work whose lease has run out waits again.
-- name: queue_state
SELECT
  (SELECT coalesce(sum(images_left), 0) FROM batches
   WHERE state = 'sealed' AND cancelled_us IS NULL)
  - (SELECT coalesce(sum(c.images_left), 0) FROM chunks c JOIN batches b ON b.batch = c.batch
     WHERE c.owner IS NOT NULL AND c.available_us > ?1 AND b.cancelled_us IS NULL)
  - (SELECT count(*) FROM waiting w JOIN batches b ON b.batch = w.batch
     WHERE w.owner IS NOT NULL AND w.available_us > ?1 AND b.cancelled_us IS NULL),
  (SELECT min(CASE WHEN retries > 0 THEN coalesce(started_us, created_us) ELSE created_us END)
   FROM batches b
   WHERE state = 'sealed' AND cancelled_us IS NULL
     AND (EXISTS (SELECT 1 FROM chunks c WHERE c.batch = b.batch AND c.available_us <= ?1)
          OR EXISTS (SELECT 1 FROM waiting w WHERE w.batch = b.batch AND w.available_us <= ?1)));

-- name: extend_chunk
UPDATE chunks SET available_us = ?4
WHERE batch = ?1 AND first_image = ?2 AND attempt = ?3 AND owner IS NOT NULL;

-- name: extend_waiting
UPDATE waiting SET available_us = ?4
WHERE batch = ?1 AND image = ?2 AND attempt = ?3 AND owner IS NOT NULL;

-- name: release_chunks
UPDATE chunks SET available_us = 0, owner = NULL WHERE owner = ?1;

-- name: release_waiting
UPDATE waiting SET available_us = 0, owner = NULL WHERE owner = ?1;

-- Cancelling, retrying and deleting.

-- name: managed_batch
SELECT state, deleting, retries, webhook_url FROM batches
WHERE batch = ?1 AND state <> 'receiving';

-- name: mark_cancelled
UPDATE batches SET cancelled_us = ?2, updated_us = ?2 WHERE batch = ?1 AND cancelled_us IS NULL;

-- name: idle_chunks
SELECT first_image FROM chunks
WHERE batch = ?1 AND (owner IS NULL OR available_us <= ?2)
ORDER BY first_image LIMIT ?3;

-- name: cancel_images
INSERT INTO outcomes (batch, image, state, tries, fault)
SELECT batch, image, 'cancelled', 0, 'cancelled' FROM images i
WHERE batch = ?1 AND image BETWEEN ?2 AND ?3
  AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.batch = i.batch AND o.image = i.image)
  AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.batch = i.batch AND w.image = i.image);

-- name: idle_waiting
SELECT image, tries FROM waiting
WHERE batch = ?1 AND (owner IS NULL OR available_us <= ?2)
ORDER BY image LIMIT ?3;

-- name: cancel_waiting
INSERT INTO outcomes (batch, image, state, tries, fault)
VALUES (?1, ?2, 'cancelled', ?3, 'cancelled');

-- name: drop_waiting
DELETE FROM waiting WHERE batch = ?1 AND image = ?2;

-- name: count_retriable
SELECT count(*), coalesce(sum(i.places), 0)
FROM outcomes o INDEXED BY outcomes_to_retry
JOIN images i ON i.batch = o.batch AND i.image = o.image
WHERE o.batch = ?1 AND o.state = 'failed' AND o.tries > 0;

-- All of the images count as left from here on, though they are queued slice by slice.
-- name: reopen_batch
UPDATE batches
SET state = 'sealed',
    images_left = ?2,
    processed = processed - ?3,
    failed = failed - ?3,
    processed_before = processed - ?3,
    retries = retries + 1,
    retry_from = 0,
    cancelled_us = NULL,
    webhook_state = 'not_sent',
    started_us = ?4,
    updated_us = ?4,
    finished_us = NULL
WHERE batch = ?1;

-- name: retry_position
SELECT retry_from, retries FROM batches WHERE batch = ?1 AND retry_from IS NOT NULL;

-- name: last_to_retry
SELECT max(image) FROM (
  SELECT image FROM outcomes INDEXED BY outcomes_to_retry
  WHERE batch = ?1 AND state = 'failed' AND tries > 0 AND image >= ?2
  ORDER BY image LIMIT ?3);

-- name: queue_retried
INSERT INTO chunks (batch, first_image, images_left, attempt)
SELECT batch, image - image % ?4, count(*), ?5
FROM outcomes INDEXED BY outcomes_to_retry
WHERE batch = ?1 AND state = 'failed' AND tries > 0 AND image >= ?2 AND image < ?3
GROUP BY image - image % ?4;

-- name: forget_retried
DELETE FROM outcomes INDEXED BY outcomes_to_retry
WHERE batch = ?1 AND state = 'failed' AND tries > 0 AND image >= ?2 AND image < ?3;

-- name: move_retry
UPDATE batches SET retry_from = ?2 WHERE batch = ?1;

-- name: mark_deleting
UPDATE batches SET deleting = 1 WHERE batch = ?1;

-- name: erase_attempts
DELETE FROM delivery_attempts
WHERE delivery IN (SELECT delivery FROM deliveries WHERE batch = ?1);

-- name: erase_deliveries
DELETE FROM deliveries WHERE batch = ?1;

-- name: find_deleting
SELECT batch, request_id, state, iif(auto_quality, 0, quality), csv_key, webhook_url, webhook_state,
       placements, processed, failed, bytes_in, bytes_out,
       created_us, updated_us, started_us, finished_us, format, max_width, max_height,
       max_bytes, processed_before
FROM batches
WHERE deleting = 1
ORDER BY batch;

-- A webhook that is still to be delivered, or tried again, comes first; its schedule has an end.
-- name: find_expired
SELECT batch FROM batches b INDEXED BY batches_finished
WHERE finished_us < ?1 AND finished_us IS NOT NULL AND deleting = 0
  AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.batch = b.batch AND d.state = 'queued')
ORDER BY finished_us LIMIT ?2;

-- name: list_renditions
SELECT image, output_key FROM outcomes
WHERE batch = ?1 AND image >= ?2 AND output_key IS NOT NULL
ORDER BY image LIMIT ?3;

-- name: erase_placements
DELETE FROM placements
WHERE batch = ?1
  AND number < (SELECT min(number) FROM placements WHERE batch = ?1) + ?2;

-- name: erase_images
DELETE FROM images
WHERE batch = ?1 AND image < (SELECT min(image) FROM images WHERE batch = ?1) + ?2;

-- name: erase_outcomes
DELETE FROM outcomes
WHERE batch = ?1 AND image < (SELECT min(image) FROM outcomes WHERE batch = ?1) + ?2;

-- name: erase_batch
DELETE FROM batches WHERE batch = ?1 AND deleting = 1;

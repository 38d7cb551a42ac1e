-- Taking a batch in, and looking at it.

-- Where a quality is chosen for each picture the program says 0, which `quality` cannot be.

-- name: open_batch
INSERT INTO batches (request_id, quality, csv_key, webhook_url, created_us, updated_us,
                     format, max_width, max_height, auto_quality, max_bytes, owner,
                     upload_key, fingerprint)
VALUES (?1, iif(?2 = 0, 50, ?2), ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?2 = 0, ?9, ?10,
        ?11, ?12)
ON CONFLICT (request_id) DO NOTHING
RETURNING batch;

-- name: receiving_state
SELECT state, images, placements, failed FROM batches WHERE batch = ?1;

-- name: add_image
INSERT INTO images (batch, image, places, url) VALUES (?1, ?2, ?3, ?4);

-- name: add_failed
INSERT INTO outcomes (batch, image, state, tries, fault, message)
VALUES (?1, ?2, 'failed', 0, ?3, ?4);

-- name: add_chunk
INSERT INTO chunks (batch, first_image, images_left) VALUES (?1, ?2, ?3)
ON CONFLICT (batch, first_image) DO UPDATE SET images_left = images_left + excluded.images_left;

-- name: add_placement
INSERT INTO placements (batch, number, image, row, position, serial_number, product_name)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: add_places
UPDATE images SET places = places + ?3 WHERE batch = ?1 AND image = ?2;

-- name: has_outcome
SELECT 1 FROM outcomes WHERE batch = ?1 AND image = ?2;

-- name: count_received
UPDATE batches
SET images = images + ?2,
    images_left = images_left + ?3,
    placements = placements + ?4,
    processed = processed + ?5,
    failed = failed + ?5
WHERE batch = ?1;

-- name: seal_batch
UPDATE batches
SET state = CASE WHEN images_left > 0 THEN 'sealed' ELSE 'failed' END,
    finished_us = CASE WHEN images_left > 0 THEN NULL ELSE ?2 END,
    updated_us = ?2
WHERE batch = ?1
RETURNING images_left, upload_key IS NOT NULL;

-- name: add_turn
INSERT INTO turns (batch, turn) VALUES (?1, 1 + coalesce((SELECT max(turn) FROM turns), 0));

-- name: discard_placements
DELETE FROM placements WHERE batch = ?1 AND number BETWEEN ?2 AND ?3;

-- name: discard_images
DELETE FROM images WHERE batch = ?1 AND image BETWEEN ?2 AND ?3;

-- name: discard_outcomes
DELETE FROM outcomes WHERE batch = ?1 AND image BETWEEN ?2 AND ?3;

-- name: discard_chunks
DELETE FROM chunks WHERE batch = ?1 AND first_image BETWEEN ?2 AND ?3;

-- name: discard_batch
DELETE FROM batches WHERE batch = ?1;

-- name: find_receiving
SELECT batch, request_id, state, iif(auto_quality, 0, quality), csv_key, webhook_url, webhook_state,
       placements, processed, failed, bytes_in, bytes_out,
       created_us, updated_us, started_us, finished_us, format, max_width, max_height,
       max_bytes, processed_before, owner
FROM batches
WHERE state = 'receiving' AND created_us < ?1
ORDER BY created_us;

-- name: find_batch
SELECT batch, request_id, state, iif(auto_quality, 0, quality), csv_key, webhook_url, webhook_state,
       placements, processed, failed, bytes_in, bytes_out,
       created_us, updated_us, started_us, finished_us, format, max_width, max_height,
       max_bytes, processed_before, owner
FROM batches
WHERE request_id = ?1 AND state <> 'receiving' AND deleting = 0;

-- name: list_outputs
SELECT p.row, p.position, o.output_key
FROM placements p
LEFT JOIN outcomes o ON o.batch = p.batch AND o.image = p.image
WHERE p.batch = ?1 AND p.number >= ?2
  AND EXISTS (SELECT 1 FROM batches WHERE batch = ?1 AND deleting = 0)
ORDER BY p.number
LIMIT ?3;

-- name: list_failures
SELECT p.number, p.row, p.position, i.url, o.fault, o.message
FROM placements p
JOIN outcomes o ON o.batch = p.batch AND o.image = p.image AND o.state = 'failed'
JOIN images i ON i.batch = p.batch AND i.image = p.image
WHERE p.batch = ?1 AND p.number >= ?2
ORDER BY p.number
LIMIT ?3;

-- name: beat
INSERT INTO heartbeat (id, at_us) VALUES (1, ?1)
ON CONFLICT (id) DO UPDATE SET at_us = excluded.at_us;

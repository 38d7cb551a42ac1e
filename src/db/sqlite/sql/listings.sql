-- Pages of what there is. They go on behind the last thing seen, so a page costs the same wherever
-- it begins, and what comes or changes meanwhile moves nothing.

-- name: list_batches
SELECT batch, request_id, state, iif(auto_quality, 0, quality), csv_key, webhook_url, webhook_state,
       placements, processed, failed, bytes_in, bytes_out,
       created_us, updated_us, started_us, finished_us, format, max_width, max_height,
       max_bytes, processed_before, owner
FROM batches
WHERE batch < ?1 AND state <> 'receiving' AND deleting = 0
ORDER BY batch DESC
LIMIT ?2;

-- name: list_batches_in
SELECT batch, request_id, state, iif(auto_quality, 0, quality), csv_key, webhook_url, webhook_state,
       placements, processed, failed, bytes_in, bytes_out,
       created_us, updated_us, started_us, finished_us, format, max_width, max_height,
       max_bytes, processed_before, owner
FROM batches
WHERE batch < ?1 AND state = ?3 AND deleting = 0
  AND (?4 IS NULL OR (started_us IS NULL AND processed = 0) = ?4)
ORDER BY batch DESC
LIMIT ?2;

-- The same of one owner.

-- name: list_batches_of
SELECT batch, request_id, state, iif(auto_quality, 0, quality), csv_key, webhook_url, webhook_state,
       placements, processed, failed, bytes_in, bytes_out,
       created_us, updated_us, started_us, finished_us, format, max_width, max_height,
       max_bytes, processed_before, owner
FROM batches
WHERE owner = ?3 AND batch < ?1 AND state <> 'receiving' AND deleting = 0
ORDER BY batch DESC
LIMIT ?2;

-- name: list_batches_of_in
SELECT batch, request_id, state, iif(auto_quality, 0, quality), csv_key, webhook_url, webhook_state,
       placements, processed, failed, bytes_in, bytes_out,
       created_us, updated_us, started_us, finished_us, format, max_width, max_height,
       max_bytes, processed_before, owner
FROM batches
WHERE owner = ?5 AND batch < ?1 AND state = ?3 AND deleting = 0
  AND (?4 IS NULL OR (started_us IS NULL AND processed = 0) = ?4)
ORDER BY batch DESC
LIMIT ?2;

-- name: list_placements
SELECT number, row, position, serial_number, product_name, url, status, tries,
       fault, message, output_key, format, width, height, bytes_in, bytes_out, method,
       quality
FROM (
  SELECT p.number, p.row, p.position, p.serial_number, p.product_name, i.url,
         CASE WHEN o.state = 'done' THEN 'completed'
              WHEN o.state IS NOT NULL THEN 'failed'
              WHEN w.owner IS NOT NULL OR (w.image IS NULL AND c.owner IS NOT NULL)
                THEN 'processing'
              ELSE 'pending' END AS status,
         coalesce(o.tries, w.tries, 0) AS tries,
         o.fault, o.message, o.output_key, o.format, o.width, o.height, o.bytes_in, o.bytes_out,
         o.method, o.quality
  FROM placements p
  JOIN images i ON i.batch = p.batch AND i.image = p.image
  LEFT JOIN outcomes o ON o.batch = p.batch AND o.image = p.image
  LEFT JOIN waiting w ON w.batch = p.batch AND w.image = p.image
  LEFT JOIN chunks c ON c.batch = p.batch AND c.first_image = p.image - p.image % ?5
  WHERE p.batch = ?1 AND p.number BETWEEN ?2 AND ?3
)
WHERE ?6 IS NULL OR status = ?6
ORDER BY number
LIMIT ?4;

-- name: count_placements
SELECT placements FROM batches WHERE batch = ?1 AND deleting = 0;

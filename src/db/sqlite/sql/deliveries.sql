-- Webhooks.

-- name: add_delivery
INSERT INTO deliveries (batch, event_id, url, available_us, batch_state, placements, processed,
                        failed, finished_us)
SELECT batch, ?2, webhook_url, finished_us, state, placements, processed, failed, finished_us
FROM batches WHERE batch = ?1 AND webhook_url IS NOT NULL;

-- name: due_deliveries
SELECT delivery FROM deliveries
WHERE state = 'queued' AND available_us <= ?1
ORDER BY available_us, delivery LIMIT ?2;

-- name: lease_delivery
UPDATE deliveries SET attempt = attempt + 1, available_us = ?2, owner = ?3
WHERE delivery = ?1
RETURNING attempt, event_id, url, batch_state, placements, processed, failed, finished_us,
          (SELECT request_id FROM batches b WHERE b.batch = deliveries.batch);

-- name: add_attempt
INSERT INTO delivery_attempts (delivery, at_us, http_status, duration_ms, error)
SELECT delivery, ?2, ?3, ?4, ?5 FROM deliveries WHERE delivery = ?1
RETURNING id;

-- name: retry_delivery
UPDATE deliveries SET available_us = ?3, owner = NULL
WHERE delivery = ?1 AND attempt = ?2 AND state = 'queued';

-- name: end_delivery
UPDATE deliveries SET state = ?3, owner = NULL
WHERE delivery = ?1 AND attempt = ?2 AND state = 'queued'
RETURNING batch;

-- name: release_deliveries
UPDATE deliveries SET available_us = 0, owner = NULL WHERE owner = ?1;

-- name: set_webhook_state
UPDATE batches SET webhook_state = ?2, updated_us = ?3 WHERE batch = ?1;

-- name: list_attempts
SELECT a.at_us, a.http_status, a.duration_ms, a.error
FROM batches b
JOIN deliveries d ON d.batch = b.batch
JOIN delivery_attempts a ON a.delivery = d.delivery
WHERE b.request_id = ?1
ORDER BY a.id;

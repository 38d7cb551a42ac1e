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
          (SELECT request_id FROM batches b WHERE b.batch = deliveries.batch), attempts_before;

-- name: add_attempt
INSERT INTO delivery_attempts (delivery, at_us, http_status, duration_ms, error, attempt)
SELECT delivery, ?2, ?3, ?4, ?5, ?6 FROM deliveries WHERE delivery = ?1
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

-- Of an event that a later one has followed, or a retry will, nothing is said any more.
-- name: set_webhook_state
UPDATE batches SET webhook_state = ?2, updated_us = ?3
WHERE batch = ?1 AND finished_us IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM deliveries WHERE batch = ?1 AND delivery > ?4);

-- name: list_attempts
SELECT event_id, attempt, url, at_us, http_status, duration_ms, error
FROM (
  SELECT a.id, d.event_id, a.attempt, d.url, a.at_us, a.http_status, a.duration_ms, a.error
  FROM deliveries d JOIN delivery_attempts a ON a.delivery = d.delivery
  WHERE d.batch = ?1
  ORDER BY a.id DESC LIMIT ?2
)
ORDER BY id;

-- name: redeliver
UPDATE deliveries SET state = 'queued', attempts_before = attempt, available_us = ?2, owner = NULL
WHERE delivery = (SELECT max(delivery) FROM deliveries WHERE batch = ?1)
  AND NOT (state = 'queued' AND owner IS NOT NULL AND available_us > ?2);

-- name: unset_webhook_failed
UPDATE batches SET webhook_state = 'not_sent', updated_us = ?2
WHERE batch = ?1 AND webhook_state = 'failed';

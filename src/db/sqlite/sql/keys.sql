-- Access keys, and uploads that may come twice.

-- name: valid_key_named
SELECT 1 FROM keys WHERE name = ?1 AND revoked_us IS NULL;

-- name: create_key
INSERT INTO keys (name, id, digest, created_us) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (id) DO NOTHING;

-- name: list_keys
SELECT key, name, id, digest, requests, created_us, used_us, revoked_us FROM keys ORDER BY key;

-- name: revoke_key
UPDATE keys SET revoked_us = ?2 WHERE key = ?1 AND revoked_us IS NULL;

-- name: find_key
SELECT k.key, k.name, k.id, k.digest, k.requests, k.created_us, k.used_us, k.revoked_us,
       EXISTS (SELECT 1 FROM keys WHERE revoked_us IS NULL), EXISTS (SELECT 1 FROM keys)
FROM (SELECT 1) LEFT JOIN keys k ON k.id = ?1 AND k.revoked_us IS NULL;

-- name: touch_key
UPDATE keys SET used_us = ?2 WHERE key = ?1 AND coalesce(used_us, 0) < ?2;

-- name: count_request
UPDATE keys SET requests = requests + 1
WHERE key = (SELECT owner FROM batches WHERE batch = ?1);

-- name: find_upload
SELECT fingerprint, request_id FROM uploads
WHERE owner = ?1 AND upload_key = ?2 AND sealed_us > ?3;

-- name: remember_upload
INSERT INTO uploads (owner, upload_key, fingerprint, request_id, sealed_us)
SELECT coalesce(owner, 0), upload_key, fingerprint, request_id, ?2
FROM batches WHERE batch = ?1
ON CONFLICT (owner, upload_key) DO UPDATE
SET fingerprint = excluded.fingerprint,
    request_id = excluded.request_id,
    sealed_us = excluded.sealed_us
WHERE sealed_us <= ?3;

-- name: forget_uploads
DELETE FROM uploads
WHERE upload IN (SELECT upload FROM uploads WHERE sealed_us <= ?1 ORDER BY sealed_us LIMIT ?2);

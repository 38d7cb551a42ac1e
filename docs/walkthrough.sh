#!/usr/bin/env bash
# All of the API with curl: docs/walkthrough.sh products.csv [http://localhost:5000]
# WEBHOOK_URL names your receiver, if you have one; IMGMILL_API_KEY is your key, if the server asks.
set -euo pipefail
csv=$1 base=${2:-http://localhost:5000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ask() { # shows what is asked, then the answer
  echo "$ curl ${*//$base/}" >&2
  curl -sS --fail-with-body -H "Authorization: Bearer ${IMGMILL_API_KEY:-}" "$@"
  echo >&2
}
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; } # of the one JSON object on its input
wait_final() { ask -N "$base/api/requests/$1/events"; } # ends with it

# Is it there?
ask "$base/healthz"
ask "$base/readyz"
ask "$base/metrics" -o "$folder/metrics" || true # 404 from another machine

# Upload, and wait
form=(-F "file=@$csv" -F quality=40 -F max_width=800)
[[ -n ${WEBHOOK_URL:-} ]] && form+=(-F "webhook_url=$WEBHOOK_URL")
ask "${form[@]}" "$base/api/upload?dry_run=1" # what would happen
id=$(ask "${form[@]}" -H "Idempotency-Key: $(date +%N)" "$base/api/upload" | field request_id)
wait_final "$id"
ask "$base/api/status/$id"
ask "$base/api/requests?status=completed&limit=2"

# What came out
ask "$base/api/requests/$id/images?status=completed&limit=1" -o "$folder/images.json"
ask "$base/api/download/$id" -o "$folder/results.csv"
ask "$base/results/${id}_results.csv" # the same, from the link in the webhook
ask "$base/api/requests/$id/archive" -o "$folder/all.zip"
output=$(grep -o "http[^,\"]*/processed/[^,\"]*" "$folder/results.csv" | head -n 1)
ask -I "$output"
ask "$output" -o "$folder/picture" --etag-save "$folder/etag"
ask "$output" -w '%{http_code}' --etag-compare "$folder/etag" # 304: you have it

# What failed, and once more
ask "$base/api/requests/$id/failures.csv"
if ask -X POST "$base/api/requests/$id/retry"; then wait_final "$id"; fi

# The webhook
ask "$base/api/requests/$id/deliveries"
[[ -n ${WEBHOOK_URL:-} ]] && ask -X POST "$base/api/requests/$id/redeliver"

# Stop another one; if it was faster, the answer is 409
other=$(ask -F "file=@$csv" -F on_invalid=skip "$base/api/upload" | field request_id)
ask -X POST "$base/api/requests/$other/cancel" || true
wait_final "$other"
for each in "$id" "$other"; do ask -X DELETE "$base/api/requests/$each"; done

# The pages
for page in / /docs /openapi.json; do ask "$base$page" --compressed -o "$folder/page"; done

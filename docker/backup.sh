#!/usr/bin/env bash
# Copies the database into a folder while the service runs, and keeps the log of erasures beside the copies.
# Usage: backup.sh FOLDER. Copies older than 35 days go: what must be deleted has to be gone from them as well.
set -euo pipefail

folder=$(realpath "${1:?Usage: backup.sh FOLDER}")
cd "$(dirname "$0")"
compose=(docker compose)
umask 077
mkdir -p "$folder"

copy="$folder/treffpunkt-$(date -u +%Y%m%dT%H%M%SZ).dump"
"${compose[@]}" exec -T database \
  pg_dump --username=treffpunkt --dbname=treffpunkt --format=custom --no-owner --no-privileges >"$copy.part"
mv "$copy.part" "$copy"

# Lines are the same each time they are written, so what is known twice is one line; none ever leaves the log.
log="$folder/erasures.jsonl"
touch "$log"
"${compose[@]}" exec -T web treffpunkt erasures - | sort --unique - "$log" >"$log.part"
mv "$log.part" "$log"

find "$folder" -maxdepth 1 -name 'treffpunkt-*.dump' -mtime +35 -delete
echo "$copy"

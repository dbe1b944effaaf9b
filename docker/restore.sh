#!/usr/bin/env bash
# Puts a copy in the place of what the database holds. Usage: restore.sh COPY, as backup.sh made it.
# The outbox stands still afterwards until `docker compose exec web treffpunkt outbox resume`.
set -euo pipefail

copy=$(realpath "${1:?Usage: restore.sh COPY}")
cd "$(dirname "$0")"
compose=(docker compose)
umask 077
log="$(dirname "$copy")/erasures.jsonl"
touch "$log"
if [ "$(head --bytes=5 "$copy")" != PGDMP ]; then
  echo "$copy is no copy that backup.sh made" >&2
  exit 1
fi

"${compose[@]}" stop web worker scheduler
"${compose[@]}" up --detach --wait database

# The database that is to be replaced may know of erasures that no copy knows of. It may also be beyond asking.
if "${compose[@]}" run --rm -T migrate treffpunkt erasures - >"$log.known"; then
  sort --unique "$log.known" "$log" >"$log.part"
  mv "$log.part" "$log"
else
  echo "The database at hand cannot be asked for its erasures; those of $log are replayed." >&2
fi
rm -f "$log.known"

"${compose[@]}" exec -T database psql --username=treffpunkt --dbname=treffpunkt --quiet --set=ON_ERROR_STOP=1 \
  --command='DROP SCHEMA public CASCADE; CREATE SCHEMA public'
"${compose[@]}" exec -T database pg_restore --username=treffpunkt --dbname=treffpunkt --no-owner --no-privileges \
  --exit-on-error --single-transaction <"$copy"
"${compose[@]}" run --rm -T migrate treffpunkt restore-finish - <"$log"
"${compose[@]}" up --detach --wait

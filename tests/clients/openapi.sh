#!/usr/bin/env bash
# Asks the server what its own OpenAPI document allows, and what it does not, with schemathesis.
# Run: bash tests/clients/openapi.sh http://127.0.0.1:5003
# (a server that was just started with `--store memory:`)
set -euo pipefail

server=$1
seed=${2:-5003}
python=$PWD/tests/clients/.venv/bin/python

# Somebody for the examples of the document to be, with something to read, so that a poll that
# waits has no reason to.
for name in ann bob; do
  curl --silent --show-error --fail -d username=$name "$server/register" >/dev/null
done
curl --silent --show-error --fail -d sender=ann -d recipient=bob -d message=Hello "$server/send" >/dev/null
curl --silent --show-error --fail -d sender=bob -d recipient=ann -d message=Hello "$server/send" >/dev/null

# It leaves files where it runs.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

printf 'seed %s\n' "$seed"
checks=not_a_server_error,unsupported_method,status_code_conformance,content_type_conformance
checks+=,response_headers_conformance,response_schema_conformance
# A stream does not end, so it is tested elsewhere (tests/clients.rs and the suites beside it).
"$python" -m schemathesis.cli run "$server/openapi.json" \
  --checks "$checks" \
  --mode all --phases examples,coverage,fuzzing,stateful \
  --exclude-path /events \
  --max-examples 100 --seed "$seed" --generation-database none \
  --request-timeout 60 --workers 2 --no-color

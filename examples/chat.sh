#!/usr/bin/env bash
# A chat in the terminal with curl: what you type goes to the friend, what comes for you is shown.
# Run: bash examples/chat.sh http://127.0.0.1:5003 ann bob
set -euo pipefail
server=$1 me=$2 friend=$3

# post PATH NAME=VALUE…: a form is as good as JSON, and needs no quoting of what is inside.
post() {
  local path=$1 pairs=()
  shift
  for pair in "$@"; do pairs+=(--data-urlencode "$pair"); done
  curl --silent --show-error --fail-with-body --write-out '\n' "${pairs[@]}" "$server$path"
}

post /register "username=$me" >&2
trap 'post /logout "username=$me" >&2' EXIT

# A message is a `data:` line with a sender; its end is the server's goodbye after the logout.
curl --silent --no-buffer --get --data-urlencode "username=$me" --data last_id=0 "$server/events" |
  sed -un 's/^data: *\(.*"sender".*\)$/\1/p' &

while IFS= read -r line; do
  # A friend who is not there yet is no reason to stop.
  post /send "sender=$me" "recipient=$friend" "message=$line" >&2 || true
done

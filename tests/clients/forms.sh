#!/usr/bin/env bash
# A conversation with curl and forms alone, every answer compared.
# Run: bash tests/clients/forms.sh http://127.0.0.1:5003
# (a server that was just started with `--store memory:`)
set -euo pipefail
server=$1

# says WANTED ARGUMENTS…: curl with these arguments answers exactly this, but for a token.
says() {
  local wanted=$1 got
  shift
  got=$(curl --silent --show-error --max-time 30 "$@" | jq -cS 'del(.token)')
  if [ "$got" != "$(jq -cS . <<<"$wanted")" ]; then
    printf 'curl %s\n  wanted %s\n  got    %s\n' "$*" "$wanted" "$got"
    exit 1
  fi
}
sent='{"status": "success", "message": "Message sent successfully."}'

for name in ann bob; do
  says '{"status": "success", "message": "User '$name' registered successfully."}' \
    -d username=$name "$server/register"
done
says '{"status": "fail", "message": "Username is required.", "code": "field_required"}' \
  -d username= "$server/register"
says "$sent" -d sender=ann -d recipient=bob -d 'message=Plain+and+simple' "$server/send"
says "$sent" -d sender=ann -d recipient=bob --data-urlencode 'message=50 % & 1 + 1 = 2 🎉' "$server/send"
# What curl calls a form by itself may be JSON.
says "$sent" -d '{"sender": "ann", "recipient": "bob", "message": "as JSON"}' "$server/send"
says '{"status": "success", "messages": [
  {"id": 1, "sender": "ann", "recipient": "bob", "message": "Plain and simple"},
  {"id": 2, "sender": "ann", "recipient": "bob", "message": "50 % & 1 + 1 = 2 🎉"},
  {"id": 3, "sender": "ann", "recipient": "bob", "message": "as JSON"}]}' \
  --get -d username=bob -d last_id=0 "$server/messages"

# A list is its key more than once; one alone is a list of one.
says '{"status": "success", "message": "Room room_1 created successfully.", "room_id": "room_1"}' \
  -d admin=ann -d participants=bob -d participants=ann "$server/create_room"
says '{"status": "success", "message": "Room room_2 created successfully.", "room_id": "room_2"}' \
  -d admin=ann -d participants=bob "$server/create_room"
says '{"status": "success", "message": "You have left room room_2."}' \
  -d username=bob -d room_id=room_2 "$server/leave_room"
says "$sent" -d sender=bob -d recipient=room_1 -d message=Hi "$server/send"
says '{"status": "success", "messages": [
  {"id": 8, "sender": "server", "recipient": "ann", "message": "bob has left room 2."},
  {"id": 9, "sender": "bob", "recipient": "room_1", "message": "Hi"}]}' \
  "$server/messages?username=ann&last_id=7"
says '{"status": "success", "message": "User bob logged out successfully."}' \
  -d username=bob "$server/logout"
says '{"status": "success", "online_users": ["ann"]}' "$server/online"

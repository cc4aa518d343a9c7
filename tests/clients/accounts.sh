#!/usr/bin/env bash
# Walks through the rows of /auth with curl, which says who it is by a bearer token.
# Run: bash tests/clients/accounts.sh http://127.0.0.1:5003
# (a server that was just started with `--store memory:`)
set -euo pipefail
server=$1
calls=0

# says STATUS WANTED ARGUMENTS…: curl with these arguments answers exactly this, but for what is
# another at every run. The answer is left in `got`.
says() {
  local status=$1 wanted=$2 answer plain
  shift 2
  answer=$(curl --silent --show-error --max-time 30 --write-out '\n%{http_code}' "$@")
  got=${answer%$'\n'*}
  plain=$(jq -cS 'walk(if type == "object" then del(.token, .created_at, .last_used_at) else . end)' <<<"$got")
  if [ "${answer##*$'\n'}" != "$status" ] || [ "$plain" != "$(jq -cS . <<<"$wanted")" ]; then
    printf 'curl %s\n  wanted %s %s\n  got    %s %s\n' "$*" "$status" "$wanted" "${answer##*$'\n'}" "$got"
    exit 1
  fi
  calls=$((calls + 1))
}
# refused STATUS CODE MESSAGE ARGUMENTS…
refused() {
  local status=$1 code=$2 message=$3
  shift 3
  says "$status" "$(jq -n --arg c "$code" --arg m "$message" \
    '{status: "fail", message: $m, error: $m, code: $c}')" "$@"
}
token() { jq -r .token <<<"$got"; }
as() { bearer="Authorization: Bearer $1"; }

nobody='{"authenticated": false}'
check="$server/auth/check"
denied="This name is protected: log in, or present its token."

# A guest becomes an account with its token, and keeps its inbox.
says 200 '{"status": "success", "message": "User ann registered successfully."}' \
  -d username=ann "$server/register"
guest=$(token)
says 200 '{"status": "success", "message": "Message sent successfully."}' \
  -d sender=ann -d recipient=ann -d message=before "$server/send"
refused 400 username_taken "User already exists" \
  -d username=ann -d 'password=correct horse' "$server/auth/register"
refused 400 field_required "Username and password are required" \
  -d username=ann "$server/auth/register"
says 201 '{"message": "User registered successfully", "user_id": 1, "username": "ann"}' \
  -H "Authorization: Bearer $guest" -d username=ann -d 'password=correct horse' "$server/auth/register"
as "$(token)"
says 200 '{"authenticated": true, "user_id": 1, "username": "ann"}' -H "$bearer" "$check"
says 401 "$nobody" "$check"
says 401 "$nobody" -H "Authorization: Bearer $guest" "$check"
says 200 '{"status": "success", "messages": [{"id": 1, "sender": "ann", "recipient": "ann", "message": "before"}]}' \
  -H "$bearer" "$server/messages?username=ann&last_id=0"
refused 401 authentication_required "$denied" "$server/messages?username=ann"
refused 401 authentication_required "$denied" -d username=ann "$server/register"
refused 401 authentication_required "$denied" -d sender=ann -d recipient=ann -d message=x "$server/send"
refused 401 authentication_required "$denied" "$server/events?username=ann"

refused 401 invalid_credentials "Invalid credentials" \
  -d username=ann -d 'password=wrong horse' "$server/auth/login"
first=$bearer
says 200 '{"message": "Login successful", "user_id": 1, "username": "ann"}' \
  -A phone -d username=ann -d 'password=correct horse' "$server/auth/login"
as "$(token)"
second=$bearer
agent=$(jq -n --arg agent "curl/$(curl --version | awk 'NR == 1 { print $2 }')" '$agent')
says 200 "[{\"id\": 1, \"agent\": $agent, \"current\": false}, {\"id\": 2, \"agent\": \"phone\", \"current\": true}]" \
  -H "$second" "$server/auth/sessions"
refused 404 session_not_found "There is no such session." \
  -X DELETE -H "$second" "$server/auth/sessions/9"
says 200 '{"message": "Session ended successfully"}' -X DELETE -H "$second" "$server/auth/sessions/1"
says 401 "$nobody" -H "$first" "$check"
says 200 '{"message": "Other sessions ended successfully"}' -X DELETE -H "$second" "$server/auth/sessions"
says 200 '{"message": "Password changed successfully"}' -H "$second" \
  -d 'old_password=correct horse' -d 'new_password=battery staple' "$server/auth/password"
# With a new password the guest's token is worth nothing any more.
refused 401 authentication_required "$denied" "$server/messages?username=ann&token=$guest"
says 200 '{"message": "Login successful", "user_id": 1, "username": "ann"}' \
  -d username=ann -d 'password=battery staple' "$server/auth/login"
as "$(token)"
says 200 '{"message": "Logged out successfully"}' -X POST -H "$bearer" "$server/auth/logout"
refused 401 authentication_required "Authentication required" -X POST -H "$bearer" "$server/auth/logout"
says 200 '{"message": "Account deleted successfully"}' \
  -X DELETE -H "$second" -d 'password=battery staple' "$server/auth/account"
says 401 "$nobody" -H "$second" "$check"
printf '%s calls, 0 wrong\n' "$calls"

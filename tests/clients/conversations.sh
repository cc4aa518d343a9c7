#!/usr/bin/env bash
# Walks through conversations.json with curl: everybody has a token, sent as Bearer.
# Run: bash tests/clients/conversations.sh http://127.0.0.1:5003
# (a server that was just started with `--store memory:`)
set -euo pipefail

base=$1
steps=$(dirname "$0")/conversations.json
files=$(mktemp -d)
trap 'rm -r "$files"' EXIT

# A step as words of the shell: who, method, path, status, what comes back, whether that is JSON,
# the name and the content of a file to send, and then the arguments for curl.
words='
  def pairs: to_entries[] | "--data-urlencode", "\(.key)=\(.value)";
  def arguments:
    (if .range then "--range", .range else empty end),
    (if .query then "--get", (.query | pairs)
     elif .form then .form | pairs
     elif has("json") then
       "--header", "Content-Type: application/json", "--data-binary", (.json | tojson)
     else empty end);
  .[] | select(.call)
  | [(.as // ""), (.call / " ")[], .status, (if has("body") then .body | tojson else .text end),
     has("body"), (.file.name // ""), (.file.content // ""), arguments]
  | @sh'

# Equality of JSON, where a placeholder stands for what it allows.
same='
  def stands_for($wanted):
    type == "string" and (
      if $wanted == "<token>" then test("^[A-Za-z0-9_-]{43}$")
      elif $wanted == "<time>" then test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$")
      else false end);
  def same($wanted):
    if type != ($wanted | type) then false
    elif type == "object" then
      . as $got | ($got | keys) == ($wanted | keys)
        and all($wanted | keys[]; . as $key | $got[$key] | same($wanted[$key]))
    elif type == "array" then
      . as $got | ($got | length) == ($wanted | length)
        and all(range($wanted | length); . as $place | $got[$place] | same($wanted[$place]))
    else . == $wanted or stands_for($wanted) end;
  same($body)'

declare -A tokens
calls=0
wrong=0

# step WHO METHOD PATH STATUS BODY IS_JSON FILE CONTENT ARGUMENTS…
step() {
  local who=$1 method=$2 path=$3 wanted=$4 body=$5 is_json=$6 file=$7 content=$8
  shift 8
  local answer status got fits
  if [ -n "$who" ] && [ -n "${tokens[$who.]:-}" ]; then
    set -- "$@" --header "Authorization: Bearer ${tokens[$who.]}"
  fi
  if [ -n "$file" ]; then
    printf '%s' "$content" >"$files/it"
    set -- "$@" --form "file=@$files/it;filename=$file"
  fi
  answer=$(curl --silent --show-error --max-time 30 --write-out '\n%{http_code}' \
    --request "$method" "$@" "$base$path")
  status=${answer##*$'\n'}
  got=${answer%$'\n'*}
  calls=$((calls + 1))
  if [ "$is_json" = true ]; then
    fits=$(jq --argjson body "$body" "$same" <<<"$got")
  else
    fits=$([ "$got" = "$body" ] && echo true)
  fi
  if [ "$status" != "$wanted" ] || [ "$fits" != true ]; then
    wrong=$((wrong + 1))
    printf '%s %s %s\n  wanted %s %s\n  got    %s %s\n' \
      "$method" "$path" "$*" "$wanted" "$body" "$status" "$got"
  fi
  if [ "$path $status" = "/auth/register 201" ]; then
    tokens[$who.]=$(jq -r .token <<<"$got")
  fi
}

while IFS= read -r words; do
  # Quoted by jq, so that each word stays one word and nothing in it runs.
  eval "step $words"
done < <(jq -r "$words" "$steps")
printf '%s calls, %s wrong\n' "$calls" "$wrong"
[ "$wrong" = 0 ] && [ "$calls" -gt 0 ]

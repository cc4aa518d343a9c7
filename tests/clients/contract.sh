#!/usr/bin/env bash
# Walks through contract.json with curl, comparing whole bodies.
# Run: bash tests/clients/contract.sh http://127.0.0.1:5003
# (a server that was just started with `--store memory:`)
set -euo pipefail

base=$1
steps=$(dirname "$0")/contract.json

# A step as words of the shell: what it is about, method, path, status, body, the name it is made
# in, and then the arguments for curl.
words='
  def pairs: to_entries[] | "--data-urlencode", "\(.key)=\(.value)";
  def arguments:
    if .query then "--get", (.query | pairs)
    elif .form then .form | pairs
    elif .text then "--header", "Content-Type: text/plain", "--data-binary", .text
    elif has("json") then
      "--header", "Content-Type: application/json", "--data-binary", (.json | tojson)
    else empty end;
  foreach .[] as $step (""; $step.about // .;
    . as $about | $step | select(.call)
    | [$about, (.call / " ")[], .status, (.body | tojson),
       ((.json // .form | objects | .username) // ""), arguments]
    | @sh)'

# Equality of JSON, where a placeholder stands for what it allows.
same='
  def stands_for($wanted):
    type == "string" and (
      if $wanted == "<token>" then test("^[A-Za-z0-9_-]{22,}$")
      elif $wanted == "<time>" then test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$")
      else ($wanted == "<epoch>" or $wanted == "<text>") and . != "" end);
  def same($wanted):
    if type != ($wanted | type) then false
    elif type == "object" or type == "array" then
      . as $got | ($got | keys) == ($wanted | keys)
        and all($wanted | keys[]; . as $key | $got[$key] | same($wanted[$key]))
    else . == $wanted or stands_for($wanted) end;
  same($body)'

# By name and a dot: a name may be empty, a key may not.
declare -A tokens
calls=0
wrong=0

# step ABOUT METHOD PATH STATUS BODY NAME ARGUMENTS…
step() {
  local about=$1 method=$2 path=$3 wanted=$4 body=$5 name=$6
  shift 6
  local answer status got
  # The arguments may say `<token>`, which is the one that this name got last.
  set -- "${@//"<token>"/${tokens[$name.]:-}}"
  answer=$(curl --silent --show-error --max-time 30 --write-out '\n%{http_code}' \
    --request "$method" "$@" "$base$path")
  status=${answer##*$'\n'}
  got=${answer%$'\n'*}
  calls=$((calls + 1))
  if [ "$status" != "$wanted" ] || [ "$(jq --argjson body "$body" "$same" <<<"$got")" != true ]; then
    wrong=$((wrong + 1))
    printf '%s: %s %s %s\n  wanted %s %s\n  got    %s %s\n' \
      "$about" "$method" "$path" "$*" "$wanted" "$body" "$status" "$got"
  fi
  if [ "$path $status" = "/register 200" ]; then
    tokens[$name.]=$(jq -r .token <<<"$got")
  fi
}

while IFS= read -r words; do
  # Quoted by jq, so that each word stays one word and nothing in it runs.
  eval "step $words"
done < <(jq -r "$words" "$steps")
printf '%s calls, %s wrong\n' "$calls" "$wrong"
[ "$wrong" = 0 ] && [ "$calls" -gt 0 ]

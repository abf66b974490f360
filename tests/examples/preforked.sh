# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: preforked.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"
program=$1
curl=(curl --silent --show-error --max-time 60)

scratch=$(mktemp -d)
server=
cleanup() {
  [[ -z $server ]] || kill -9 "$server" 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

# await WHAT COMMAND...: repeats it until it succeeds.
await() {
  local what=$1
  shift
  local give_up=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < give_up)) || fail "$what: $(cat "$scratch/log")"
  done
}

said() { grep -qE "$1" "$scratch/log"; }

# start_server OPTIONS...
start_server() {
  rm -f "$scratch/log" # the job makes its own, a moment later
  "$program" --port 0 "$@" >"$scratch/log" &
  server=$!
  await "the start" said '^listening at port [0-9]+$'
  url=http://127.0.0.1:$(sed -n 's/^listening at port //p' "$scratch/log")
}

# stop_server SIGNAL
stop_server() {
  kill "-$1" "$server"
  local code=0
  wait "$server" || code=$?
  server=
  expect_equal "the exit code after $1" 0 "$code"
  expect_equal "the last line after $1" stopped "$(tail -n 1 "$scratch/log")"
}

# worker_pid NUMBER: the one that it has now.
worker_pid() {
  sed -nE "s/^worker $1 is process ([0-9]+)$/\1/p" "$scratch/log" | tail -n 1
}

# How many sockets the first process has open.
sockets() { ls -l "/proc/$server/fd" | grep -c 'socket:' || true; }
has_sockets() { (($(sockets) >= $1)); }
has_sockets_at_most() { (($(sockets) <= $1)); }

# -- what it answers ----------------------------------------------------------

start_server --workers 2
before=$(sockets)
expect_match "a page" '^worker [01], process [0-9]+, answer [0-9]+: /a/b\?c$' \
  "$("${curl[@]}" "$url/a/b?c")"
expect_equal "a method that is not there" 405 \
  "$("${curl[@]}" -o /dev/null -w '%{http_code}' -X DELETE "$url/")"
expect_equal "connections for three pages, with keep-alive" 1 \
  "$("${curl[@]}" -w '%{num_connects}\n' -o /dev/null -o /dev/null \
    -o /dev/null "$url/[1-3]" | awk '{ n += $1 } END { print n }')"
expect_equal "pages of many connections at once" 200 \
  "$("${curl[@]}" --parallel --parallel-max 20 "$url/[1-200]" \
    -H 'Connection: close' 2>/dev/null | grep -c '^worker')"
await "the first process lets go of connections" has_sockets_at_most \
  "$((before + 2))" # of workers that fetch descriptors
stop_server TERM

# -- under load ---------------------------------------------------------------

# load_with CONNECTIONS OPTIONS...: every answer is one, with 200.
load_with() {
  local report
  report=$(wrk --threads 1 --connections "$1" --duration 2s --timeout 60s \
    "${@:2}" "$url/")
  expect_match "requests by $*" 'Requests/sec: +[1-9]' "$report"
  [[ $report != *'Socket errors'* && $report != *'Non-2xx'* ]] \
    || fail "load by $*: $report"
}

start_server --workers 2
before=$(sockets)
load_with 40
load_with 16 --header 'Connection: close'
await "the first process lets go of what it passed on" has_sockets_at_most \
  "$((before + 2))"
stop_server TERM

# -- a worker is killed before it takes what was accepted ---------------------

start_server --workers 1
first=$(worker_pid 0)
# It fetches its first one, and so is known to be up.
"${curl[@]}" -o /dev/null "$url/up"
kill -STOP "$first"
before=$(sockets)
clients=()
for i in 1 2 3 4 5 6 7 8 9 10; do
  "${curl[@]}" "$url/$i" >"$scratch/page.$i" &
  clients+=($!)
done
await "ten connections are accepted" has_sockets "$((before + 10))"
kill -9 "$first"
for client in "${clients[@]}"; do
  wait "$client" || fail "a connection was dropped that no worker had"
done
await "the death is told" said "^worker 0 \(process $first\) was killed by signal 9$"
second=$(worker_pid 0)
[[ $second != "$first" ]] || fail "no worker took the place"
for i in 1 2 3 4 5 6 7 8 9 10; do
  expect_match "page $i" "^worker 0, process $second, answer [0-9]+: /$i$" \
    "$(cat "$scratch/page.$i")"
done
stop_server INT

# -- workers are killed under load --------------------------------------------

# load NUMBER: one connection after another; says how many were dropped.
load() {
  local failures=0
  until [[ -e $scratch/enough ]]; do
    "${curl[@]}" -o /dev/null "$url/$1" 2>/dev/null || failures=$((failures + 1))
  done
  echo "$failures" >"$scratch/failures.$1"
}

start_server --workers 2
kills=10
loads=()
for i in 1 2 3 4; do
  load "$i" &
  loads+=($!)
done
for ((i = 0; i < kills; ++i)); do
  victim=$(worker_pid $((i % 2)))
  kill -9 "$victim"
  await "kill $i is told" said "process $victim\) was killed by signal 9"
  await "worker $((i % 2)) is replaced" \
    eval "[[ \$(worker_pid $((i % 2))) != $victim ]]"
done
touch "$scratch/enough"
wait "${loads[@]}"
dropped=$(cat "$scratch"/failures.* | awk '{ n += $1 } END { print n }')
# Each of the four has one connection at a time; the victim may have had all.
((dropped <= 4 * kills)) || fail "$dropped connections were dropped"
echo "$kills kills, $dropped connections died with a worker"
"${curl[@]}" -o /dev/null "$url/still-there"
stop_server TERM

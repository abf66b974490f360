# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: ring.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"
program=$1

# check_ring ACTORS PROCESSES ARGUMENT...
check_ring() {
  local actors=$1 processes=$2 output
  shift 2
  output=$("$program" --rounds 20 "$@")
  expect_equal "$*" \
    "$actors actors in $processes processes, 20 rounds, neighbours apart: T us a hop
$actors actors in $processes processes, 20 rounds, neighbours together: T us a hop" \
    "$(sed -E 's/[0-9]+\.[0-9]{2} us/T us/' <<<"$output")"
}

check_ring 100 4
check_ring 7 3 --actors 7 --processes 3
check_ring 2 1 --actors 2 --processes 1
check_ring 2 4 --actors 2 --processes 4
! "$program" --actors 1 >/dev/null 2>&1 || fail "a ring of one was accepted"

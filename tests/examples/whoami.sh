# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: whoami.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"

mapfile -t lines < <("$1")
wait $! || fail "$1 ended with $?"

expect_equal "number of lines" 8 ${#lines[@]}
expect_match "the direct call comes first" \
  '^function call: name:MainProcess, pid:[0-9]+$' "${lines[0]}"
expect_match "the joined child comes second" \
  '^spawned child: name:Process-1, pid:[0-9]+$' "${lines[1]}"

# The others come in any order, each whole and once.
expect_equal "the rest" "Main process exit.
run process 0: name:Process-2, pid:N
run process 1: name:Process-3, pid:N
run process 2: name:Process-4, pid:N
run process 3: name:Process-5, pid:N
run process 4: name:Process-6, pid:N" "$(printf '%s\n' "${lines[@]:2}" |
  sed -E 's/pid:[0-9]+$/pid:N/' | LC_ALL=C sort)"

expect_equal "different pids" 7 "$(printf '%s\n' "${lines[@]}" |
  grep -o 'pid:[0-9]*$' | sort -u | wc -l)"

# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: shared.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"

out=$("$1")
# Those of loop 2 look at the same time.
expect_equal "output" "child start   pid N, global 0, value 0, array [0 0 0]
loop 1, 0     pid N, global 0, value 1, array [1 0 0]
loop 1, 1     pid N, global 0, value 2, array [1 1 0]
loop 1, 2     pid N, global 0, value 3, array [1 1 1]
loop 2, 0     pid N, global 0, value 6, array [2 2 2]
loop 2, 1     pid N, global 0, value 6, array [2 2 2]
loop 2, 2     pid N, global 0, value 6, array [2 2 2]
parent end    pid N, global 0, value 12, array [8 8 8]
parent loop 3 pid N, global 0, value 9, array [5 5 5]
parent start  pid N, global 0, value 0, array [0 0 0]" \
  "$(sed 's/pid [0-9]*/pid N/' <<<"$out" | LC_ALL=C sort)"
expect_equal "the pids of children" 7 \
  "$(grep -v '^parent' <<<"$out" | grep -o 'pid [0-9]*' | sort -u | wc -l)"

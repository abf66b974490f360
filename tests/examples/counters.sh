# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: counters.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"

output=$("$1" --interval 500ms)

expect_equal "the kinds of lines" "finish N 0
no data...
posted: N N
start N" "$(sed -E 's/ [0-9]+ 0$/ N 0/; t; s/[0-9]+/N/g' <<<"$output" |
  LC_ALL=C sort -u)"
expect_equal "number of posts" 9 "$(grep -c '^posted:' <<<"$output")"

# Each process counts on from where it was told to, in a copy of its own.
expect_equal "the posts of each process" "1 2 3
1001 1002 1003
101 102 103" "$(awk '/^posted:/ {
    posts[$2] = posts[$2] (posts[$2] == "" ? "" : " ") $3
  }
  END { for (pid in posts) print posts[pid] }' <<<"$output" | LC_ALL=C sort)"

start=$(sed -n 's/^start //p' <<<"$output")
expect_equal "last line" "finish $start 0" "$(tail -n 1 <<<"$output")"

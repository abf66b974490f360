# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# A worker killed half-way changes nothing in the result.
# Usage: wordcount_kill_one.sh PROGRAM
source "${BASH_SOURCE%/*}/wordcount_support.sh"
program=$1

export LC_ALL=C.UTF-8
make_tree "$work/tree"
check_count "$program" 2 "$work/tree"
chart=$(head -n -1 "$work/out")
# count_and_kill WORKERS: on a busy machine the workers may have done all while
# the parent still adds; then nobody is killed, and it is tried again.
count_and_kill() {
  local try
  for try in 1 2 3 4 5; do
    check_count "$program" "$1" "$work/tree" --kill-one
    expect_equal "the chart" "$chart" "$(head -n -1 "$work/out")"
    grep -q 'it went too fast to kill anybody' "$work/err" || return 0
  done
}

for workers in 1 2 2 4; do
  count_and_kill $workers
  expect_equal "killings" 1 \
    "$(grep -c '^wordcount: killing worker-' "$work/err")"
  # With one worker, somebody must have taken over.
  if [[ $workers == 1 ]]; then
    expect_match "the replacement" \
      'worker-1 \(pid [0-9]+\) killed by SIGKILL.*another takes its place' \
      "$(cat "$work/err")"
  fi
done
# So few files that there is one task only.
check_count "$program" 2 "$work/tree/odd" --kill-one

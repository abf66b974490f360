# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: bank.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"
program=$1

# For the journals, of which nothing may be left.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# check_bank ACCOUNTS TRANSFERS KILLS
check_bank() {
  local output
  output=$("$program" --accounts "$1" --transfers "$2" --kills "$3")
  expect_equal "$*: the last line" \
    "total $((1000 * $1)) in $1 accounts, $2 transfers, $3 restarts: conserved" \
    "$(tail -n 1 <<<"$output")"
  expect_equal "$*: deaths" "$3" \
    "$(grep -cE '^account [0-9]+ died with its process [0-9]+$' <<<"$output")"
  expect_equal "$*: opened" $(($1 + $3)) \
    "$(grep -cE '^account [0-9]+ is open in process [0-9]+$' <<<"$output")"
  expect_match "$*: outcomes" \
    $'\n[0-9]+ done, [0-9]+ refused for want of money, [0-9]+ given back for want of room\n' \
    "$output"
  expect_equal "$*: every transfer has one outcome" "$2" \
    "$(awk '/ refused for want of money/ { print $1 + $3 + $9 }' <<<"$output")"
}

check_bank 4 1000 0
check_bank 2 12000 30
check_bank 6 12000 20
expect_equal "journals left" "" "$(ls "$TMPDIR")"

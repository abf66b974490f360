# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# The lines that the example shows as wrong are refused by the compiler, and
# the first error says so in ramet's words. Without them it compiles.
# Usage: unserializable_errors.sh COMPILER SOURCE INCLUDE_DIRECTORY...
source "${BASH_SOURCE%/*}/support.sh"

compiler=$1 source=$2
shift 2
command=("$compiler" -std=c++20 -fsyntax-only "${@/#/-I}" "$source")

"${command[@]}" || fail "the example does not compile"

numbers=$(grep -o 'SHOW_ERROR_[0-9]$' "$source" | sort)
expect_equal "the errors" "SHOW_ERROR_1 SHOW_ERROR_2 SHOW_ERROR_3 \
SHOW_ERROR_4 SHOW_ERROR_5" "${numbers//$'\n'/ }"
for number in $numbers; do
  output=$(LC_ALL=C "${command[@]}" "-D$number" 2>&1) &&
    fail "it compiles with $number"
  expect_match "$number" '(static assertion failed|static_assert failed).*ramet: ' \
    "$(grep -m 1 'error:' <<<"$output")"
done

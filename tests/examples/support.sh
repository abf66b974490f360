# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# What the tests of the examples share. Sourced.

set -euo pipefail
trap 'echo "failed: ${BASH_SOURCE[0]} line $LINENO: $BASH_COMMAND" >&2' ERR

fail() {
  echo "failed: $*" >&2
  exit 1
}

# expect_equal WHAT EXPECTED FOUND
expect_equal() {
  [[ $2 == "$3" ]] || fail "$1
--- expected:
$2
--- found:
$3"
}

# expect_match WHAT REGEX FOUND
expect_match() {
  [[ $3 =~ $2 ]] || fail "$1
--- expected to match:
$2
--- found:
$3"
}

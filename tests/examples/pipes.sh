# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: pipes.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"

expect_equal "output" "parent got: spam 42 eggs
parent got: name Bob, spam 42
talker got: aa mm pp ss
parent exit" "$("$1")"

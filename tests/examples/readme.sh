# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# The program on the README's first screen compiles.
# Usage: readme.sh COMPILER README INCLUDE_DIRECTORY...
source "${BASH_SOURCE%/*}/support.sh"

compiler=$1 readme=$2
shift 2
program=$(sed -n '/^```cpp$/,/^```$/{ /^```/d; p }' "$readme")
expect_match "the program" 'int main' "$program"
"$compiler" -std=c++20 -fsyntax-only -x c++ "${@/#/-I}" - <<<"$program"

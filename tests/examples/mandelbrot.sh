# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: mandelbrot.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"
program=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# draw FILE ARGUMENT...: leaves what was printed in $work/out and $work/err.
draw() {
  local file=$1
  shift
  "$program" --output "$file" "$@" >"$work/out" 2>"$work/err" </dev/null ||
    fail "status $?: $*: $(cat "$work/err")"
}

small=(--width 90 --height 61 --iterations 300)
draw "$work/one.png" "${small[@]}" --workers 1
expect_match "the line at the end" \
  "^90 x 61 in [0-9]+\.[0-9]{2} s, [0-9]+ rows/s, $work/one\.png\$" \
  "$(cat "$work/out")"
expect_match "the progress at the end" '^rows  61/61  100 %  in [0-9.]+ m?s, ' \
  "$(tail -n 1 "$work/err")"
/usr/bin/python3 "${BASH_SOURCE%/*}/mandelbrot.py" picture "$work/one.png"

draw "$work/three.png" "${small[@]}" --workers 3 --timeline "$work/rows.svg"
cmp "$work/one.png" "$work/three.png"
# A bar for each 4 rows.
expect_equal "the timeline" 16 "$(grep -c '<title>task ' "$work/rows.svg")"

# Elsewhere and nearer, it is another picture.
draw "$work/other.png" "${small[@]}" --centre -0.745 0.11 --zoom 50
cmp -s "$work/one.png" "$work/other.png" && fail "--centre changed nothing"

/usr/bin/python3 "${BASH_SOURCE%/*}/mandelbrot.py" kill "$program" "$work"

"$program" "${small[@]}" --output "$work/missing/a.png" >/dev/null \
  2>"$work/err" && fail "a file that cannot be written went unnoticed"
expect_match "what cannot be written" '^mandelbrot: .*missing/a.png cannot be' \
  "$(tail -n 1 "$work/err")"
exit 0

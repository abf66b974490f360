# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: threads_or_processes.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"
program=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

out=$("$program" --workers 3 --primes 20000 --megabytes 6 --rounds 2 \
  --svg "$work/times.svg")
for method in "no child" spawn thread; do
  for job in "count primes" "fill memory"; do
    expect_match "a line for each job and method" \
      "$job +$method +[0-9]+\.[0-9]{4} s, [0-9.]+ times as fast" "$out"
  done
done
for method in spawn thread; do
  expect_match "what starting takes" \
    "start and end +$method +[0-9]+\.[0-9]{4} s" "$out"
done
expect_equal "the last line" "drawn into $work/times.svg" \
  "$(tail -n 1 <<<"$out")"

# Well-formed, with a bar as long as it should be for each line.
/usr/bin/python3 - "$work/times.svg" "$out" <<'PYTHON'
import re
import sys
import xml.etree.ElementTree as tree

root = tree.parse(sys.argv[1]).getroot()
space = "{http://www.w3.org/2000/svg}"
assert root.tag == space + "svg", root.tag
bars = root.findall(space + "rect")[1:]
times = [float(time) for time in re.findall(r"([0-9.]+) s\b", sys.argv[2])]
assert len(bars) == len(times), (len(bars), len(times))
longest = max(times)
for bar, time in zip(bars, times):
    assert abs(float(bar.get("width")) / 480 - time / longest) < 0.05, time
texts = [text.text for text in root.findall(space + "text")]
assert "count primes" in texts and "3 children for each job, best of 2" in texts
PYTHON

"$program" --workers 1 --primes 10 --megabytes 1 --rounds 1 \
  --svg "$work/missing/a.svg" >/dev/null 2>"$work/err" &&
  fail "a file that cannot be written went unnoticed"
expect_match "what cannot be written" 'missing/a.svg cannot be written' \
  "$(cat "$work/err")"
"$program" --workers 0 >/dev/null 2>&1 && fail "no worker is no number"
exit 0

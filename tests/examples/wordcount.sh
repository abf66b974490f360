# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: wordcount.sh PROGRAM
source "${BASH_SOURCE%/*}/wordcount_support.sh"
program=$1

make_tree "$work/tree"
for locale in C C.UTF-8; do
  export LC_ALL=$locale
  check_count "$program" 1 "$work/tree"
  check_count "$program" 4 "$work/tree"
  expect_equal "nothing but progress on standard error" "" \
    "$(grep -Ev '^ *[0-9]+ %, [0-9]+ files, .*[0-9?] s (left|in all)$' "$work/err")"
done

# The chart: the 20 most frequent words, as other tools count them.
export LC_ALL=C
check_count "$program" 2 "$work/tree/text"
expect_equal "the chart" \
  "$(find "$work/tree/text" -type f -exec sh -c \
    'for f; do cat "$f"; echo; done' sh {} + |
    tr -s ' \t' '\n' | grep . | sort | uniq -c | sort -k1,1nr -k2,2 |
    awk 'NR <= 20 { print $2, $1 }')" \
  "$(head -n -1 "$work/out" | awk '{ print $1, $2 }')"
expect_match "the longest bar" '^[^ ]+ +[0-9]+ #{40}$' \
  "$(head -n 1 "$work/out")"

# Real input.
check_count "$program" 2 /usr/include/c++
# A directory named through a link, one file, nothing at all.
ln -s tree/text "$work/link"
expect_match "a link that the user named" \
  "^total $(words_of "$work/tree/text") words " \
  "$("$program" "$work/link" 2>/dev/null | tail -n 1)"
check_count "$program" 1 "$work/tree/odd/utf8"
mkdir "$work/nothing"
check_count "$program" 3 "$work/nothing"
check_count "$program" 3 "$work/tree/text/empty"

# What cannot be read is said, and the rest is counted. Root may read all, so
# root becomes nobody.
chmod 755 "$work"
cp "$program" "$work/wordcount"
mkdir -p "$work/locked/closed"
echo 'one two three' >"$work/locked/open"
echo 'secret' >"$work/locked/file"
echo 'secret' >"$work/locked/closed/file"
chmod 0 "$work/locked/file" "$work/locked/closed"
as_user=()
((EUID != 0)) ||
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
status=0
"${as_user[@]}" "$work/wordcount" "$work/locked" "$work/missing" \
  >"$work/out" 2>"$work/err" || status=$?
chmod 755 "$work/locked/closed"
expect_equal "status when something cannot be read" 1 "$status"
expect_match "the rest" '^total 3 words in 1 files, ' \
  "$(tail -n 1 "$work/out")"
expect_equal "what cannot be read" \
  "wordcount: $work/locked/closed: Permission denied
wordcount: $work/locked/file: Permission denied
wordcount: $work/missing: No such file or directory" \
  "$(grep -E 'denied|No such' "$work/err" | sort)"
expect_match "their number" '3 files or directories could not be read' \
  "$(tail -n 1 "$work/err")"

# The timeline: a span for each task.
for kind in svg json; do
  check_count "$program" 2 "$work/tree/binary" --timeline "$work/timeline.$kind"
done
/usr/bin/python3 - "$work" <<'END'
import json, sys, xml.etree.ElementTree as xml
with open(f'{sys.argv[1]}/timeline.json') as f:
    spans = [e for e in json.load(f)['traceEvents'] if e['ph'] == 'X']
bars = [e for e in xml.parse(f'{sys.argv[1]}/timeline.svg').iter()
        if e.tag.endswith('title')]
assert len(spans) == len(bars) >= 13, (len(spans), len(bars))
assert len({e['name'] for e in spans}) == len(spans)
assert {e['tid'] for e in spans} <= {0, 1}
assert all(e['dur'] > 0 and e['cat'] == 'task' for e in spans)
END
"$program" --timeline "$work/timeline.txt" /usr/include >/dev/null 2>&1 &&
  fail "--timeline FILE.txt was accepted"

"$program" --workers 0 /usr/include >/dev/null 2>&1 &&
  fail "--workers 0 was accepted"
exit 0

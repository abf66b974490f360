# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# What the tests of the example wordcount share. Sourced.
source "${BASH_SOURCE%/*}/support.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# make_tree DIRECTORY: files of every kind, some 50 MB.
make_tree() {
  mkdir -p "$1/text/deep/er" "$1/binary" "$1/odd"

  awk -v prefix="$1/text" 'BEGIN {
    srand(1)
    for (file = 0; file < 300; ++file) {
      name = prefix (file % 3 ? "/deep/" : "/deep/er/") file ".txt"
      for (line = rand() * 200; line > 0; --line) {
        for (word = rand() * 12; word > 0; --word)
          printf "w%d%s", rand() * rand() * 1000, rand() < 0.2 ? "\t" : " " >name
        printf "\n" >name
      }
      printf "no newline at the end" >name
      close(name)
    }
  }'
  : >"$1/text/empty"
  : >"$1/text/deep/empty too"

  # Larger than one task of the program, and binary.
  local i
  for i in 1 2 3 4 5 6 7 8 9 10; do cat /bin/bash /bin/ls; done \
    >"$1/binary/programs"
  { head -c 9000000 /dev/zero; printf 'a b'; } >"$1/binary/zeros then words"
  head -c 5000000 /dev/zero | tr '\0' '\200' >"$1/binary/no words at all"
  # A word lies across the edge where a large file is cut.
  awk 'BEGIN {
    for (i = 0; i < 381300; ++i) print "alpha beta"
    print "across-the-edge"
    for (i = 0; i < 1500000; ++i) print "gamma"
  }' >"$1/binary/edge"
  { head -c 6000000 /dev/zero | tr '\0' x; printf ' '
    head -c 6000000 /dev/zero | tr '\0' y; } >"$1/binary/two long words"

  printf 'na\xc3\xafve caf\xc3\xa9 \xe2\x82\xac \xe2\x80\x94 \xf0\x9f\x98\x80\n' \
    >"$1/odd/utf8"
  # White space beyond ASCII, and characters that only look like it.
  printf 'a\xc2\xa0b\xe2\x80\x83c\xe3\x80\x80d\xe2\x80\x8be\xc2\x85f\xe2\x80\xa8g' \
    >"$1/odd/spaces"
  printf 'broken \xff\xfe \xc3 \xe2\x82 x\xe2\x82y \x01 \x7f z\0z \xe2\x82' \
    >"$1/odd/broken"
  printf 'one two' >"$1/odd/-starts with a dash"
  printf 'three' >"$1/odd/"$'a\nline break'
  printf 'four five' >"$1/odd/"$'not \xff UTF-8'
  mkfifo "$1/odd/fifo"
  ln -s utf8 "$1/odd/link to a file"
  ln -s .. "$1/odd/link to a directory"
  ln -s nowhere "$1/odd/link to nothing"
}

# words_of and files_of DIRECTORY...: what wc and find say.
words_of() {
  local sum=0 count
  while read -r count; do
    sum=$((sum + count))
  done < <(find "$@" -type f -readable -exec sh -c \
    'for f; do wc -w <"$f"; done' sh {} +)
  echo "$sum"
}
files_of() {
  find "$@" -type f -readable -printf x | wc -c
}

# check_count PROGRAM WORKERS DIRECTORY ARGUMENT...: runs the program; leaves
# what it printed in $work/out and $work/err.
check_count() {
  local program=$1 workers=$2 directory=$3
  shift 3
  "$program" --workers "$workers" "$@" "$directory" \
    >"$work/out" 2>"$work/err" </dev/null ||
    fail "status $?: $*: $(cat "$work/err")"
  local words files
  words=$(words_of "$directory")
  files=$(files_of "$directory")
  expect_match "$LC_ALL, --workers $workers $*" \
    "^total $words words in $files files, $workers workers, [0-9]+\.[0-9]+ s\$" \
    "$(tail -n 1 "$work/out")"
}

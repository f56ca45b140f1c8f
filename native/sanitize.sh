#!/usr/bin/env bash
# Builds each native/tests/test_*.cpp with the core, without Python, and runs it with ASan and UBSan;
# those that start threads also with TSan.
# Usage: native/sanitize.sh [NAME...]      e.g. native/sanitize.sh engine ring
set -euo pipefail
cd "$(dirname "$0")/.."
compiler=${CXX:-g++}
sources=$(ls native/src/core/*.cpp)
names=${*:-$(cd native/tests && ls test_*.cpp | sed 's/^test_//; s/\.cpp$//')}
flags="-std=c++20 -O1 -g -fno-omit-frame-pointer -ffp-contract=off -Wall -Wextra -Wconversion -Werror -Inative/src -pthread"

run() { # folder, sanitizers, names
  mkdir -p "build/$1"
  for source in $sources; do
    $compiler $flags "-fsanitize=$2" -fno-sanitize-recover=all -c "$source" -o "build/$1/$(basename "$source" .cpp).o"
  done
  for name in $3; do
    echo "== $2: $name"
    $compiler $flags "-fsanitize=$2" -fno-sanitize-recover=all "native/tests/test_$name.cpp" \
      $(for source in $sources; do echo "build/$1/$(basename "$source" .cpp).o"; done) -o "build/$1/test_$name"
    "build/$1/test_$name"
  done
}

threaded=""
for name in $names; do
  if grep -q '#include <thread>' "native/tests/test_$name.cpp"; then threaded="$threaded $name"; fi
done
run asan address,undefined "$names"
[ -z "$threaded" ] || run tsan thread "$threaded"

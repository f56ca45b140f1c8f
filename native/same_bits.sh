#!/usr/bin/env bash
# Builds native/tests/test_engine.cpp with every compiler found here (gcc, clang, MinGW under Wine) and with other
# optimisations, and fails unless all of them print the same digest of every feature's bits.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-200000}
out=build/same-bits
mkdir -p "$out"
sources="native/src/core/engine.cpp native/src/core/engine_snapshot.cpp native/src/core/engine_state.cpp
  native/src/core/engine_inputs.cpp native/src/core/input_tally.cpp native/src/core/stay_history.cpp
  native/src/core/own_average.cpp native/src/core/validate.cpp native/src/core/utf8.cpp native/tests/test_engine.cpp"
flags="-std=c++20 -ffp-contract=off -Wall -Wextra -Wconversion -Werror -Inative/src"
expected=""

judge() { # name, command that runs it
  local name=$1 digest
  shift
  digest=$("$@" "$count" 2>/dev/null | tr -d '\r' | grep '^digest')
  echo "$digest  $name"
  [ -z "$expected" ] && expected=$digest
  [ "$digest" = "$expected" ] || { echo "neural-focus: $name computes other bits than the first" >&2; exit 1; }
}

compare() { # compiler, name, flags, what runs it
  if ! command -v "$1" >/dev/null || { [ -n "${4:-}" ] && ! command -v "$4" >/dev/null; }; then
    echo "(no $1 ${4:-}here)"
    return
  fi
  # shellcheck disable=SC2086
  "$1" $flags $3 $sources -o "$out/$2.exe"
  # shellcheck disable=SC2086
  judge "$1 $3" ${4:-} "$out/$2.exe"
}

export WINEDEBUG=-all WINEPREFIX="${WINEPREFIX:-$PWD/$out/wine}"
compare g++ gcc "-O3 -fno-tree-slp-vectorize -fno-math-errno -fno-trapping-math"
compare g++ gcc-native "-O2 -march=native"
compare clang++ clang -O2
compare x86_64-w64-mingw32-g++-posix mingw "-O2 -static" wine

#!/usr/bin/env bash
# Builds each native/fuzz/fuzz_*.cpp with clang's libFuzzer, ASan and UBSan, and runs it for some seconds.
# Usage: native/fuzz/run.sh [SECONDS] [NAME...]      starts from native/fuzz/corpus/NAME, keeps what it finds in build/fuzz/corpus/NAME
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
shift || true
compiler=${CLANG:-clang++}
names=${*:-$(cd native/fuzz && ls fuzz_*.cpp | sed 's/^fuzz_//; s/\.cpp$//')}
command -v "$compiler" >/dev/null || { echo "neural-focus: fuzzing needs clang. Install it: apt install clang" >&2; exit 1; }
flags="-std=c++20 -O1 -g -ffp-contract=off -Wall -Wextra -Wconversion -Werror -Inative/src -fsanitize=address,undefined -fno-sanitize-recover=all"

mkdir -p build/fuzz
objects=()
for source in native/src/core/*.cpp; do
  object="build/fuzz/$(basename "$source" .cpp).o"
  "$compiler" $flags -fsanitize=fuzzer-no-link -c "$source" -o "$object"
  objects+=("$object")
done
for name in $names; do
  corpus="build/fuzz/corpus/$name"
  mkdir -p "$corpus"
  "$compiler" $flags -fsanitize=fuzzer "native/fuzz/fuzz_$name.cpp" "${objects[@]}" -pthread -o "build/fuzz/$name"
  "build/fuzz/$name" -max_total_time="$seconds" -max_len=8192 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/crash-$name-" "$corpus" "native/fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1 ||
    { tail -40 "build/fuzz/$name.log"; echo "neural-focus: fuzzing $name found a fault: build/fuzz/$name.log" >&2; exit 1; }
  executions=$(grep -oP 'stat::number_of_executed_units:\s*\K\d+' "build/fuzz/$name.log")
  coverage=$(grep -oP 'cov: \d+' "build/fuzz/$name.log" | tail -1)
  echo "$name: $executions executions, ${coverage:-cov: 0} edges, $(ls "native/fuzz/corpus/$name" | wc -l) seeds, $(ls "$corpus" | wc -l) inputs kept, no fault"
done

#!/usr/bin/env bash
# Fuzzes every target for $1 seconds, with the address sanitizer. New inputs and findings
# stay in .build/fuzz.
set -euo pipefail
seconds=$1
# SwiftPM's own flag reaches the executable only; the libraries need these to count their edges as well.
swift build -c release --scratch-path .build/fuzz --product fuzz --sanitize fuzzer --sanitize address \
  -Xswiftc -DFUZZING -Xswiftc -sanitize=fuzzer \
  -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp
# Swift's own crash report waits for libFuzzer, which waits for it; leaks are no matter for a program that only parses.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
for corpus in Tests/Corpus/*/; do
  target=$(basename "$corpus")
  learned=.build/fuzz/corpus/$target
  mkdir -p "$learned"
  echo "== $target"
  FUZZ_TARGET=$target .build/fuzz/release/fuzz -max_total_time="$seconds" -timeout=10 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix=".build/fuzz/$target-" "$learned" "$corpus"
done

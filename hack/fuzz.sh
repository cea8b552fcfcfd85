#!/usr/bin/env bash
# Fuzzes every target of the repository, one after the other: fuzz.sh TIME_EACH
# A finding is written below testdata/fuzz of its package: keep it as a test.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:?time for each target, e.g. 30s}

grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r package; do
  grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$package"/*_test.go | cut -d' ' -f2 | while read -r target; do
    echo "--- $package $target, $each"
    go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$each" </dev/null
  done
done

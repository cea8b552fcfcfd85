#!/usr/bin/env bash
# Fuzzes every target of the repository, two at a time: fuzz.sh [TIME_EACH]
# Without a time the whole takes about ten minutes. A finding is written below
# testdata/fuzz of its package: keep it as a test.
set -euo pipefail
cd "$(dirname "$0")/.."
at_once=2

# PACKAGE TARGET, one a line.
targets() {
  grep -rE --include='*_test.go' '^func Fuzz' . | sed -E 's|^(.*)/[^/]+_test\.go:func (Fuzz[A-Za-z0-9_]+).*|\1 \2|' | sort
}

count=$(targets | wc -l)
export each=${1:-$((600 * at_once / count))s}
echo "$count targets, $each each, $at_once at a time"

# One line of output for a target that finds nothing, all of it for one that does. Go 1.26
# sometimes fails with nothing but "context deadline exceeded" in the moment when the time is
# over (golang/go issue 75804): a finding has an input, or says what a test did not like.
fuzz() {
  local out
  if out=$(go test "$1" -run '^$' -fuzz "^$2\$" -fuzztime "$each" -fuzzminimizetime 50x -parallel 1 2>&1) || only_the_end "$out"; then
    echo "ok   $1 $2 $(grep -oE 'execs: [0-9]+' <<<"$out" | tail -1)"
  else
    printf 'FAIL %s %s\n%s\n' "$1" "$2" "$out"
    return 1
  fi
}

# only_the_end OUTPUT: the run failed, but of the end of its time alone.
only_the_end() {
  grep -q '^    context deadline exceeded$' <<<"$1" && ! grep -qE 'Failing input|panic|_test\.go:|hung or terminated' <<<"$1"
}
export -f fuzz only_the_end
targets | xargs -P "$at_once" -L 1 bash -c 'fuzz "$0" "$1"'

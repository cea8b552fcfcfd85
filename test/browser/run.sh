#!/usr/bin/env bash
# The tests of web/: its types, the built files in git, the client against a real runtime,
# the toolbar in Chromium. Arguments are parts of test files' names; without them all run.
set -euo pipefail
cd "$(dirname "$0")/../../web"

from=$SECONDS
step() { echo "--- $1 ($((SECONDS - from))s)"; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

step "tools and packages"
. ../test/browser/tools.sh

step "what is made of other files is current"
node client/generate.mjs ../runtime/server/testdata/openapi.json "$tmp/api.ts"
node build.mjs "$tmp/dist"
if ! diff -r "$tmp/api.ts" client/src/api.ts || ! diff -rq "$tmp/dist" dist; then
  echo "test-web: run 'make build-web' and commit what it changes" >&2
  exit 1
fi

step "types"
node_modules/.bin/tsc -p .

step "programs"
CGO_ENABLED=0 go build -C .. -o "$tmp/bin/" ./cmd/runtime ./cmd/ctisim

step "Pega's file"
go test -C .. -count=1 ./web

step "tests"
CTILINK_BIN="$tmp/bin" timeout 600 node test/run.mjs "$@"

step "end"

#!/usr/bin/env bash
# The tests that need no cluster: everything generated is current, the linter is
# content, unit and API server tests pass with the race detector.
set -euo pipefail
cd "$(dirname "$0")/.."

from=$SECONDS
step() { echo "--- $1 ($((SECONDS - from))s)"; }

if ! command -v gcc >/dev/null; then
  step "gcc, which the race detector needs"
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends gcc libc6-dev
fi

if ! command -v xmllint >/dev/null; then
  step "xmllint, which validates Portrait's messages"
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends libxml2-utils
fi

step "API server for envtest"
KUBEBUILDER_ASSETS=$(bin/cluster assets)
export KUBEBUILDER_ASSETS

step "linter"
"$(bin/cluster tool golangci-lint)" run

step "tests"
go test -race -timeout 15m ./...

step "end"

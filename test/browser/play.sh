#!/usr/bin/env bash
# Plays a script in Chromium: play.sh test/e2e/toolbar.ts
set -euo pipefail
script=$(realpath "$1")
cd "$(dirname "$0")/../../web"
. ../test/browser/tools.sh
exec node test/play.mjs "$script"

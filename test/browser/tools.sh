# Sourced, in web/: Chromium, certutil, Node 20 and npm's packages. What is missing is
# installed as Debian has it.
needs() { # command, packages
  command -v "$1" >/dev/null && return
  echo "--- ${*:2}"
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${@:2}"
}
new_enough() { [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20' 2>/dev/null)" = true ]; }

needs chromium chromium
needs certutil libnss3-tools
needs npm nodejs npm
if ! new_enough; then
  newer="${XDG_CACHE_HOME:-$HOME/.cache}/ctilink/node"
  [ -e "$newer/node_modules/node/bin/node" ] || npm install --prefix "$newer" --no-audit --no-fund --loglevel=error node@22
  PATH="$newer/node_modules/node/bin:$PATH"
fi
if ! new_enough; then
  echo "Node 20 or later is needed; install nodejs and npm" >&2
  exit 1
fi
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi

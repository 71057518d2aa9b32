#!/bin/sh
# Install what the tests need from Debian's package manager: a PostgreSQL server to run the catalogue on, and a
# Chromium to look at the web page with. Without root or apt the tests that need them are left out and say so.
set -eu
wanted=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted="postgresql"
command -v chromedriver >/dev/null 2>&1 || wanted="$wanted chromium chromium-driver"
if [ -z "$wanted" ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "note: the tests that need$wanted will be skipped (apt-get install $wanted)"
    exit 0
fi
apt-get update -qq
# shellcheck disable=SC2086  # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null

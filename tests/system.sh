#!/bin/sh
# Install what the tests need from Debian's package manager: a PostgreSQL server to run the catalogue on.
# Without root or apt the tests that need it are left out and say so.
set -eu
if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "note: no PostgreSQL server here; the tests on it will be skipped (apt-get install postgresql)"
    exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null

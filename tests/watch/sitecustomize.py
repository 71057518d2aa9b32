"""Loaded by every process that the tests start: writes down each connection that leaves this machine."""

import os
import sys

LOG = os.environ.get("WEIR_TEST_CONNECTIONS")
HERE = ("127.", "::1", "localhost", "0.0.0.0", "::")


def watch(event: str, arguments: tuple) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
    elif event == "socket.getaddrinfo" and arguments[0] is not None:
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
    else:
        return
    if host and not host.startswith(HERE) and host != os.uname().nodename:
        with open(LOG, "a") as log:
            log.write(f"{event} {host}: {' '.join(sys.argv)}\n")


if LOG:
    sys.addaudithook(watch)

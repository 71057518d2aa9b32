"""The account of the system under which a command runs."""

from __future__ import annotations

import getpass
import os


def current_user() -> str:
    """Return the name of the account that runs this, whatever the environment says; its number where it has none."""
    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name
    except ImportError:  # no such list of accounts on this system
        return getpass.getuser()
    except KeyError:
        return f"uid:{os.geteuid()}"

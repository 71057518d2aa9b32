"""Verifying a bundle or a certificate: with the file and the publisher's key, no project needed."""

from __future__ import annotations

from typing import Any

from ...errors import ConfigError
from ..project import Project


def verify_bundle(bundle: str, key: str | None, project: str) -> Any:
    """Verify a bundle or certificate by the key given, or the project's own. Raises ConfigError without one."""
    from ...privacy.verify import verify

    if key is None:
        own = Project.open(project).keys / "signing.pub"
        if not own.exists():
            raise ConfigError("no public key to verify with", "name the publisher's key with --key FILE")
        key = str(own)
    return verify(bundle, key)

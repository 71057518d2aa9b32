"""Verifying a bundle or a certificate: with the file and the publisher's key, no project needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import ConfigError


def verify_bundle(bundle: str, key: str | None, project: str) -> Any:
    """Verify a bundle or certificate by the key given, or the project's own. Raises ConfigError without one."""
    from ...privacy.verify import verify

    return verify(bundle, key or _own(project))


def _own(project: str) -> str:
    from ..project import Project

    cure = "name the publisher's key, which came by another way than the bundle, with --key FILE"
    try:
        own = Path(Project.open(project).keys) / "signing.pub"
    except ConfigError:
        raise ConfigError("no public key to verify with, and no project here that has one", cure) from None
    if not own.exists():
        raise ConfigError("no public key to verify with", cure)
    return str(own)

"""Room on disk for what does not fit in memory."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def shared_folder() -> Iterator[str | None]:
    """Give a folder that every worker reaches, for what does not fit in memory; it is gone afterwards.

    It lies beside what the workers spill. None where a worker is on another machine that has no disk in common.
    """
    from distributed import default_client

    homes: list[Path] = []
    with contextlib.suppress(ValueError):
        workers = default_client().scheduler_info(n_workers=-1)["workers"].values()
        homes = [Path(worker["local_directory"]) for worker in workers]
    if not all(home.is_dir() for home in homes):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="weir-", dir=homes[0].parent if homes else None) as folder:
        yield folder

"""`weir doctor`: the machine, the versions, the extras, and the project if there is one."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..config import EngineConfig
from ..engine import Engine
from ..errors import ConfigError, WeirError
from ..resources import allocate

PACKAGES = (
    "dask",
    "pyarrow",
    "pyiceberg",
    "great-expectations",
    "presidio-analyzer",
    "duckdb",
    "numba",
    "numpy",
    "pandas",
    "sqlalchemy",
)
EXTRAS = {"dashboard": "bokeh", "fast-scan": "hyperscan", "gpu": "cupy", "postgres": "psycopg"}


@dataclass(frozen=True)
class Examination:
    """What `weir doctor` found; `problems` is empty where all is well."""

    machine: dict[str, Any]
    versions: dict[str, str]
    extras: dict[str, str]
    engine: dict[str, Any]
    detection: dict[str, Any]
    project: dict[str, Any]
    problems: list[str]


def versions() -> dict[str, str]:
    """Return the versions of Weir, Python and what the work leans on."""
    found = {"dataweir": version("dataweir"), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def examine(project_path: str) -> Examination:
    """Look at machine, versions, extras and project; raises nothing for what is merely missing.

    The disk that is measured is that of the warehouse, else of the project, else of the current folder.
    """
    from ..catalog.machine import machine
    from ..privacy import tiers

    config = EngineConfig()
    project: dict[str, Any] = {}
    where = str(Path.cwd())
    problems: list[str] = []
    try:
        from .project import Project

        opened = Project.open(project_path)
        config = opened.config.engine
        where = opened.warehouse if Path(opened.warehouse).is_dir() else str(opened.config.root)
        project = {
            "project": opened.config.project,
            "root": str(opened.config.root),
            "warehouse": opened.warehouse,
        }
    except ConfigError as error:
        project = {"project": None, "why": error.message}
    try:
        engine = allocate(config).as_dict()
    except WeirError as error:
        engine = {}
        problems.append(error.message)
    extras = {
        extra: "installed" if importlib.util.find_spec(module) else f"pip install 'dataweir[{extra}]'"
        for extra, module in EXTRAS.items()
    }
    found = versions()
    problems += [f"{name} is not installed" for name, value in found.items() if value == "missing"]
    measured = machine(warehouse=where)
    if engine.get("gpu") and config.scheduler is None:
        measured |= device()
    try:
        measured |= network(config)
    except WeirError as error:
        problems.append(error.message)
    return Examination(measured, found, extras, engine, tiers.measured(), project, problems)


def device() -> dict[str, Any]:
    """Measure the CUDA device: its memory, and from how many bytes of text on it sketches faster than the cores."""
    import cupy

    from ..ingest.dedup.crossover import SIZES, crossover

    found = crossover()
    best = max((size / spent for size, spent in zip(SIZES, found.device, strict=False)), default=0.0)
    with cupy.cuda.Device(0) as first:
        name = cupy.cuda.runtime.getDeviceProperties(first.id)["name"].decode()
        return {
            "gpu": name,
            "gpu_memory_bytes": float(first.mem_info[1]),
            "gpu_sketch_bytes_per_s": best,
            "gpu_faster_from_bytes": "never" if found.size is None else float(found.size),
        }


def network(config: EngineConfig) -> dict[str, float]:
    """Measure what workers pass each other: those of a cluster where there is one, else what this machine can.

    Raises ConfigError where no scheduler answers, or it has no workers.
    """
    from ..catalog.machine import loopback_rate

    if config.scheduler is None:
        rate = loopback_rate()
        return {} if rate is None else {"loopback_bytes_per_s": rate}
    with Engine(config) as engine:
        rate = engine.network_rate()
        return {"cluster_workers": engine.allocation.workers} | ({} if rate is None else {"network_bytes_per_s": rate})

"""What the machine is capable of, measured once: cores, memory, its bandwidth, text worked on, disk writes, GPUs.

Probes take about a second together and are kept in the store under an id that follows from the hardware
(processor, cores, memory), not from a host name.
"""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import threading
import time
import uuid
from pathlib import Path

import numpy as np
import psutil

from .. import storage
from ..limits import usable_cores, usable_memory
from .store import Store

_BUFFER = 128 << 20
_PROBE_SECONDS = 0.2
_PROBE_LINES = 20_000


def machine(store: Store | None = None, warehouse: str | None = None) -> dict[str, float]:
    """Return the machine's facts; the probes are read from the store where it has them, and kept there.

    cpu_count, cores (those this process may use), memory_bytes, memory_limit_bytes, gpu_count,
    memory_bandwidth_bytes_per_s and text_bytes_per_s (one core each, by processor time, so that what else runs
    does not count), and disk_write_bytes_per_s where `warehouse` is a local one that can be written to.
    """
    facts = _sizes()
    ident = machine_id(facts, warehouse)
    probes = store.machine(ident) if store is not None else None
    if probes is None or "text_bytes_per_s" not in probes:
        probes = {"memory_bandwidth_bytes_per_s": memory_bandwidth(), "text_bytes_per_s": text_rate()}
        if warehouse is not None and storage.is_local(warehouse):
            rate = disk_write_rate(Path(storage.path(warehouse)))
            if rate is not None:
                probes["disk_write_bytes_per_s"] = rate
        if store is not None:
            store.record_machine(ident, probes)
    return {**facts, **probes}


def machine_id(facts: dict[str, float], warehouse: str | None = None) -> str:
    """Return 16 hex digits that stay while the hardware and the warehouse's place do."""
    parts = [
        platform.machine(),
        _processor(),
        *(f"{n}={v:.0f}" for n, v in sorted(facts.items())),
        warehouse or "",
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def memory_bandwidth() -> float:
    """Return the bytes a second that one core copies (read plus written), the best of several passes.

    The pass that was disturbed least says what the hardware can do (method of the STREAM benchmark).
    """
    source = np.ones(_BUFFER // 8)
    target = np.empty_like(source)
    best, end = float("inf"), time.perf_counter() + _PROBE_SECONDS
    while time.perf_counter() < end:
        began = time.process_time()
        np.copyto(target, source)
        best = min(best, time.process_time() - began)
    return 2 * _BUFFER / best


def text_rate() -> float:
    """Return the bytes of log a second that one core hashes, parses into columns and packs as Parquet.

    BLAKE2b and Arrow's CSV reader and Parquet writer in memory, the best of several passes: the least work known
    for what a run does to each byte, and so the roof over it (Williams et al., Roofline, CACM 52 (4), 2009).
    """
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    lines = (
        f"198.51.100.{i % 250},2026-03-02 10:{i // 60 % 60:02}:{i % 60:02},GET,/item/{i % 5000},200,{i * 7 % 9000},"
        "https://shop.example/,Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
        for i in range(_PROBE_LINES)
    )
    text = "\n".join(lines).encode()
    options = csv.ReadOptions(use_threads=False, autogenerate_column_names=True)
    best, end = float("inf"), time.perf_counter() + _PROBE_SECONDS
    while time.perf_counter() < end:
        began = time.process_time()
        hashlib.blake2b(text).digest()
        rows = csv.read_csv(pa.BufferReader(text), read_options=options)
        pq.write_table(rows, pa.BufferOutputStream(), compression="zstd")
        best = min(best, time.process_time() - began)
    return len(text) / best


def disk_write_rate(folder: Path) -> float | None:
    """Return the bytes a second that a folder's disk takes, fsync included; None where it takes none."""
    block = np.random.default_rng(0).bytes(4 << 20)  # random: a compressing file system must not shine
    path = folder / f".weir-probe-{uuid.uuid4().hex}"
    written, began = 0, time.perf_counter()
    try:
        with path.open("wb") as file:
            while time.perf_counter() - began < _PROBE_SECONDS and written < 16 * len(block):
                file.write(block)
                os.fsync(file.fileno())
                written += len(block)
        return written / (time.perf_counter() - began)
    except OSError:
        return None  # a full or read-only disk is the run's to report; here the metric is just not measured
    finally:
        path.unlink(missing_ok=True)


def loopback_rate() -> float | None:
    """Return the bytes a second that two processes of this machine pass each other by TCP; None where they cannot.

    What workers on one machine have; between machines `weir doctor` asks the workers themselves.
    """
    block = bytes(1 << 20)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as out:
            taken, _ = server.accept()
            with taken:
                sender = threading.Thread(target=_send, args=(out, block), daemon=True)
                began = time.perf_counter()
                sender.start()
                size = 0
                while got := taken.recv(1 << 20):
                    size += len(got)
                seconds = time.perf_counter() - began
                sender.join()
    except OSError:
        return None
    return size / seconds


def _send(out: socket.socket, block: bytes) -> None:
    end = time.perf_counter() + _PROBE_SECONDS
    while time.perf_counter() < end:
        out.sendall(block)
    out.shutdown(socket.SHUT_WR)


def _sizes() -> dict[str, float]:
    memory = float(psutil.virtual_memory().total)
    return {
        "cpu_count": float(os.cpu_count() or 1),
        "cores": usable_cores(),
        "memory_bytes": memory,
        "memory_limit_bytes": float(usable_memory()),
        "gpu_count": float(len(list(Path("/dev").glob("nvidia[0-9]*")))),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")

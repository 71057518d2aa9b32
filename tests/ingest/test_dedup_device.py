"""Where sketches are made: the device's memory, the cross-over that chooses it, and its workers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from distributed import Client, LocalCluster

import dataweir
from dataweir.config import EngineConfig
from dataweir.ingest.dedup import crossover as crossing
from dataweir.ingest.dedup.banding import Banding
from dataweir.ingest.dedup.minhash import Sketch
from dataweir.ingest.dedup.shingles import Shingle
from dataweir.ingest.dedup.sketches import device_number, on_cores, within
from dataweir.resources import allocate

WAY, BANDS = Shingle.parse("word:2"), Banding(3, 2)


class Small:
    """An array module whose memory takes texts of `limit` bytes at a time."""

    def __init__(self, module: Any, limit: int) -> None:
        self.module, self.limit = module, limit
        self.taken: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def asarray(self, array: Any) -> Any:
        if array.dtype == np.uint8:
            self.taken.append(array.nbytes)
            if array.nbytes > self.limit:
                raise MemoryError
        return self.module.asarray(array)


def texts(count: int) -> pa.ChunkedArray:
    half = [f"{i} words that {i % 7} texts may share" for i in range(count)]
    return pa.chunked_array([half[: count // 2], half[count // 2 :]], pa.large_string())


def same(here: Sketch, there: Sketch) -> bool:
    one, other = (
        [made.hashes[start : start + count].tolist() for start, count in zip(made.starts, made.counts, strict=False)]
        for made in (here.shingles, there.shingles)
    )
    return one == other and np.array_equal(here.keys, there.keys)


@pytest.mark.parametrize(("limit", "room"), [(200, 1 << 20), (1 << 20, 300), (100, 250)])
def test_a_batch_goes_through_a_memory_that_is_smaller(device: Any, limit: int, room: int) -> None:
    small = Small(device, limit)
    assert same(within(small, texts(40), WAY, BANDS, room), on_cores(texts(40), WAY, BANDS))
    assert max(size for size in small.taken if size <= limit) <= min(limit, room)
    assert len(small.taken) > 4


def test_a_text_that_does_not_fit_at_all_is_an_error(device: Any) -> None:
    with pytest.raises(MemoryError):
        within(Small(device, 10), texts(3), WAY, BANDS, 1000)


@pytest.mark.parametrize(
    ("fixed", "a_byte", "least"),
    [(0.05, 1e-7, 1 << 17), (0.0, 1e-7, 1 << 14), (0.05, 1e-5, None), (5.0, 1e-7, 1 << 23)],
)
def test_the_device_is_chosen_from_where_it_stays_ahead(
    monkeypatch: pytest.MonkeyPatch, fixed: float, a_byte: float, least: int | None
) -> None:
    now = [0.0]
    monkeypatch.setattr(crossing.time, "perf_counter", lambda: now[0])

    def takes(fixed: float, a_byte: float) -> crossing.Way:
        def way(texts: pa.ChunkedArray, shingle: Shingle, bands: Banding) -> Sketch:
            now[0] += fixed + a_byte * texts.nbytes
            return empty

        return way

    empty = on_cores(texts(2), WAY, BANDS)
    found = crossing.compare(takes(0, 1e-6), takes(fixed, a_byte))
    assert found.size == least
    assert len(found.cores) == len(found.device) == len(crossing.SIZES)


def test_auto_takes_the_cores_below_the_crossover(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def there(some: pa.ChunkedArray, shingle: Shingle, bands: Banding) -> Sketch:
        used.append(len(some))
        return on_cores(some, shingle, bands)

    monkeypatch.setattr(crossing, "resolve_gpu", lambda wanted: (True, "one"))
    monkeypatch.setattr(crossing, "on_device", there)
    monkeypatch.setattr(crossing, "crossover", lambda: crossing.Crossover(texts(100).nbytes, (), ()))
    for gpu in ("auto", "on", "off"):
        for count in (10, 100):
            crossing.sketch_all(texts(count), WAY, BANDS, gpu)
    assert used == [100, 10, 100]
    monkeypatch.setattr(crossing, "crossover", lambda: crossing.Crossover(None, (), ()))
    crossing.sketch_all(texts(100), WAY, BANDS, "auto")
    assert len(used) == 3


def test_the_workers_take_the_devices_in_turn() -> None:
    assert device_number(2) == 0
    local = LocalCluster(n_workers=3, threads_per_worker=1, processes=False, dashboard_address=None)
    with local as cluster, Client(cluster) as client:
        named = {worker["name"]: at for at, worker in client.scheduler_info()["workers"].items()}
        asked = [client.submit(device_number, 2, workers=[named[name]], pure=False) for name in range(3)]
        assert client.gather(asked) == [0, 1, 0]


def test_the_workers_of_a_cluster_look_for_their_own_device() -> None:
    engine = EngineConfig(workers=1, gpu="on", scheduler="tcp://elsewhere:8786")
    assert allocate(engine).gpu_reason == "each worker of the cluster looks for its own"


def test_the_whole_search_on_the_device(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--device") != "gpu":
        pytest.skip("runs with --device=gpu")
    given = texts(5000).to_pylist()
    assert dataweir.near_duplicates(given, gpu="on").equals(dataweir.near_duplicates(given))
    assert len(crossing.crossover().device) == len(crossing.SIZES)

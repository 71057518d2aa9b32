"""Reading the sequences of a release for NumPy, PyTorch, TensorFlow and Hugging Face datasets.

    made = dataweir.sequences("BUNDLE")
    x, mask, label, target, person = made.numpy("train")      # x: float32 (examples, timesteps, features)
    for batch in made.batches("train", 64): ...               # the same in pieces, of constant memory

All stream from the Parquet files except `numpy`. The other libraries are imported when they are asked for.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...errors import ConfigError, DataError, MissingExtra
from ...registry import nearest
from .layout import FIRST_CODE, FOLDER, FORMAT, SCHEMA, SPLITS, VOCABULARY


class Examples(NamedTuple):
    """Examples as arrays of one length n; T timesteps, F features (layout.py says what each holds)."""

    x: NDArray[np.float32]
    """(n, T, F)"""
    mask: NDArray[np.bool_]
    """(n, T)"""
    label: NDArray[np.int8]
    target: NDArray[np.int32]
    person: NDArray[np.int64]


@dataclass(frozen=True)
class Sequences:
    """The sequences of one bundle (or candidate): `schema` is its sequences/schema.json."""

    folder: Path
    schema: dict[str, Any]

    @classmethod
    def open(cls, bundle: str | Path) -> Sequences:
        """Open a bundle's folder, or its folder `sequences`. Raises ConfigError, and DataError for another format."""
        folder = Path(bundle)
        folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
        try:
            schema = json.loads((folder / SCHEMA).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"there are no sequences in {bundle} ({type(error).__name__})",
                "make them by 'weir export NAME --sequences'",
            ) from None
        if schema.get("format") != FORMAT:
            raise DataError(f"{folder / SCHEMA} is not of the format {FORMAT}", "read it with the Weir that wrote it")
        return cls(folder, schema)

    @property
    def shape(self) -> tuple[int, int]:
        """Timesteps and features."""
        steps, width = self.schema["shape"]
        return steps, width

    @property
    def features(self) -> list[str]:
        """The names of the features, in the order of the last axis of `x`."""
        return [feature["name"] for feature in self.schema["features"]]

    def values(self, column: str) -> list[str | None]:
        """Return what each code of a column stands for, by code; None for padding and unknown. Raises ConfigError."""
        words = pq.read_table(self.folder / VOCABULARY)
        known = pc.unique(words["column"]).to_pylist()
        if column not in known:
            raise ConfigError(f"no column '{column}' has codes{nearest(column, known)}", f"columns: {', '.join(known)}")
        own = words.filter(pc.equal(words["column"], column)).sort_by("code")
        return [None] * FIRST_CODE + own["value"].to_pylist()

    def files(self, split: str) -> list[str]:
        """Return the files of a split, in order; none where it has no example. Raises ConfigError."""
        if split not in SPLITS:
            raise ConfigError(
                f"no split is called '{split}'{nearest(split, list(SPLITS))}", f"one of {', '.join(SPLITS)}"
            )
        return [str(path) for path in sorted(self.folder.glob(f"{split}-*.parquet"))]

    def batches(self, split: str, size: int = 64) -> Iterator[Examples]:
        """Yield the examples of a split in pieces of `size` at most (a piece does not span files)."""
        for file in self.files(split):
            for batch in pq.ParquetFile(file).iter_batches(batch_size=size):
                yield self._examples(pa.table(batch))

    def numpy(self, split: str) -> Examples:
        """Return all examples of a split."""
        steps, width = self.shape
        nothing = Examples(
            np.empty((0, steps, width), np.float32),
            np.empty((0, steps), np.bool_),
            np.empty(0, np.int8),
            np.empty(0, np.int32),
            np.empty(0, np.int64),
        )
        parts = [nothing, *self.batches(split, 1 << 14)]
        return Examples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def torch(self, split: str, size: int = 64) -> Any:
        """Return a torch IterableDataset of (x, label), tensors of a batch each; workers share out the batches."""
        try:
            import torch
            from torch.utils.data import IterableDataset, get_worker_info
        except ImportError:
            raise MissingExtra.of("torch", "reading sequences into PyTorch") from None
        made = self

        class Batches(IterableDataset):  # type: ignore[misc]
            def __iter__(self) -> Iterator[Any]:
                worker = get_worker_info()
                which, of = (worker.id, worker.num_workers) if worker else (0, 1)
                for number, batch in enumerate(made.batches(split, size)):
                    if number % of == which:
                        yield torch.tensor(batch.x), torch.tensor(batch.label, dtype=torch.float32)

        return Batches()

    def tensorflow(self, split: str, size: int = 64) -> Any:
        """Return a tf.data.Dataset of (x, label) in batches."""
        try:
            import tensorflow as tf
        except ImportError:
            raise MissingExtra.of("tensorflow", "reading sequences into TensorFlow") from None
        signature = (
            tf.TensorSpec((None, *self.shape), tf.float32),
            tf.TensorSpec((None,), tf.float32),
        )
        return tf.data.Dataset.from_generator(
            lambda: ((batch.x, batch.label.astype(np.float32)) for batch in self.batches(split, size)),
            output_signature=signature,
        )

    def hugging_face(self, split: str, cache: str | None = None) -> Any:
        """Return a datasets.Dataset whose `x` is of shape (timesteps, features); `cache` is its cache folder."""
        try:
            from datasets import Dataset
        except ImportError:
            raise MissingExtra.of("datasets", "reading sequences into Hugging Face datasets") from None
        made = Dataset.from_parquet(self.files(split), cache_dir=cache)
        return made.with_transform(functools.partial(_shaped, shape=self.shape))

    def _examples(self, rows: pa.Table) -> Examples:
        steps, width = self.shape
        flat = {name: rows[name].combine_chunks() for name in Examples._fields}
        return Examples(
            flat["x"].flatten().to_numpy().reshape(-1, steps, width),
            flat["mask"].flatten().to_numpy(zero_copy_only=False).reshape(-1, steps),
            *(flat[name].to_numpy() for name in ("label", "target", "person")),
        )


def sequences(bundle: str | Path) -> Sequences:
    """Open the sequences of a published bundle. Raises ConfigError where it has none."""
    return Sequences.open(bundle)


def _shaped(batch: dict[str, Any], shape: tuple[int, int]) -> dict[str, Any]:
    if "x" in batch:
        batch = {**batch, "x": np.asarray(batch["x"], np.float32).reshape(-1, *shape)}
    return batch

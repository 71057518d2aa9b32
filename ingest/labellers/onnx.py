"""A label by a trained model."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError, MissingExtra
from ..labels.contract import ABSTAIN, column_of, labeller


class OnnxOptions(Strict):
    """Which model, and how sure it must be."""

    path: str = Field(description="an ONNX file: texts in (strings, shape rows × 1), a score for each label out")
    column: str = Field("text", description="the column it reads")
    classes: list[str] = Field(description="the labels in the order of the model's scores")
    confidence: float = Field(0.5, ge=0, le=1, description="with a smaller best score it abstains")


@labeller("onnx")
class Onnx:
    """Votes as a text classifier in an ONNX file does, as scikit-learn and others export it.

    ONNX holds data, no code: opening a model runs nothing of its author's. The last output that is a matrix of
    rows × classes counts as the scores. Needs the extra `onnx`.
    """

    Options = OnnxOptions

    def __init__(self, options: Any, labels: list[str], root: str) -> None:
        self.options, self.labels = options, labels
        self.path = str(Path(root) / options.path)
        for name in options.classes:
            if name not in labels:
                raise ConfigError("a label model's classes are not the task's labels", f"labels: {', '.join(labels)}")

    def vote(self, rows: pa.Table) -> NDArray[np.int8]:
        """Score each distinct text once."""
        encoded = column_of(rows, self.options.column).combine_chunks().dictionary_encode()
        texts = np.array(encoded.dictionary.to_pylist(), dtype=object).reshape(-1, 1)
        votes = np.full(rows.num_rows, ABSTAIN, np.int8)
        if not len(texts):
            return votes
        scores = self._scores(texts)
        best = scores.argmax(axis=1)
        order = np.array([self.labels.index(name) for name in self.options.classes], np.int8)
        chosen = np.where(scores.max(axis=1) >= self.options.confidence, order[best], ABSTAIN).astype(np.int8)
        valid = encoded.indices.is_valid().to_numpy(zero_copy_only=False)
        votes[valid] = chosen[encoded.indices.drop_null().to_numpy()]
        return votes

    def _scores(self, texts: NDArray[Any]) -> NDArray[np.float32]:
        session = _session(self.path)
        outputs = session.run(None, {session.get_inputs()[0].name: texts})
        wanted = (len(texts), len(self.options.classes))
        for output in reversed(outputs):
            if isinstance(output, np.ndarray) and output.shape == wanted:
                return output
        raise ConfigError(
            f"the model {Path(self.path).name} gives no scores of {wanted[1]} classes",
            "export it with a matrix of probabilities (skl2onnx: zipmap=False)",
        )


@functools.cache
def _session(path: str) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtra.of("onnx", "a label model") from None
    if not Path(path).is_file():
        raise ConfigError(f"there is no label model {path}", "check `path`, it counts from the folder of weir.yaml")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own without a common base
        raise ConfigError(f"{Path(path).name} is no ONNX model ({type(error).__name__})", "export it again") from None

"""A label by a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..labels.contract import ABSTAIN, column_of, labeller
from ..onnx import session


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
        model = session(self.path, "a label model")
        outputs = model.run(None, {model.get_inputs()[0].name: texts})
        wanted = (len(texts), len(self.options.classes))
        for output in reversed(outputs):
            if isinstance(output, np.ndarray) and output.shape == wanted:
                return output
        raise ConfigError(
            f"the model {Path(self.path).name} gives no scores of {wanted[1]} classes",
            "export it with a matrix of probabilities (skl2onnx: zipmap=False)",
        )

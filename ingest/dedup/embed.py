"""Texts as unit vectors, by a model of sentences in an ONNX file (the extra `onnx`)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigError, MissingExtra
from ..onnx import session

_ROUND = 16
"""Texts are filled up to a multiple of so many tokens, by their own length alone: a vector hangs on its text only."""

_TOKENS_AT_A_TIME = 1 << 13
_WHAT = "a model of meaning"


def embed(texts: list[str], path: str, max_tokens: int) -> NDArray[np.float32]:
    """Return the unit vectors of texts, shape (texts, width).

    A model that takes strings gets them (shape rows × 1). Any other gets token numbers, by the tokenizer.json beside
    it, at most `max_tokens` a text. Its first output of rows × width counts, or of rows × tokens × width, of which the
    mean over the text's tokens is taken (Reimers and Gurevych: Sentence-BERT, 2019). Raises ConfigError, MissingExtra.
    """
    model = session(path, _WHAT)
    inputs = [each.name for each in model.get_inputs()]
    if model.get_inputs()[0].type == "tensor(string)":
        made = [
            _pooled(_run(model, {inputs[0]: np.array(texts[at : at + 256], dtype=object).reshape(-1, 1)}), None)
            for at in range(0, len(texts), 256)
        ]
        return _unit(np.concatenate([np.empty((0, made[0].shape[1] if made else 0), np.float32), *made]))
    tokens = _tokenizer(str(Path(path).parent / "tokenizer.json"), max_tokens).encode_batch(texts)
    sizes = np.array([max(_ROUND, -(-len(each.ids) // _ROUND) * _ROUND) for each in tokens], dtype=np.int64)
    vectors: NDArray[np.float32] | None = None
    for size in np.unique(sizes):
        mine = np.flatnonzero(sizes == size)
        for at in range(0, len(mine), step := max(1, _TOKENS_AT_A_TIME // int(size))):
            rows = mine[at : at + step]
            ids, mask = np.zeros((len(rows), size), np.int64), np.zeros((len(rows), size), np.int64)
            for line, row in enumerate(rows):
                ids[line, : len(tokens[row].ids)] = tokens[row].ids
                mask[line, : len(tokens[row].ids)] = 1
            known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            found = _pooled(_run(model, {name: _input(known, name) for name in inputs}), mask)
            if vectors is None:
                vectors = np.empty((len(texts), found.shape[1]), np.float32)
            vectors[rows] = found
    return _unit(vectors if vectors is not None else np.empty((0, 0), np.float32))


def _run(model: Any, known: dict[str, NDArray[Any]]) -> list[Any]:
    try:
        return list(model.run(None, known))
    except Exception as error:  # its own classes without a common base; their text may quote the input
        raise ConfigError(
            f"the model of meaning fails ({type(error).__name__})",
            "it takes input_ids, attention_mask and token_type_ids (int64, rows × tokens), or texts (rows × 1)",
        ) from None


def _input(known: dict[str, NDArray[np.int64]], name: str) -> NDArray[np.int64]:
    if name not in known:
        raise ConfigError(f"the model asks for '{name}'", f"export it with the inputs {', '.join(known)}")
    return known[name]


def _pooled(outputs: list[Any], mask: NDArray[np.int64] | None) -> NDArray[np.float32]:
    for output in outputs:
        if isinstance(output, np.ndarray) and output.ndim == 2:
            return output.astype(np.float32)
        if isinstance(output, np.ndarray) and output.ndim == 3 and mask is not None:
            weight = mask[:, :, None].astype(np.float32)
            return (output.astype(np.float32) * weight).sum(axis=1) / weight.sum(axis=1)
    raise ConfigError("the model gives no vector a text", "export it with an output of rows × width")


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


@functools.cache
def _tokenizer(path: str, max_tokens: int) -> Any:
    try:
        import tokenizers
    except ImportError:
        raise MissingExtra.of("onnx", _WHAT) from None
    if not Path(path).is_file():
        raise ConfigError(f"there is no tokenizer {path}", "put the model's tokenizer.json beside it")
    made = tokenizers.Tokenizer.from_file(path)
    made.no_padding()
    made.enable_truncation(max_tokens)
    return made

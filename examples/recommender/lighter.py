"""The same answer for less work: smaller networks, distillation, weights of 8 bits, more threads; each one measured.

All are served by onnxruntime, so that what is compared is the work and not the framework. The graph is written from the
trained weights: Keras orders the gates of an LSTM input, forget, cell, output, ONNX input, output, forget, cell.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .models import Score, Tensor, recurrent, train

CALL_ROWS = 240
"""Pairs of one call: a session with every product of the catalogue."""

LIGHTER = {"LSTM(32)": ("LSTM", 32, False), "GRU(32)": ("GRU", 32, False), "LSTM(16), distilled": ("LSTM", 16, True)}
"""The lighter networks: kind, units, and whether they learn from the article's answers beside the truth."""


@dataclass(frozen=True)
class Variant:
    """A served model: its file's bytes, seconds of processor time a call of CALL_ROWS pairs on one thread, AUC."""

    name: str
    bytes: int
    seconds: float
    auc: float


def export(model: Any, file: Path, shape: tuple[int, int]) -> None:
    """Write a trained Keras network of one recurrent and one dense layer as ONNX."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    layer, dense = model.layers
    kind, units = type(layer).__name__, layer.units
    kernel, recurrent_kernel, bias = (np.asarray(weight) for weight in layer.get_weights())
    gates = [0, 3, 1, 2] if kind == "LSTM" else [0, 1, 2]
    bias = np.stack([bias, np.zeros_like(bias)]) if bias.ndim == 1 else bias

    def ordered(weights: Any) -> Any:
        return np.concatenate([np.split(weights, len(gates), axis=-1)[gate] for gate in gates], axis=-1)

    weights = {
        "W": ordered(kernel).T[None],
        "R": ordered(recurrent_kernel).T[None],
        "B": np.concatenate([ordered(bias[0]), ordered(bias[1])])[None],
        "D": np.asarray(dense.get_weights()[0]),
        "d": np.asarray(dense.get_weights()[1]),
        "axis": np.array([0], np.int64),
    }
    options = {"linear_before_reset": 1} if kind == "GRU" else {}
    nodes = [
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node(kind, ["steps", "W", "R", "B"], ["", "last"], hidden_size=units, **options),
        helper.make_node("Squeeze", ["last", "axis"], ["state"]),
        helper.make_node("MatMul", ["state", "D"], ["product"]),
        helper.make_node("Add", ["product", "d"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["y"]),
    ]
    stored = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])]
    graph = helper.make_graph(nodes, "recommender", given, made, stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)


def quantised(file: Path, target: Path) -> None:
    """Write a network anew with weights of 8 bits (onnxruntime's dynamic quantisation)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(file, target, weight_type=QuantType.QInt8)


def session(file: Path, threads: int = 1) -> Any:
    """Open a network for a number of threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def scored(file: Path) -> Score:
    """Return what scores pairs by a served network."""
    served = session(file)
    return lambda rows: served.run(None, {"x": rows})[0][:, 0].astype(np.float64)


def processor_seconds(file: Path, rows: Tensor, calls: int = 40) -> float:
    """Return the least processor seconds of a call on one thread, of several tries: other load does not count."""
    served, spent = session(file), []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(calls):
            served.run(None, {"x": rows})
        spent.append((time.process_time() - begun) / calls)
    return min(spent)


def speed_by_threads(file: Path, rows: Tensor, most: int, calls: int = 40) -> dict[int, float]:
    """Return calls a second by the number of threads, by the clock, the best of several tries."""
    speed = {}
    for threads in (count for count in (1, 2, 4, 8) if count <= most):
        served, best = session(file, threads), 0.0
        for _ in range(5):
            begun = time.perf_counter()
            for _ in range(calls):
                served.run(None, {"x": rows})
            best = max(best, calls / (time.perf_counter() - begun))
        speed[threads] = best
    return speed


def variants(
    x: Tensor, y: Any, article: Any, folder: Path, seed: int, epochs: int, names: Sequence[str] = tuple(LIGHTER)
) -> dict[str, Path]:
    """Train lighter networks and write all of them; `article` is the trained LSTM(128). Return their files."""
    shape = x.shape[1:]
    taught = 0.5 * y + 0.5 * article.predict(x, batch_size=4096, verbose=0)[:, 0]
    networks = {"LSTM(128)": article}
    for name in names:
        kind, units, distilled = LIGHTER[name]
        networks[name] = recurrent(shape, seed, kind, units)
        train(networks[name], x, taught if distilled else y, epochs)
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for number, (name, network) in enumerate(networks.items()):
        files[name] = folder / f"model-{number}.onnx"
        export(network, files[name], shape)
    for name in [name for name in ("LSTM(128)", "LSTM(32)") if name in files]:
        files[f"{name}, int8"] = folder / f"{files[name].stem}-int8.onnx"
        quantised(files[name], files[f"{name}, int8"])
    return files

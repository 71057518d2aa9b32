"""Opening ONNX files; they hold data, no code: opening a model runs nothing of its author's."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ..errors import ConfigError, MissingExtra


@functools.cache
def session(path: str, what: str) -> Any:
    """Return an inference session of one thread; `what` says what the model is for.

    Raises MissingExtra without the extra `onnx`, and ConfigError where there is no such model.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtra.of("onnx", what) from None
    if not Path(path).is_file():
        raise ConfigError(
            f"there is no model {path} ({what})", "check the path, it counts from the folder of weir.yaml"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own without a common base
        raise ConfigError(f"{Path(path).name} is no ONNX model ({type(error).__name__})", "export it again") from None

"""Add noise to numbers and times."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..contract import Context, Operator, of_subject, operator, texts_of
from ..keyed import uniforms


class PerturbOptions(Strict):
    """How much noise, of which kind, and what it hangs on."""

    scale: float = Field(gt=0, description="standard deviation (gaussian) or mean deviation (laplace); times: seconds")
    noise: Literal["laplace", "gaussian"] = Field("laplace", description="the distribution of the noise")
    by: str | None = Field(None, description="column that the noise hangs on, such as the row's id; default: the value")


@operator("perturb")
class Perturb(Operator):
    """Add noise of a stated scale to numbers and times, drawn by key: the same every time, so that none averages out.

    Without `by` equal values get equal noise, and so can be counted. Whole numbers stay whole.
    """

    Options = PerturbOptions
    keyed = True
    example: ClassVar[dict[str, Any]] = {"scale": 2.0}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the values with their noise."""
        kind = values.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)):
            raise ConfigError(
                f"column '{context.column}' is {kind}: perturb needs numbers or times", "choose another operator"
            )
        context.counts["perturb"] += len(values) - values.null_count
        seeds = (
            texts_of(values, context) if options.by is None else of_subject(values, options.by, context)
        ).fill_null("")
        encoded = seeds.dictionary_encode()
        drawn = uniforms(encoded.dictionary.to_pylist(), context.key, f"perturb {context.column}")
        noise = pa.array((_noise(drawn, options.noise) * options.scale)[encoded.indices.to_numpy()])
        if pa.types.is_temporal(kind):
            moved = pc.add(
                values.cast(pa.timestamp("us")).cast(pa.int64()), pc.round(pc.multiply(noise, 1e6)).cast(pa.int64())
            )
            return moved.cast(pa.timestamp("us")).cast(kind, safe=False)
        moved = pc.add(values.cast(pa.float64(), safe=False), noise)
        return moved.cast(kind) if pa.types.is_floating(kind) else _whole(moved, kind)


def _noise(drawn: Any, kind: str) -> Any:
    if kind == "gaussian":  # Box and Muller 1958
        return np.sqrt(-2 * np.log(drawn[:, 0])) * np.cos(2 * np.pi * drawn[:, 1])
    centred = drawn[:, 0] - 0.5
    return -np.sign(centred) * np.log1p(-2 * np.abs(centred))


def _whole(moved: pa.Array, kind: pa.DataType) -> pa.Array:
    info = np.iinfo(kind.to_pandas_dtype())
    # float64 has no exact largest int64: the next number below it has.
    top = np.nextafter(float(info.max), 0) if info.bits == 64 else float(info.max)
    return pc.max_element_wise(
        pc.min_element_wise(pc.round(moved), top, skip_nulls=False), float(info.min), skip_nulls=False
    ).cast(kind)

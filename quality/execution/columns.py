"""Columns in the types that Great Expectations' pandas metrics are vectorised for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa


def plain(column: pd.Series) -> pd.Series:
    """Turn a nullable type that holds no null into its NumPy type, as wide as Great Expectations computes in."""
    dtype = column.dtype
    if isinstance(dtype, pd.core.dtypes.dtypes.BaseMaskedDtype):
        target = dtype.numpy_dtype
    elif isinstance(dtype, pd.ArrowDtype) and pa.types.is_primitive(dtype.pyarrow_dtype):
        target = None if pa.types.is_date(dtype.pyarrow_dtype) else dtype.numpy_dtype
        if pa.types.is_timestamp(dtype.pyarrow_dtype) and dtype.pyarrow_dtype.tz:
            target = pd.DatetimeTZDtype(dtype.pyarrow_dtype.unit, dtype.pyarrow_dtype.tz)
    else:
        target = dtype if isinstance(dtype, np.dtype) else None
    if isinstance(target, np.dtype) and target.kind == "i":
        target = np.dtype(np.int64)
    elif isinstance(target, np.dtype) and target.kind == "f":
        target = np.dtype(np.float64)
    return column if target is None or target == dtype else column.astype(target)


def comparable(values: Mapping[str, Any], frame: pd.DataFrame, domain: Mapping[str, Any]) -> dict[str, Any]:
    """Make bounds that suites write as dates or ISO texts comparable with a column of timestamps."""
    column = domain.get("column")
    if column is None or column not in frame or not pd.api.types.is_datetime64_any_dtype(frame[column].dtype):
        return dict(values)
    zone = getattr(frame[column].dtype, "tz", None)
    return {
        k: _instant(v, zone) if k in ("min_value", "max_value") and isinstance(v, (str, dt.date)) else v
        for k, v in values.items()
    }


def _instant(value: Any, zone: dt.tzinfo | None) -> pd.Timestamp:
    moment = pd.Timestamp(value)
    if zone is None:
        return moment.tz_convert(None) if moment.tzinfo else moment
    return moment.tz_convert(zone) if moment.tzinfo else moment.tz_localize(zone)


def is_text(column: pd.Series) -> bool:
    """Whether every value that is not null is a text."""
    dtype = column.dtype
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
    if pd.api.types.is_object_dtype(dtype):
        return pd.api.types.infer_dtype(column, skipna=True) == "string"
    return isinstance(dtype, pd.StringDtype)

"""NumPy as strict as CuPy: arrays become NumPy's by `asnumpy` alone and mix with none, single values are arrays."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

FUNCTIONS = (
    *("arange", "concatenate", "cumprod", "cumsum", "flatnonzero", "full"),
    *("minimum", "ones", "searchsorted", "where", "zeros", "zeros_like"),
)
"""What the array form may call; each has been looked up in CuPy's reference."""


class Array:
    """An array of the device: NumPy's, behind a door."""

    __array__ = __array_ufunc__ = None

    def __init__(self, held: Any) -> None:
        self.held = np.asarray(held)

    size = property(lambda self: self.held.size)
    dtype = property(lambda self: self.held.dtype)

    def __len__(self) -> int:
        return len(self.held)

    def __int__(self) -> int:
        return int(self.held)

    def __getitem__(self, at: Any) -> Array:
        return Array(self.held[opened(at)])

    def __setitem__(self, at: Any, values: Any) -> None:
        self.held[opened(at)] = opened(values)

    def __invert__(self) -> Array:
        return Array(~self.held)

    def astype(self, dtype: Any) -> Array:
        return Array(self.held.astype(dtype))

    def max(self) -> Array:
        return Array(self.held.max())

    def sum(self) -> Array:
        return Array(self.held.sum())


def _operation(name: str) -> Any:
    apply = getattr(operator, name)
    return lambda one, other: Array(apply(one.held, opened(other)))


for _name in ("add", "sub", "mul", "rshift", "lshift", "xor", "eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Array, f"__{_name}__", _operation(_name))
for _name in ("and", "or"):
    setattr(Array, f"__{_name}__", _operation(f"{_name}_"))


def opened(value: Any) -> Any:
    """Return what an operation may take: arrays of the device, and single numbers; TypeError for NumPy's arrays."""
    if isinstance(value, Array):
        return value.held
    if isinstance(value, tuple | list):
        return type(value)(map(opened, value))
    if isinstance(value, np.ndarray):
        raise TypeError("an array of NumPy's does not mix with those of the device")
    return value


def asarray(array: np.ndarray) -> Array:
    """Copy an array to the device."""
    return Array(array.copy())


def asnumpy(array: Array) -> np.ndarray:
    """Copy an array from the device."""
    assert isinstance(array, Array)
    return array.held.copy()


def _function(name: str) -> Any:
    call = getattr(np, name)
    return lambda *args, **options: Array(call(*map(opened, args), **{k: opened(v) for k, v in options.items()}))


for _name in FUNCTIONS:
    globals()[_name] = _function(_name)

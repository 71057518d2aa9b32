"""Searching and copying bytes a vector at a time: what the kernels over text spend their time on."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.cpython.unsafe.numbers import trailing_zeros
from numba.extending import intrinsic

_WIDTH = 32  # a register of AVX2; LLVM cuts it in pieces where registers are smaller
_VECTOR = ir.VectorType(ir.IntType(8), _WIDTH)


def _place(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """Return the address of the vector that begins at byte `at` of an array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), _VECTOR.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def borrowed(typing: Any, array: Any) -> Any:
    """Return an array that does not count its references: the caller holds the array while the kernel runs.

    Counting is atomic and happens at every call of a kernel by a kernel; where that is a few for every field of
    every line, it takes most of the time.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, given[0])
        made.meminfo = ir.Constant(made.meminfo.type, None)
        made.parent = ir.Constant(made.parent.type, None)
        return made._getvalue()

    return array(array), generate


@intrinsic  # type: ignore[untyped-decorator]
def _equal(typing: Any, data: Any, at: Any, byte: Any) -> Any:
    """Bit i says whether `data[at + i]` is `byte`, for the bytes of one vector."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        found = builder.load(_place(context, builder, signature.args[0], *given[:2]), align=1)
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        one = builder.insert_element(nothing, given[2], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), _WIDTH), [0] * _WIDTH)
        wanted = builder.shuffle_vector(one, nothing, zeros)
        return builder.bitcast(builder.icmp_unsigned("==", found, wanted), ir.IntType(_WIDTH))

    return types.uint32(data, types.intp, types.uint8), generate


@intrinsic  # type: ignore[untyped-decorator]
def _move(typing: Any, data: Any, at: Any, out: Any, put: Any) -> Any:
    """Copy one vector from `data[at:]` to `out[put:]`."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        found = builder.load(_place(context, builder, signature.args[0], *given[:2]), align=1)
        builder.store(found, _place(context, builder, signature.args[2], *given[2:]), align=1)
        return context.get_dummy_value()

    return types.void(data, types.intp, out, types.intp), generate


@njit(inline="always")  # type: ignore[untyped-decorator]
def find(data: Any, at: int, end: int, byte: int, other: int) -> int:
    """Return where in `data[at:end]` the first of two bytes stands, or `end`."""
    last = len(data) - _WIDTH
    while at < end and at <= last:
        mask = _equal(data, at, byte) | _equal(data, at, other)
        if mask:
            return min(at + trailing_zeros(mask), end)  # type: ignore[no-any-return]
        at += _WIDTH
    while at < end and data[at] != byte and data[at] != other:
        at += 1
    return min(at, end)


@njit(inline="always")  # type: ignore[untyped-decorator]
def copy(data: Any, at: int, out: Any, put: int, size: int) -> None:
    """Copy `data[at:at + size]` to `out[put:]`; up to a vector of `out` behind it is overwritten."""
    stop = put + size
    while put < stop and at + _WIDTH <= len(data) and put + _WIDTH <= len(out):
        _move(data, at, out, put)
        at += _WIDTH
        put += _WIDTH
    while put < stop:
        out[put] = data[at]
        at += 1
        put += 1

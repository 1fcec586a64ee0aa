"""torch's dtypes and its rule for mixing them.

A dtype is NumPy's, under torch's name. One idea: NumPy lets int64 and float32 make
float64; torch keeps the float it has, and lets a number or a 0-d tensor change the
dtype of an array only by being of a higher kind (truth value < integer < float).
"""

from typing import Any

import numpy as np

from ..ops import astype
from ..value import Value

Dtype = np.dtype[Any]

float16: Dtype = np.dtype("float16")
float32: Dtype = np.dtype("float32")
float64: Dtype = np.dtype("float64")
uint8: Dtype = np.dtype("uint8")
int8: Dtype = np.dtype("int8")
int16: Dtype = np.dtype("int16")
int32: Dtype = np.dtype("int32")
int64: Dtype = np.dtype("int64")
boolean: Dtype = np.dtype("bool")

TYPE_NAMES = {
    float16: "HalfTensor",
    float32: "FloatTensor",
    float64: "DoubleTensor",
    uint8: "ByteTensor",
    int8: "CharTensor",
    int16: "ShortTensor",
    int32: "IntTensor",
    int64: "LongTensor",
    boolean: "BoolTensor",
}
"""What torch calls a tensor of each dtype."""

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}


def dtype_of_number(number: Any) -> Dtype:
    """The dtype torch gives a Python number."""
    return boolean if isinstance(number, bool) else int64 if isinstance(number, int) else float32


def as_dtype(dtype: Any) -> Dtype:
    """A dtype from `torch.float32`, from an old type such as `torch.FloatTensor`, or from Python's `float`."""
    made: Dtype = np.dtype(getattr(dtype, "dtype", dtype))
    return made


def is_operand(x: Any) -> bool:
    """Whether torch computes with it: a tensor, an array or a number."""
    return hasattr(x, "dtype") or isinstance(x, bool | int | float | complex)


def promoted(x: Any, y: Any, to_float: bool = False) -> tuple[Any, Any]:
    """Two operands in their common dtype, by torch's rule; a Python number stays one."""
    x, y = (v.item() if isinstance(v, np.generic) else v for v in (x, y))
    arrays: list[Dtype] = []
    zero_d: list[Dtype] = []
    numbers: list[Dtype] = []
    for operand in (x, y):
        if not hasattr(operand, "dtype"):
            numbers.append(dtype_of_number(operand))
        else:
            (arrays if operand.shape else zero_d).append(operand.dtype)
    common: Dtype = boolean
    for dtypes in (numbers, zero_d, arrays):
        if dtypes:
            dtype = dtypes[0] if len(dtypes) == 1 else _mixed(*dtypes)
            if _RANK.get(dtype.kind, 3) >= _RANK.get(common.kind, 3):
                common = dtype
    if to_float and common.kind != "f":
        common = float32
    return cast(x, common), cast(y, common)


def _mixed(a: Dtype, b: Dtype) -> Dtype:
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def cast(x: Any, dtype: Dtype) -> Any:
    """x itself where it has the dtype or is a Python number, else a recorded copy in it."""
    if not hasattr(x, "dtype") or x.dtype == dtype:
        return x
    return astype(x, dtype) if isinstance(x, Value) else x.astype(dtype)

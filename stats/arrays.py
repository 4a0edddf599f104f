"""Arrays as a formula needs them: numeric, finite, of one length, or one line that says why not."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stats.scores import FloatArray

__all__ = ["codes", "paired", "probabilities", "vector"]

# Probabilities written by a float32 softmax sum to 1 within about 1e-6.
_SUM_TOLERANCE = 1e-5


def vector(name: str, values: Any, *, ndim: tuple[int, ...] = (1,)) -> FloatArray:
    """`values` as floats with one of the dimensions `ndim`, finite and not empty.

    Raises
    ------
    TypeError
        The values are text, objects or complex numbers.
    ValueError
        A wrong number of dimensions, no values, or a missing or infinite value.
    """
    raw = np.asarray(values)
    if raw.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers, got dtype {raw.dtype}")
    if raw.ndim not in ndim:
        allowed = " or ".join(str(d) for d in ndim)
        raise ValueError(f"{name} must have {allowed} dimension(s), got shape {raw.shape}")
    if raw.size == 0:
        raise ValueError(f"{name} is empty (shape {raw.shape}); at least one value is needed")
    array = raw.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        at = first[0] if len(first) == 1 else first
        raise ValueError(
            f"{name} holds {int((~finite).sum())} missing or infinite value(s), the first "
            f"({array[first]}) at {at}; drop or fill these rows in all inputs before"
        )
    return array


def _same_labels(first: str, a: Any, second: str, b: Any) -> None:
    # Duck-typed on `iloc`, so that pandas is not imported for people who do not use it.
    if hasattr(a, "iloc") and hasattr(b, "iloc") and not a.index.equals(b.index):
        raise ValueError(
            f"{first} and {second} carry different indexes; align them (for example with "
            f"`{second}.reindex({first}.index)`) or pass arrays"
        )


def paired(first: str, a: Any, second: str, b: Any) -> tuple[FloatArray, FloatArray]:
    """Two vectors of the same length, whose pandas indexes (if both have one) agree."""
    _same_labels(first, a, second, b)
    left, right = vector(first, a), vector(second, b)
    if left.shape != right.shape:
        raise ValueError(f"{first} has {left.size} values and {second} {right.size}; need as many")
    return left, right


def codes(name: str, values: Any) -> npt.NDArray[np.intp]:
    """Class codes 0, 1, 2, ... as integers; floats are taken when they are whole."""
    array = vector(name, values)
    whole = array.astype(np.intp)
    bad = np.flatnonzero((whole != array) | (array < 0))
    if bad.size:
        raise ValueError(
            f"{name} must hold class codes 0, 1, 2, ..., got {array[bad[0]]} at {int(bad[0])}"
        )
    return whole


def probabilities(
    first: str, y_true: Any, second: str, proba: Any
) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Class codes and a matrix of class probabilities, shape (n, n_classes).

    One dimension means the probability of class 1 of two classes.
    """
    _same_labels(first, y_true, second, proba)
    code = codes(first, y_true)
    p = vector(second, proba, ndim=(1, 2))
    if len(p) != len(code):
        raise ValueError(f"{first} has {len(code)} values and {second} {len(p)} rows")
    if p.min() < 0 or p.max() > 1 + _SUM_TOLERANCE:
        raise ValueError(
            f"{second} must lie in [0, 1], got values from {p.min()} to {p.max()}; "
            "scores or logits must be turned into probabilities first"
        )
    matrix = np.column_stack([1 - p, p]) if p.ndim == 1 else p
    n_classes = matrix.shape[1]
    if n_classes < 2:
        raise ValueError(
            f"{second} has one column; give the probability of every class, or a vector with "
            "the probability of class 1"
        )
    off = np.abs(matrix.sum(axis=1) - 1)
    if off.max() > _SUM_TOLERANCE:
        row = int(off.argmax())
        raise ValueError(
            f"rows of {second} must sum to 1, row {row} sums to {matrix[row].sum():.6g}"
        )
    if code.max() >= n_classes:
        raise ValueError(
            f"{first} holds class {code.max()}, but {second} has {n_classes} classes "
            f"(0 to {n_classes - 1})"
        )
    return code, matrix

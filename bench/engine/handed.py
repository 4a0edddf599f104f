"""What a step is handed: values it may change without any other step's seeing it."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from typing import Any, cast

import numpy as np

from bench.cache.codecs import Unstorable, encode
from bench.cache.columns import frame_arrays

__all__ = ["handed", "refuse_unstorable"]


def handed(value: Any) -> Any:
    """Return a value for one reader.

    A value that comes from the store is new to each of its readers; one that was just made is
    shared by those that run in the same process, so that a change in place would be seen by those
    that come after, or not, depending on where the steps were run.

    Containers are copied and frames too (they share their columns until one is written to);
    arrays are given read-only.

    Examples
    --------
    >>> made = {"rates": [1, 2]}
    >>> handed(made)["rates"].append(3)
    >>> made
    {'rates': [1, 2]}
    """
    kind = type(value)
    if kind in (list, set, deque):
        return _like(value, [handed(item) for item in value])
    if kind is tuple:
        return tuple(handed(item) for item in value)
    if kind in (dict, OrderedDict):
        return kind((key, handed(item)) for key, item in value.items())
    if kind is defaultdict:
        return defaultdict(value.default_factory, {key: handed(v) for key, v in value.items()})
    if kind is bytearray:
        return bytearray(value)
    if kind is np.ndarray:
        return _read_only(value)
    family = kind.__module__.partition(".")[0]
    if family == "pandas":
        return _frame(value)
    if family == "torch":
        import torch

        return value.clone() if isinstance(value, torch.Tensor) else value
    return value


def _like(value: Any, items: list[Any]) -> Any:
    return deque(items, value.maxlen) if isinstance(value, deque) else type(value)(items)


def _read_only(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if not value.flags.writeable:
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def _frame(value: Any) -> Any:
    import pandas as pd

    if type(value) not in (pd.DataFrame, pd.Series):
        return value
    lazily = int(pd.__version__.partition(".")[0]) >= 3  # before, a copy shares what is written to
    return value.copy(deep=not lazily)


def refuse_unstorable(value: object, *, name: str) -> None:
    """Refuse a value that its step is declared to keep and that no format holds.

    Whether it would be stored depends on who else needs it, and its step may not succeed or fail
    by that.

    Raises
    ------
    Unstorable
        When it cannot be stored.
    """
    if _is_plainly_storable(value):
        return
    try:
        encode(value)
    except Unstorable as cause:
        raise Unstorable(
            f"{name} gives what cannot be kept: {cause}; or declare that it returns `object`, "
            "and it is made again wherever it is needed"
        ) from cause


def _is_plainly_storable(value: Any) -> bool:
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return True
    if kind is np.ndarray:
        return not value.dtype.hasobject
    family = kind.__module__.partition(".")[0]
    if family == "pandas":
        import pandas as pd

        if kind is pd.DataFrame:
            # Not `value.dtypes`, which is a series that takes longer to make than to look at.
            dtypes = {column.dtype for column in frame_arrays(value)}
            dtypes |= {value.index.dtype, value.columns.dtype}
        elif kind is pd.Series:
            dtypes = {value.dtype, value.index.dtype}
        elif kind in (pd.DatetimeIndex, pd.RangeIndex):
            dtypes = {value.dtype}
        else:
            return False
        return not getattr(value, "attrs", None) and all(_is_plain(dtype) for dtype in dtypes)
    return family == "xgboost" and kind.__name__ == "Booster"


def _is_plain(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return cast("str", dtype.kind) in "biufmM" and dtype.itemsize <= 8 and dtype.isnative
    return str(dtype) in _PLAIN


_PLAIN = {"str", "string", "category", *(f"datetime64[{u}, UTC]" for u in ("s", "ms", "us", "ns"))}

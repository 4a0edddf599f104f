"""Bootstrap draws of time series: which times make up each pseudo-series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from stats.errors import LossesError, OptionError, choice
from stats.scores import FloatArray, IntArray, Losses, LossesLike

__all__ = [
    "BOOTSTRAPS",
    "Bootstrap",
    "Draws",
    "bootstrap_indices",
    "complete_losses",
    "drawn_means",
    "settled_indices",
    "told_bootstrap",
]

Bootstrap: TypeAlias = Literal["stationary", "circular", "moving"]
BOOTSTRAPS: tuple[str, ...] = get_args(Bootstrap)


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws that several calls share, as ``indices=``: their times are counted once.

    Parameters
    ----------
    indices : ndarray of int, shape (n_draws, n_times)
        Times from 0 to n_times - 1; not changed afterwards.

    Examples
    --------
    >>> Draws(np.array([[0, 0, 2]])).counts
    array([[2., 0., 1.]])
    """

    indices: IntArray

    @cached_property
    def counts(self) -> FloatArray:
        """How often each time occurs in each draw, shape (n_draws, n_times)."""
        n_draws, n_times = self.indices.shape
        places = self.indices + np.arange(n_draws)[:, None] * n_times
        counts = np.bincount(places.ravel(), minlength=n_draws * n_times)
        return counts.reshape(n_draws, n_times).astype(np.float64)

    def __len__(self) -> int:
        return len(self.indices)


def bootstrap_indices(
    n_times: int,
    *,
    block_length: float,
    n_draws: int,
    method: Bootstrap = "stationary",
    rng: np.random.Generator,
) -> IntArray:
    """Rows of `n_draws` pseudo-series made of blocks of neighbouring times.

    Parameters
    ----------
    n_times : int
    block_length : float
        Length of the blocks; their mean length for "stationary".
    n_draws : int
    method : {"stationary", "circular", "moving"}
        Geometric lengths on a circle (Politis and Romano), fixed lengths on a circle, or fixed
        lengths inside the series.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n_draws, n_times)

    References
    ----------
    .. [1] Politis, Romano (1994), J. Am. Stat. Assoc. 89, 1303-1313.
       doi:10.1080/01621459.1994.10476870

    Examples
    --------
    >>> import numpy as np
    >>> from stats.bootstrap import bootstrap_indices
    >>> rng = np.random.default_rng(0)
    >>> bootstrap_indices(6, block_length=3, n_draws=1, method="moving", rng=rng)
    array([[3, 4, 5, 2, 3, 4]])
    """
    choice(method, BOOTSTRAPS, name="method")
    if not isinstance(rng, np.random.Generator):
        raise OptionError(
            f"rng must be a numpy.random.Generator, such as numpy.random.default_rng(1); got "
            f"{type(rng).__name__}"
        )
    if n_draws < 1:
        raise OptionError(f"n_draws must be at least 1, got {n_draws}")
    if not 1 <= block_length <= n_times:
        raise OptionError(
            f"block_length must lie between 1 and the number of times ({n_times}), "
            f"got {block_length}"
        )
    if method == "stationary":
        fresh = rng.random((n_draws, n_times)) < 1 / block_length
        fresh[:, 0] = True
        start = rng.integers(0, n_times, size=(n_draws, n_times))
        position = np.arange(n_times)
        # Each time continues from the last one that started a block.
        last = np.maximum.accumulate(np.where(fresh, position, 0), axis=1)
        begun = np.take_along_axis(start, last, axis=1)
        return np.asarray((begun + position - last) % n_times, dtype=np.int64)
    if block_length != int(block_length):
        raise OptionError(f"block_length must be whole for method={method!r}, got {block_length}")
    length = int(block_length)
    n_blocks = math.ceil(n_times / length)
    n_starts = n_times if method == "circular" else n_times - length + 1
    start = rng.integers(0, n_starts, size=(n_draws, n_blocks))
    rows = (start[:, :, None] + np.arange(length)) % n_times
    return np.asarray(rows.reshape(n_draws, -1)[:, :n_times], dtype=np.int64)


def settled_indices(
    n_times: int,
    *,
    indices: npt.ArrayLike | Draws | None,
    block_length: float | None,
    n_draws: int,
    method: Bootstrap,
    rng: np.random.Generator | None,
) -> Draws:
    """The caller's own draws, checked, or fresh ones."""
    if indices is None:
        if rng is None:
            raise OptionError(
                "a bootstrap needs rng=, such as numpy.random.default_rng(1), or the draws "
                "themselves in indices="
            )
        length = max(1, round(math.sqrt(n_times))) if block_length is None else block_length
        fresh = bootstrap_indices(
            n_times, block_length=length, n_draws=n_draws, method=method, rng=rng
        )
        return Draws(fresh)
    drawn = np.asarray(indices.indices if isinstance(indices, Draws) else indices)
    if drawn.dtype.kind not in "iu" or drawn.ndim != 2 or drawn.shape[1] != n_times:
        raise OptionError(
            f"indices must be whole numbers of shape (n_draws, {n_times}), got {drawn.dtype} "
            f"with shape {drawn.shape}"
        )
    if drawn.size == 0 or drawn.min() < 0 or drawn.max() >= n_times:
        raise OptionError(f"indices must lie between 0 and {n_times - 1} and not be empty")
    if n_times < 2:
        raise LossesError("a bootstrap needs at least 2 times")
    return indices if isinstance(indices, Draws) else Draws(drawn.astype(np.int64))


def drawn_means(x: FloatArray, drawn: Draws) -> FloatArray:
    """Means of the columns of `x` in every draw, shape (n_draws, n_columns)."""
    # Counts turn the gather of n_draws x n_times x n_columns numbers into a matrix product.
    return np.asarray(drawn.counts @ x / len(x))


def complete_losses(losses: LossesLike, caller: str, *, models: int = 2) -> Losses:
    """A table with one complete slice, or an error in the name of `caller`."""
    table = Losses.of(losses)
    if table.values.ndim != 2:
        raise LossesError(
            f"{caller} compares models at one horizon, got losses of shape {table.values.shape}; "
            "give one slice of the third axis, or their mean over horizons"
        )
    if table.n_models < models:
        raise LossesError(
            f"{caller} compares at least {models} models (columns), got {table.n_models}"
        )
    if table.n_times < 3:
        raise LossesError(f"{caller} needs at least 3 times (rows), got {table.n_times}")
    holes = np.isnan(table.values)
    if holes.any():
        time, model = np.argwhere(holes)[0]
        raise LossesError(
            f"{int(holes.sum())} losses are missing, the first at time {table.times[time]!r}, "
            f"model {table.models[model]!r}; {caller} needs the same times for all models, so "
            "drop incomplete times before (frame.dropna())"
        )
    return table


def told_bootstrap(
    indices: npt.ArrayLike | Draws | None, method: str, block_length: float | None, n_times: int
) -> str:
    """How the draws were made, for a note."""
    if indices is not None:
        return "bootstrap with given draws"
    length = max(1, round(math.sqrt(n_times))) if block_length is None else block_length
    of = "mean block length" if method == "stationary" else "block length"
    return f"{method} block bootstrap with {of} {length:g}"

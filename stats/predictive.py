"""Equal predictive accuracy of all pairs of forecasts: the Diebold-Mariano test."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

import numpy as np

from stats.errors import (
    DegenerateWarning,
    LossesError,
    OptionError,
    ShortSeriesWarning,
    choice,
)
from stats.forecast_results import ForecastPairsResult
from stats.longrun import VARIANCES, Smoothing, smoothing
from stats.scores import BoolArray, FloatArray, IntArray, Losses, LossesLike

__all__ = ["ALTERNATIVES", "Alternative", "MissingTimes", "diebold_mariano", "settled_horizons"]

Alternative: TypeAlias = Literal["two-sided", "less", "greater"]
MissingTimes: TypeAlias = Literal["raise", "drop_times", "pairwise"]
ALTERNATIVES = ("two-sided", "less", "greater")

# Below this share of S_ii + S_jj the difference of three products has lost 8 digits.
_CANCELLED = 1e-8
# Columns of loss differences that are looked at together where pairs are computed one by one.
_BATCH = 128


def settled_horizons(losses: Losses, horizon: int | Sequence[int] | None) -> tuple[int, ...]:
    """One horizon for each slice of the third axis; exactly one for a two-dimensional table."""
    n = losses.n_horizons
    if horizon is None:
        return losses.horizons if losses.values.ndim == 3 else (1,)
    told = (horizon,) * n if isinstance(horizon, (int, np.integer)) else tuple(horizon)
    if len(told) != n:
        raise OptionError(
            f"horizon names {len(told)} horizons, the losses have {n} "
            f"(shape {losses.values.shape}); give one number or one for each"
        )
    for h in told:
        if isinstance(h, bool) or h != int(h) or h < 1:
            raise OptionError(f"a horizon is a whole number of at least 1, got {h!r}")
    if len(set(told)) != len(told) and not isinstance(horizon, (int, np.integer)):
        raise OptionError(f"horizons must differ, got {told}")
    return tuple(int(h) for h in told)


@dataclass(frozen=True, slots=True)
class _Moments:
    """What a test is made of, for all pairs: arrays (k, k)."""

    mean: FloatArray
    variance: FloatArray
    flat: BoolArray
    n_used: FloatArray


_Settled: TypeAlias = Callable[[int], Smoothing]


def _from_differences(
    d: FloatArray, used: BoolArray, size: FloatArray, settled: Smoothing, n: IntArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Mean, long-run variance and flatness of loss differences, one pair in each column.

    Times that are not used count as zero after centring: distances in time are kept. `size` is
    the largest loss that went into a difference.
    """
    if settled.form.needs_distances:
        d = np.where(used, d, 0.0)
        mean = d.sum(axis=0) / n
    else:  # one column, or all columns with the same times
        d = d[used[:, 0]]
        used = np.ones(d.shape, dtype=bool)
        mean = settled.form.location(d)
    centred = np.where(used, d - mean, 0.0)
    # A difference that moves no more than its own rounding is constant.
    moved = centred.max(axis=0) - centred.min(axis=0)
    flat = moved <= 8 * np.finfo(np.float64).eps * size
    if settled.form.needs_distances:
        variance = settled.form.variances(centred, 1) / n
    else:
        variance = settled.form.variances(centred, int(n[0]))
    # Nor is there anything to divide by when the estimator sees none of the variance.
    flat |= np.abs(variance) <= 1e-13 * np.einsum("tj,tj->j", centred, centred) / n
    return mean, np.where(flat, 0.0, variance), flat


def _common_times(values: FloatArray, used: BoolArray, settled: Smoothing) -> _Moments:
    """All pairs at the same times, by one matrix product."""
    times = np.flatnonzero(used)
    n = times.size
    # Gaps at the ends shorten the series; gaps inside keep their place.
    losses, used = values[times[0] : times[-1] + 1], used[times[0] : times[-1] + 1]
    complete = n == used.size
    if not complete and not settled.form.needs_distances:
        losses, used, complete = losses[used], np.ones(n, dtype=bool), True
    if not complete:  # unused times take no part, but a nan among them would
        losses = np.where(used[:, None], losses, 0.0)
    # Whatever is common to a time cancels in every difference, but not in the products below, so
    # it goes first. The median and not the mean: one exploded model must not take the digits
    # of all the others.
    x = losses - np.median(losses, axis=1, keepdims=True)
    centre = settled.form.location(x if complete else x[used])
    x -= centre
    if not complete:
        x[~used] = 0.0
    covariance = settled.form.gram(x, n)
    own = np.diag(covariance)
    variance = own[:, None] + own - 2 * covariance
    own = np.maximum(np.abs(own), np.einsum("tj,tj->j", x, x) / n)
    mean = centre[:, None] - centre
    flat = np.zeros(variance.shape, dtype=bool)
    first, second = np.nonzero(np.triu(np.abs(variance) <= _CANCELLED * (own[:, None] + own), 1))
    largest = np.abs(losses).max(axis=0)
    for start in range(0, first.size, _BATCH):
        i, j = first[start : start + _BATCH], second[start : start + _BATCH]
        at_mean, at_variance, at_flat = _from_differences(
            losses[:, i] - losses[:, j],
            np.broadcast_to(used[:, None], (used.size, i.size)),
            np.maximum(largest[i], largest[j]),
            settled,
            np.full(i.size, n),
        )
        mean[i, j], mean[j, i] = at_mean, -at_mean
        variance[i, j] = variance[j, i] = at_variance
        flat[i, j] = flat[j, i] = at_flat
    return _Moments(mean, variance, flat, np.full(mean.shape, float(n)))


def _own_times(values: FloatArray, settled: _Settled, least: int) -> _Moments:
    """Each pair at the times it has; those with fewer than `least` are flat."""
    n_times, k = values.shape
    moments = _Moments(
        np.full((k, k), np.nan),
        np.full((k, k), np.nan),
        np.ones((k, k), dtype=bool),
        np.zeros((k, k)),
    )
    for i in range(k - 1):
        d = values[:, [i]] - values[:, i + 1 :]
        used = ~np.isnan(d)
        n = used.sum(axis=0)
        moments.n_used[i, i + 1 :] = moments.n_used[i + 1 :, i] = n
        start, stop = used.argmax(axis=0), n_times - used[::-1].argmax(axis=0)
        together: dict[object, list[int]] = {}
        for column in np.flatnonzero(n >= least):
            one = settled(int(n[column]))
            key = (start[column], stop[column], one.bandwidth)
            alone = () if one.form.needs_distances else (column,)
            together.setdefault((*key, *alone), []).append(int(column))
        for members in together.values():
            rows, m = slice(start[members[0]], stop[members[0]]), np.array(members)
            here = used[rows][:, m]
            both = np.maximum(np.abs(values[rows, [i]]), np.abs(values[rows][:, i + 1 + m]))
            mean, variance, flat = _from_differences(
                d[rows][:, m],
                here,
                np.where(here, both, 0.0).max(axis=0),
                settled(int(n[m].max())),
                n[m],
            )
            moments.mean[i, i + 1 + m], moments.mean[i + 1 + m, i] = mean, -mean
            moments.variance[i, i + 1 + m] = moments.variance[i + 1 + m, i] = variance
            moments.flat[i, i + 1 + m] = moments.flat[i + 1 + m, i] = flat
    return moments


def _check_missing(losses: Losses, missing: str) -> None:
    holes = np.isnan(losses.values)
    if missing != "raise" or not holes.any():
        return
    where = np.argwhere(holes)[0]
    raise LossesError(
        f"{int(holes.sum())} of {holes.size} losses are missing, the first at time "
        f"{losses.times[where[0]]!r}, model {losses.models[where[1]]!r}; say "
        "missing='drop_times' (the same times for all pairs) or missing='pairwise' (each pair its "
        "own)"
    )


def diebold_mariano(
    losses: LossesLike,
    *,
    horizon: int | Sequence[int] | None = None,
    variance: Literal[
        "auto", "rect", "bartlett", "hac", "qs", "fixed_b", "wpe", "ewc", "groups"
    ] = "auto",
    bandwidth: float | None = None,
    hln: bool = True,
    alternative: Alternative = "two-sided",
    missing: MissingTimes = "raise",
) -> ForecastPairsResult:
    r"""Diebold-Mariano test of equal predictive accuracy, for all pairs of models at once.

    Null hypothesis: the two forecasts of a pair have the same expected loss. The statistic is
    the mean loss difference over its standard error, with a long-run variance because losses of
    forecasts several steps ahead are correlated in time.

    Assumes that loss differences are covariance stationary, and that the forecasts are given:
    for models nested in each other and estimated on a growing window use `clark_west`, for
    whether the better one can be predicted `giacomini_white`, for many horizons together
    `uspa` and `aspa`, for the set of best models `model_confidence_set`, and over many series
    `panel_diebold_mariano`.

    Parameters
    ----------
    losses : Losses, DataFrame, ndarray or mapping, shape (n_times, n_models[, n_horizons])
        Losses in time order, lower is better; a pair is two columns.
    horizon : int or sequence of int, optional
        Steps ahead of the forecasts, one for each slice of the third axis. Left out, it is 1
        for a two-dimensional table and the table's own for `Losses` with horizons.
    variance : {"auto", "wpe", "ewc", "fixed_b", "rect", "bartlett", "hac", "qs", "groups"}
        "auto" is "rect" (the plain variance) for one step ahead and "wpe" beyond. See
        `stats.longrun.long_run_variance`.
    bandwidth : float, optional
        In place of the estimator's own rule.
    hln : bool, default True
        Correct "rect" and "bartlett" as Harvey, Leybourne and Newbold do, with a t
        distribution; the fixed-smoothing estimators have their own small-sample distributions.
    alternative : {"two-sided", "less", "greater"}
        "less": the model of the row has the smaller expected loss.
    missing : {"raise", "drop_times", "pairwise"}
        Stop at a missing loss, leave out the times where any model misses, or use for each pair
        the times it has. Distances in time are kept either way, and `n_used` counts what was
        used.

    Returns
    -------
    ForecastPairsResult
        Arrays of shape (n_models, n_models[, n_horizons]). Pairs with a negative variance
        estimate, or with differences that do not vary, are nan and flagged.

    Raises
    ------
    LossesError
        Fewer than 2 models, too few times, unsorted or duplicated times, infinite or missing
        losses.
    OptionError
        An unknown option, or horizons that do not fit the table.

    Warns
    -----
    ShortSeriesWarning
        Fewer than 10 times a step of the horizon.
    DegenerateWarning
        Some pairs are flagged.

    References
    ----------
    .. [1] Diebold, Mariano (1995), J. Bus. Econ. Stat. 13, 253-263.
       doi:10.1080/07350015.1995.10524599
    .. [2] Harvey, Leybourne, Newbold (1997), Int. J. Forecasting 13, 281-291.
       doi:10.1016/S0169-2070(96)00719-4
    .. [3] Coroneo, Iacone (2020), J. Appl. Econometrics 35, 391-409. doi:10.1002/jae.2756

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(7)
    >>> noise = rng.normal(size=(120, 3))
    >>> table = {
    ...     "drift": (noise[:, 0] * 1.6) ** 2,
    ...     "linear": noise[:, 1] ** 2,
    ...     "lstm": noise[:, 2] ** 2,
    ... }
    >>> result = stats.diebold_mariano(table, horizon=1).adjusted("holm")
    >>> result.pvalue.round(3)
    array([[  nan, 0.   , 0.   ],
           [0.   ,   nan, 0.528],
           [0.   , 0.528,   nan]])
    >>> result.groups(alpha=0.05)
    (('lstm', 'linear'), ('drift',))
    """
    choice(alternative, ALTERNATIVES, name="alternative")
    choice(missing, ("raise", "drop_times", "pairwise"), name="missing")
    choice(variance, ("auto", *VARIANCES), name="variance")
    if variance == "auto" and bandwidth is not None:
        raise OptionError("bandwidth= belongs to one estimator; say which with variance=")
    table = Losses.of(losses)
    if table.n_models < 2:
        raise LossesError(
            f"diebold_mariano compares at least 2 models (columns), got {table.n_models}"
        )
    if horizon is None and table.values.ndim == 3 and not isinstance(losses, Losses):
        raise OptionError(
            f"losses of shape {table.values.shape} need horizon=, the steps ahead of each slice of "
            "the third axis, such as horizon=[1, 6, 24]"
        )
    horizons = settled_horizons(table, horizon)
    _check_missing(table, missing)
    estimators = tuple(
        ("rect" if h == 1 else "wpe") if variance == "auto" else variance for h in horizons
    )
    slices = table.values.reshape(table.n_times, table.n_models, -1)
    done = [
        _one_horizon(slices[:, :, at], h, estimator, bandwidth, hln, alternative, missing)
        for at, (h, estimator) in enumerate(zip(horizons, estimators, strict=True))
    ]
    notes, locations = [], np.empty((table.n_models, len(horizons)))
    for at in range(len(horizons)):
        present = ~np.isnan(slices[:, :, at])
        if missing == "drop_times":
            present &= present.all(axis=1, keepdims=True)
        total = np.where(present, slices[:, :, at], 0.0).sum(axis=0)
        with np.errstate(invalid="ignore"):
            locations[:, at] = total / present.sum(axis=0)
    holes = int(np.isnan(table.values).sum())
    if holes:
        kept = "each pair its own times" if missing == "pairwise" else "complete times only"
        notes.append(f"{holes} of {table.values.size} losses are missing; {kept} were used")
    notes += _uneven(table.times) + _warned(done, horizons)
    shape = (table.n_models, table.n_models, *table.values.shape[2:])

    def stacked(name: str) -> FloatArray:
        arrays = [getattr(one, name) for one in done]
        joined: FloatArray = np.stack(arrays, axis=-1) if len(arrays) > 1 else arrays[0]
        return joined.reshape(shape)

    return ForecastPairsResult(
        statistic=stacked("statistic"),
        pvalue=stacked("pvalue"),
        names=table.models,
        test="the Diebold-Mariano test",
        notes=tuple(notes),
        difference=stacked("difference"),
        locations=locations.reshape(table.n_models, *table.values.shape[2:]),
        n_used=stacked("n_used"),
        n_blocks=table.n_times,
        alternative=alternative,
        long_run_variance=stacked("long_run_variance"),
        flat=np.asarray(stacked("flat"), dtype=bool),
        negative_variance=np.asarray(stacked("negative_variance"), dtype=bool),
        horizons=horizons,
        estimators=estimators,
        bandwidth=math.nan if bandwidth is None else float(bandwidth),
        hln=hln,
    )


@dataclass(frozen=True, slots=True)
class _Slice:
    """Everything about one horizon, arrays (k, k)."""

    statistic: FloatArray
    pvalue: FloatArray
    difference: FloatArray
    n_used: FloatArray
    long_run_variance: FloatArray
    flat: BoolArray
    negative_variance: BoolArray


def _one_horizon(
    values: FloatArray,
    horizon: int,
    estimator: str,
    bandwidth: float | None,
    hln: bool,
    alternative: str,
    missing: str,
) -> _Slice:
    least = max(horizon, 2) + 1

    @cache
    def settled(n: int) -> Smoothing:
        return smoothing(estimator, n=n, horizon=horizon, bandwidth=bandwidth, hln=hln)

    complete = np.asarray(~np.isnan(values).any(axis=1))
    if missing == "pairwise" and not complete.all():
        moments = _own_times(values, settled, least)
    elif complete.sum() >= least:
        moments = _common_times(values, complete, settled(int(complete.sum())))
    else:
        raise LossesError(
            f"{int(complete.sum())} complete times are too few for horizon {horizon}: at least "
            f"{least} are needed"
        )
    return _judged(moments, settled, alternative)


def _judged(moments: _Moments, settled: _Settled, alternative: str) -> _Slice:
    """Statistics and p-values of pairs that have them."""
    off = ~np.eye(len(moments.mean), dtype=bool)
    negative = (moments.variance < 0) & ~moments.flat & off
    defined = ~moments.flat & ~negative & off
    statistic, pvalue = np.full(off.shape, np.nan), np.full(off.shape, np.nan)
    for n in np.unique(moments.n_used[defined]):
        at = defined & (moments.n_used == n)
        one = settled(int(n))
        t = moments.mean[at] / np.sqrt(moments.variance[at] / n) * one.factor
        statistic[at] = t
        if alternative == "two-sided":
            pvalue[at] = np.minimum(2 * one.reference.upper(np.abs(t)), 1.0)
        else:
            pvalue[at] = one.reference.upper(t if alternative == "greater" else -t)
    return _Slice(
        statistic,
        pvalue,
        np.where(off, moments.mean, np.nan),
        np.where(off, moments.n_used, 0.0),
        np.where(off, moments.variance, np.nan),
        moments.flat & off,
        negative,
    )


def _uneven(times: Sequence[Any]) -> list[str]:
    """A note when some times are much further apart than others (weekends are not)."""
    try:
        steps = sorted(b - a for a, b in itertools.pairwise(times))
        apart = [step for step in steps if step > 5 * steps[len(steps) // 2]]
    except TypeError:  # labels that cannot be subtracted, such as text
        return []
    if not apart:
        return []
    return [
        f"{len(apart)} time(s) are much further from their neighbour (up to {apart[-1]}) than "
        f"usual ({steps[len(steps) // 2]}) and count as neighbours all the same; to keep their "
        "distance give the full grid of times with nan and missing='drop_times'"
    ]


def _warned(done: Sequence[_Slice], horizons: Sequence[int]) -> list[str]:
    """Warnings about what the tables could not support; the same words as notes."""
    notes = []
    for one, h in zip(done, horizons, strict=True):
        upper = np.triu_indices(len(one.statistic), 1)
        n = int(one.n_used[upper].min())
        if n < 10 * h:
            note = (
                f"{n} times are fewer than 10 for each of the {h} steps ahead: the test rejects "
                "true nulls too often"
            )
            notes.append(note)
            warnings.warn(
                f"{note}; use more test times or shorter horizons, or silence this with "
                "warnings.simplefilter('ignore', stats.ShortSeriesWarning)",
                ShortSeriesWarning,
                stacklevel=3,
            )
        negative = int(one.negative_variance[upper].sum())
        flat = int(one.flat[upper].sum())
        told = []
        if negative:
            told.append(
                f"{negative} pair(s) at horizon {h} have a negative variance estimate and no "
                "statistic; 'wpe', 'ewc' and 'bartlett' cannot be negative"
            )
        if flat:
            told.append(
                f"{flat} pair(s) at horizon {h} have loss differences without variance and no "
                "statistic: they may be the same model"
            )
        for note in told:
            notes.append(note)
            warnings.warn(
                f"{note}; silence this with warnings.simplefilter('ignore', "
                "stats.DegenerateWarning)",
                DegenerateWarning,
                stacklevel=3,
            )
    return notes

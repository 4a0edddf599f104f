"""Comparisons over all horizons at once: uniform, average and joint predictive ability."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy

from stats.errors import DegenerateWarning, LossesError, OptionError, choice
from stats.forecast_results import ForecastResult, TimePairsResult
from stats.longrun import smoothing
from stats.predictive import settled_horizons
from stats.scores import FloatArray, Losses, LossesLike

__all__ = ["aspa", "multivariate_dm", "uspa"]

# Numbers that one step over the draws of a bootstrap may hold.
_CELLS = 1 << 18


def _cube(losses: LossesLike, caller: str) -> Losses:
    """Complete losses with a horizon axis."""
    table = Losses.of(losses)
    if table.values.ndim != 3:
        raise LossesError(
            f"{caller} compares models over horizons and needs losses of shape (n_times, n_models, "
            f"n_horizons), got {table.values.shape}; for one horizon use stats.diebold_mariano"
        )
    if table.n_models < 2:
        raise LossesError(
            f"{caller} compares at least 2 models (second axis), got {table.n_models}"
        )
    if np.isnan(table.values).any():
        time, model, at = np.argwhere(np.isnan(table.values))[0]
        raise LossesError(
            f"{int(np.isnan(table.values).sum())} losses are missing, the first at time "
            f"{table.times[time]!r}, model {table.models[model]!r}, horizon {table.horizons[at]}; "
            f"{caller} needs the same times for all horizons, so drop incomplete times before"
        )
    return table


def _pair_moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean differences and their QS long-run variances, (k, k, n_horizons)."""
    n, k, n_horizons = values.shape
    settled = smoothing("qs", n=n)
    mean, variance = np.empty((k, k, n_horizons)), np.zeros((k, k, n_horizons))
    for at in range(n_horizons):
        x = values[:, :, at] - np.median(values[:, :, at], axis=1, keepdims=True)
        centre = x.mean(axis=0)
        mean[:, :, at] = centre[:, None] - centre
        for i in range(k - 1):
            # One row of differences at a time: no products of large sums, no lost digits.
            d = x[:, [i]] - x[:, i + 1 :]
            flat = np.ptp(d, axis=0) <= 8 * np.finfo(np.float64).eps * np.abs(x).max()
            row = np.where(flat, 0.0, settled.form.variances(d - d.mean(axis=0), n))
            variance[i, i + 1 :, at] = variance[i + 1 :, i, at] = row
    return mean, variance


def _bootstrap_pvalues(
    values: FloatArray,
    block_length: int,
    n_draws: int,
    rng: np.random.Generator,
    each: FloatArray,
    null: str,
) -> FloatArray:
    """p-values of the smallest of the statistics `each`, (k, k, n_horizons) -> (k, k).

    "equal" compares it with the smallest statistic of a moving-block draw; "any" takes the
    largest of the p-values of the horizons, which is valid wherever in the null the truth lies.
    Each draw is studentised with its own variance: the mean square of its centred block sums.
    """
    n, k, n_horizons = values.shape
    n_blocks = n // block_length
    used = n_blocks * block_length
    # Sums of all blocks of neighbours, (n_starts, k, n_horizons).
    total = np.concatenate([np.zeros((1, k, n_horizons)), np.cumsum(values, axis=0)])
    sums = total[block_length:] - total[:-block_length]
    # The mean that draws of these blocks have by construction; draws are compared with it.
    expected = sums.mean(axis=0) / block_length
    smallest = each.min(axis=2)
    at_horizon = np.moveaxis(each, 2, 0)
    exceeds = np.zeros((k, k)) if null == "equal" else np.zeros((n_horizons, k, k))
    chunk = max(1, _CELLS // (n_horizons * k * max(k, n_blocks)))
    for start in range(0, n_draws, chunk):
        size = (min(chunk, n_draws - start), n_blocks)
        drawn = sums[rng.integers(0, len(sums), size=size)]  # (draws, n_blocks, k, n_horizons)
        mean = drawn.mean(axis=1)
        centred = np.moveaxis(drawn - mean[:, None], 3, 1)
        product = np.swapaxes(centred, 2, 3) @ centred / used  # (draws, n_horizons, k, k)
        own = np.diagonal(product, axis1=2, axis2=3)
        variance = own[..., :, None] + own[..., None, :] - 2 * product
        shift = np.swapaxes(mean / block_length - expected, 1, 2)
        difference = shift[..., :, None] - shift[..., None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            draw = math.sqrt(used) * difference / np.sqrt(variance)
        # A draw that repeats one block has no variance and says nothing: it counts against us.
        draw[~np.isfinite(draw)] = np.inf
        more = draw.min(axis=1) > smallest if null == "equal" else draw > at_horizon
        exceeds += more.sum(axis=0)
    # One is added to both counts, so that a p-value of a bootstrap is never 0.
    pvalue = (1 + exceeds) / (1 + n_draws)
    return np.asarray(pvalue if null == "equal" else pvalue.max(axis=0))


def _check_bootstrap(n: int, block_length: int, n_draws: int, rng: object) -> None:
    if not isinstance(rng, np.random.Generator):
        raise OptionError(
            f"a bootstrap needs rng=, such as numpy.random.default_rng(1); got {type(rng).__name__}"
        )
    if block_length != int(block_length) or not 1 <= block_length <= n // 2:
        raise OptionError(
            f"block_length must be a whole number from 1 to {n // 2} for {n} times, "
            f"got {block_length}"
        )
    if n_draws < 1:
        raise OptionError(f"n_draws must be at least 1, got {n_draws}")


def _superior(
    values: FloatArray,
    table: Losses,
    test: str,
    block_length: int,
    n_draws: int,
    rng: np.random.Generator,
    notes: tuple[str, ...],
    null: str = "equal",
) -> TimePairsResult:
    n, k, _ = values.shape
    _check_bootstrap(n, block_length, n_draws, rng)
    mean, variance = _pair_moments(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(variance > 0, mean / np.sqrt(variance / n), np.nan)
    statistic = each.min(axis=2)  # nan as soon as one horizon is undefined
    centred = values - np.median(values, axis=1, keepdims=True)
    found = _bootstrap_pvalues(centred, int(block_length), n_draws, rng, each, null)
    pvalue = np.where(np.isnan(statistic), np.nan, found)
    undefined = int(np.isnan(statistic[np.triu_indices(k, 1)]).sum())
    if undefined:
        note = (
            f"{undefined} pair(s) have, at some horizon, differences without a positive variance "
            "and no statistic"
        )
        notes = (*notes, note)
        warnings.warn(
            f"{note}; silence this with warnings.simplefilter('ignore', stats.DegenerateWarning)",
            DegenerateWarning,
            stacklevel=3,
        )
    difference = mean.mean(axis=2)
    np.fill_diagonal(difference, np.nan)
    return TimePairsResult(
        statistic=statistic,
        pvalue=pvalue,
        names=table.models,
        test=test,
        notes=(*notes, f"{n_draws} draws of a moving block bootstrap, length {block_length}"),
        difference=difference,
        locations=table.values.mean(axis=(0, 2)),
        n_used=np.full((k, k), float(n)),
        n_blocks=n,
        alternative="greater",
    )


def uspa(
    losses: LossesLike,
    *,
    null: Literal["equal", "any"] = "equal",
    block_length: int = 3,
    n_draws: int = 999,
    rng: np.random.Generator,
) -> TimePairsResult:
    """Uniform superior predictive ability: is a model better at every horizon?

    Null hypothesis of [i, j]: model j is not better than model i at every horizon. The statistic
    is the smallest Diebold-Mariano statistic over the horizons, so a small p-value says that j
    beats i at each of them. For better on average use `aspa`; for any difference at any horizon
    `multivariate_dm`; for each horizon alone `diebold_mariano`.

    Assumes stationary loss differences; all horizons at the same origins.

    Parameters
    ----------
    losses : Losses or ndarray, shape (n_times, n_models, n_horizons)
        Complete, in time order, lower is better.
    null : {"equal", "any"}
        Where in the null the p-value holds. "equal" is Quaedvlieg's bootstrap, centred where the
        models are equal at every horizon. "any" holds everywhere (see Notes).
    block_length : int, default 3
        Of the moving block bootstrap; at least the longest horizon when that fits.
    n_draws : int, default 999
    rng : numpy.random.Generator

    Returns
    -------
    TimePairsResult
        Not symmetric: [i, j] asks whether j is better.

    Raises
    ------
    LossesError
        No horizon axis, fewer than 2 models, missing losses.
    OptionError
        A block length or number of draws that does not fit.

    Notes
    -----
    The null "not better at every horizon" also holds when j is as good as i at one horizon and
    better at the others. There the smallest statistic behaves like a single one, but "equal"
    compares it with the smallest of many, and rejects a true null far too often: 30 % and more at
    5 % with three independent horizons. "any" is the intersection-union test, the largest of the
    horizons' one-sided bootstrap p-values; it never exceeds its level and has less power where
    all horizons are equal.

    References
    ----------
    .. [1] Quaedvlieg (2021), J. Bus. Econ. Stat. 39, 40-53. doi:10.1080/07350015.2019.1620074

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> losses = rng.chisquare(1, size=(200, 2, 4)) * np.array([1.8, 1.0])[None, :, None]
    >>> result = stats.uspa(losses, rng=rng)
    >>> print(result.rejects(alpha=0.05)[0, 1], result.rejects(alpha=0.05)[1, 0])
    True False
    """
    table = _cube(losses, "uspa")
    choice(null, ("equal", "any"), name="null")
    note = (
        "p-values hold where the models are equal at every horizon; null='any' holds everywhere"
        if null == "equal"
        else "p-values are the largest of the horizons' (intersection-union)"
    )
    return _superior(
        table.values,
        table,
        "the test of uniform superior predictive ability",
        block_length,
        n_draws,
        rng,
        (note,),
        null,
    )


def aspa(
    losses: LossesLike,
    *,
    weights: npt.ArrayLike | None = None,
    block_length: int = 3,
    n_draws: int = 999,
    rng: np.random.Generator,
) -> TimePairsResult:
    """Average superior predictive ability: is a model better on average over the horizons?

    Null hypothesis of [i, j]: the expected loss of model j, averaged over the horizons, is not
    smaller than that of model i. A loss at one horizon may be made up for at another; where that
    does not count use `uspa`.

    Assumes stationary loss differences; all horizons at the same origins, in units that can be
    added.

    Parameters
    ----------
    losses : Losses or ndarray, shape (n_times, n_models, n_horizons)
        Complete, in time order, lower is better.
    weights : array_like, shape (n_horizons,), optional
        Positive; equal if left out. They are scaled to sum to 1.
    block_length : int, default 3
    n_draws : int, default 999
    rng : numpy.random.Generator

    Returns
    -------
    TimePairsResult
        Not symmetric: [i, j] asks whether j is better.

    Raises
    ------
    LossesError
        No horizon axis, fewer than 2 models, missing losses.
    OptionError
        Weights, a block length or a number of draws that do not fit.

    References
    ----------
    .. [1] Quaedvlieg (2021), J. Bus. Econ. Stat. 39, 40-53. doi:10.1080/07350015.2019.1620074

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> losses = rng.chisquare(1, size=(200, 2, 4)) * np.array([1.4, 1.0])[None, :, None]
    >>> print(stats.aspa(losses, rng=rng).rejects(alpha=0.05)[0, 1])
    True
    """
    table = _cube(losses, "aspa")
    n_horizons = len(table.horizons)
    w = np.ones(n_horizons) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (n_horizons,) or not np.isfinite(w).all() or (w < 0).any() or w.sum() == 0:
        raise OptionError(
            f"weights must be {n_horizons} numbers of at least 0, one for each horizon, with a "
            f"positive sum; got {weights!r}"
        )
    w = w / w.sum()
    averaged = np.asarray((table.values @ w)[:, :, None])
    told = ", ".join(f"{value:.3g}" for value in w)
    result = _superior(
        averaged,
        table,
        "the test of average superior predictive ability",
        block_length,
        n_draws,
        rng,
        () if weights is None else (f"weights of the horizons: {told}",),
    )
    return result


def multivariate_dm(
    losses: LossesLike,
    *,
    horizon: int | Sequence[int] | None = None,
    corrected: bool = True,
) -> ForecastResult:
    """Mariano and Preve's joint test that all models are equally good, at all horizons.

    Null hypothesis: all models have the same expected loss, at each horizon. A Wald test of the
    k - 1 differences between neighbouring models (times the horizons), so it says that some
    model differs and not which; then use `diebold_mariano` or `model_confidence_set`.

    Assumes stationary loss differences whose autocovariances vanish from lag `horizon` on, and
    many more times than differences.

    Parameters
    ----------
    losses : Losses, DataFrame or ndarray, shape (n_times, n_models[, n_horizons])
        Complete, in time order, lower is better.
    horizon : int or sequence of int, optional
        Steps ahead; the covariance is summed up to lag max(horizon) - 1.
    corrected : bool, default True
        Multiply by the small-sample factor 1 - (1 + 2q)/n + q(q + 1)/n^2, q = max(horizon) - 1.

    Returns
    -------
    ForecastResult
        `estimate("uncorrected")` is the statistic without the factor. nan, with a note, where
        the covariance estimate is not positive definite.

    Raises
    ------
    LossesError
        Fewer than 2 models, missing losses, as many differences as times.

    References
    ----------
    .. [1] Mariano, Preve (2012), J. Econometrics 169, 123-130.
       doi:10.1016/j.jeconom.2012.01.014

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> losses = rng.chisquare(1, size=(200, 3)) * [1.0, 1.0, 1.8]
    >>> stats.multivariate_dm(losses).rejects(alpha=0.05)
    True
    """
    table = Losses.of(losses)
    if table.n_models < 2:
        raise LossesError(f"multivariate_dm compares at least 2 models, got {table.n_models}")
    if np.isnan(table.values).any():
        raise LossesError(
            f"{int(np.isnan(table.values).sum())} losses are missing; multivariate_dm needs the "
            "same times for all models, so drop incomplete times before"
        )
    if horizon is None and table.values.ndim == 3 and not isinstance(losses, Losses):
        raise OptionError(
            f"losses of shape {table.values.shape} need horizon=, the steps ahead of each slice of "
            "the third axis, such as horizon=[1, 6, 24]"
        )
    lags = max(settled_horizons(table, horizon)) - 1
    n = table.n_times
    d = (table.values[:, :-1] - table.values[:, 1:]).reshape(n, -1)
    m = d.shape[1]
    if n <= m + lags + 1:
        raise LossesError(
            f"{n} times are too few for {m} loss differences and {lags} lags; use more times, "
            "fewer models, or stats.diebold_mariano"
        )
    settled = smoothing("rect", n=n, horizon=lags + 1)
    mean = d.mean(axis=0)
    covariance = settled.form.gram(d - mean, n)
    # Scaled to a correlation first: losses in different units must not look singular.
    size = np.sqrt(np.clip(np.diag(covariance), 0, None))
    notes: tuple[str, ...] = ()
    wald = math.nan
    if (size > 0).all():
        roots, vectors = np.linalg.eigh(covariance / np.outer(size, size))
        if roots[0] > m * np.finfo(np.float64).eps * roots[-1]:
            wald = float(n * ((vectors.T @ (mean / size)) ** 2 / roots).sum())
    if math.isnan(wald):
        notes = (
            "the covariance of the loss differences is not positive definite: two models are "
            "alike, or the rectangular window does not fit; no statistic exists",
        )
        warnings.warn(
            f"{notes[0]}; silence this with warnings.simplefilter('ignore', "
            "stats.DegenerateWarning)",
            DegenerateWarning,
            stacklevel=2,
        )
    factor = 1 - (1 + 2 * lags) / n + lags * (lags + 1) / n**2
    statistic = wald * factor if corrected else wald
    return ForecastResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(m, statistic)),
        names=table.models,
        test="the multivariate Diebold-Mariano test",
        notes=notes,
        df=(float(m),),
        n_used=n,
        null="all models have the same expected loss",
        estimates=(("uncorrected", wald),),
    )

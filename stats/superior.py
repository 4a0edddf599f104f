"""Superior predictive ability: which models beat a benchmark, the search being paid for."""

from __future__ import annotations

import math
import warnings

import numpy as np
import numpy.typing as npt

from stats.bootstrap import (
    Bootstrap,
    Draws,
    complete_losses,
    drawn_means,
    settled_indices,
    told_bootstrap,
)
from stats.errors import DegenerateWarning
from stats.forecast_results import ForecastResult, TimeControlResult
from stats.longrun import LagWindow
from stats.scores import FloatArray, IntArray, Losses, LossesLike

__all__ = ["spa", "stepm"]


def _against(
    losses: LossesLike, benchmark: str, caller: str
) -> tuple[Losses, int, IntArray, FloatArray]:
    """The table, the benchmark's column, the others' columns and their advantage at each time."""
    table = complete_losses(losses, caller)
    column = table.column(benchmark)
    others = np.delete(np.arange(table.n_models), column)
    return table, column, others, table.values[:, [column]] - table.values[:, others]


def _kernel_scales(advantage: FloatArray, block_length: float) -> FloatArray:
    """Standard deviations of sqrt(n) times the means of stationary-bootstrap draws, exactly."""
    n = len(advantage)
    lag = np.arange(1, n)
    stay = 1 - 1 / block_length
    weights = (1 - lag / n) * stay**lag + lag / n * stay ** (n - lag)
    centred = advantage - advantage.mean(axis=0)
    variance = LagWindow(weights).variances(centred, n)
    flat = np.ptp(advantage, axis=0) <= 8 * np.finfo(np.float64).eps * np.abs(advantage).max()
    return np.where(flat, 0.0, np.sqrt(np.maximum(variance, 0.0)))


def _weights(scale: FloatArray, studentised: bool) -> FloatArray:
    """What means are multiplied with; 0 where a model differs by a constant only."""
    size = scale if studentised else np.ones_like(scale)
    return np.divide(1.0, size, out=np.zeros_like(scale), where=scale > 0)


def spa(
    losses: LossesLike,
    *,
    benchmark: str,
    studentised: bool = True,
    n_draws: int = 1000,
    block_length: float | None = None,
    bootstrap: Bootstrap = "stationary",
    rng: np.random.Generator | None = None,
    indices: npt.ArrayLike | Draws | None = None,
) -> ForecastResult:
    """Hansen's test of superior predictive ability: does any model beat the benchmark?

    Null hypothesis: no model has a smaller expected loss than the benchmark. One test for the
    whole pool, so that the search for a winner is paid for. For which models beat it use
    `stepm`; without a benchmark `model_confidence_set`.

    Parameters
    ----------
    losses : Losses, DataFrame, ndarray or mapping, shape (n_times, n_models)
        In time order, lower is better, complete, the benchmark among the columns.
    benchmark : str
        Name of its column.
    studentised : bool, default True
        Divide each mean advantage by its standard error, so that a noisy bad model cannot hide a
        good one. False compares the means themselves (as White's reality check does).
    n_draws, block_length, bootstrap, rng, indices
        As in `model_confidence_set`.

    Returns
    -------
    ForecastResult
        The p-value is the consistent one; `estimate("pvalue_lower")` and
        `estimate("pvalue_upper")` are its liberal and conservative bounds.

    Raises
    ------
    LossesError
        Fewer than 2 models or 3 times, missing or infinite losses.
    OptionError
        No such benchmark, no `rng`, unknown options.

    References
    ----------
    .. [1] Hansen (2005), J. Bus. Econ. Stat. 23, 365-380. doi:10.1198/073500105000000063

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(5)
    >>> naive, lstm, noise = rng.chisquare(1, size=(3, 250)) * [[1.6], [1.0], [1.7]]
    >>> table = {"naive": naive, "lstm": lstm, "noise": noise}
    >>> stats.spa(table, benchmark="naive", rng=rng).rejects(alpha=0.05)
    True
    """
    table, _, others, advantage = _against(losses, benchmark, "spa")
    n = table.n_times
    length = max(1.0, round(math.sqrt(n))) if block_length is None else block_length
    drawn = settled_indices(
        n, indices=indices, block_length=length, n_draws=n_draws, method=bootstrap, rng=rng
    )
    mean = advantage.mean(axis=0)
    scale = _kernel_scales(advantage, length)
    deviation = drawn_means(advantage - mean, drawn)
    inverse = _weights(scale, studentised)
    # A model that is always ahead by the same amount is superior beyond doubt.
    sure = (scale == 0) & (mean > 0)
    t = np.where(sure, math.inf, math.sqrt(n) * mean * inverse)
    statistic = float(max(t.max(), 0.0))
    threshold = -np.sqrt(scale**2 / n * 2 * math.log(math.log(n)))
    pvalues = {}
    for name, centre in (
        ("lower", np.maximum(mean, 0.0)),
        ("consistent", np.where(mean >= threshold, mean, 0.0)),
        ("upper", mean),
    ):
        shifted = deviation + mean - centre
        largest = np.maximum((math.sqrt(n) * shifted * inverse).max(axis=1), 0.0)
        pvalues[name] = float(np.mean(largest > statistic)) if statistic > 0 else 1.0
    notes: tuple[str, ...] = ()
    if (scale == 0).any():
        notes = (f"{int((scale == 0).sum())} model(s) differ from {benchmark} by a constant",)
    best = int(t.argmax())
    return ForecastResult(
        statistic=statistic,
        pvalue=pvalues["consistent"],
        names=table.models,
        test="Hansen's test of superior predictive ability",
        notes=(
            *notes,
            f"{len(drawn)} draws, {told_bootstrap(indices, bootstrap, length, n)}",
            f"the best of {others.size} models is {table.models[others[best]]}",
        ),
        df=(),
        n_used=n,
        null=f"no model has a smaller expected loss than {benchmark}",
        alternative="greater",
        estimates=(
            ("pvalue_lower", pvalues["lower"]),
            ("pvalue_upper", pvalues["upper"]),
            ("largest mean advantage", float(mean.max())),
        ),
    )


def stepm(
    losses: LossesLike,
    *,
    benchmark: str,
    studentised: bool = True,
    n_draws: int = 1000,
    block_length: float | None = None,
    bootstrap: Bootstrap = "stationary",
    rng: np.random.Generator | None = None,
    indices: npt.ArrayLike | Draws | None = None,
) -> TimeControlResult:
    """Romano and Wolf's stepwise test: which models beat the benchmark?

    Null hypothesis of each model: its expected loss is not smaller than the benchmark's. The
    p-values are adjusted for the whole pool and step down, so that the chance of one false
    winner or more stays below alpha. For whether any model wins use `spa`; for all pairs
    `diebold_mariano` with `adjusted`.

    Parameters
    ----------
    losses : Losses, DataFrame, ndarray or mapping, shape (n_times, n_models)
        In time order, lower is better, complete, the benchmark among the columns.
    benchmark : str
        Name of its column.
    studentised : bool, default True
        Divide each mean advantage by its standard error, so that a noisy bad model cannot hide a
        good one. False compares the means themselves (as White's reality check does).
    n_draws, block_length, bootstrap, rng, indices
        As in `model_confidence_set`.

    Returns
    -------
    TimeControlResult
        `better(alpha)` are the models superior to the benchmark.

    Raises
    ------
    LossesError
        Fewer than 2 models or 3 times, missing or infinite losses.
    OptionError
        No such benchmark, no `rng`, unknown options.

    References
    ----------
    .. [1] Romano, Wolf (2005), Econometrica 73, 1237-1282.
       doi:10.1111/j.1468-0262.2005.00615.x
    .. [2] Romano, Wolf (2016), Stat. Probab. Lett. 113, 38-40. doi:10.1016/j.spl.2016.02.012

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(5)
    >>> naive, lstm, noise = rng.chisquare(1, size=(3, 250)) * [[1.6], [1.0], [1.7]]
    >>> table = {"naive": naive, "lstm": lstm, "noise": noise}
    >>> stats.stepm(table, benchmark="naive", rng=rng).better(alpha=0.05)
    ('lstm',)
    """
    table, column, others, advantage = _against(losses, benchmark, "stepm")
    n = table.n_times
    length = max(1.0, round(math.sqrt(n))) if block_length is None else block_length
    drawn = settled_indices(
        n, indices=indices, block_length=length, n_draws=n_draws, method=bootstrap, rng=rng
    )
    mean = advantage.mean(axis=0)
    scale = _kernel_scales(advantage, length)
    inverse = _weights(scale, studentised)
    deviation = math.sqrt(n) * drawn_means(advantage - mean, drawn) * inverse
    t = math.sqrt(n) * mean * inverse
    flat = scale == 0
    # From the least convincing model up: the largest of those that are not yet rejected.
    rising = np.argsort(t, kind="stable")
    rising = rising[~flat[rising]]
    largest = np.maximum.accumulate(deviation[:, rising], axis=1)
    # One is added to both counts, so that a p-value of a bootstrap is never 0.
    raw = (1 + (largest >= t[rising]).sum(axis=0)) / (1 + len(drawn))
    adjusted = np.full(others.size, np.nan)
    adjusted[rising[::-1]] = np.maximum.accumulate(raw[::-1])
    statistic, pvalue, difference = (np.full(table.n_models, np.nan) for _ in range(3))
    statistic[others] = np.where(flat, np.nan, -t)
    pvalue[others], difference[others] = adjusted, -mean
    notes = [f"{len(drawn)} draws, {told_bootstrap(indices, bootstrap, length, n)}"]
    if flat.any():
        named = ", ".join(table.models[others[i]] for i in np.flatnonzero(flat))
        notes.append(f"{named}: differs from {benchmark} by a constant, not tested")
        warnings.warn(
            f"{notes[-1]}; silence this with warnings.simplefilter('ignore', "
            "stats.DegenerateWarning)",
            DegenerateWarning,
            stacklevel=2,
        )
    return TimeControlResult(
        statistic=statistic,
        pvalue=pvalue,
        names=table.models,
        test="Romano and Wolf's stepwise test",
        notes=tuple(notes),
        difference=difference,
        locations=table.values.mean(axis=0),
        control=table.models[column],
        n_blocks=n,
        correction="joint",
        alternative="less",
    )

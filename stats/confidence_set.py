"""Sets of models that are as good as the best: superior ability, stepwise, confidence sets."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.bootstrap import Bootstrap, drawn_means, settled_indices
from stats.errors import DegenerateWarning, LossesError, choice
from stats.forecast_results import ForecastResult
from stats.longrun import LagWindow
from stats.results import ControlResult, Result, Table
from stats.scores import FloatArray, IntArray, Losses, LossesLike

__all__ = ["ConfidenceSetResult", "model_confidence_set", "spa", "stepm"]

# Numbers of (draws x models) cells that one step of the running maximum may hold.
_CELLS = 1 << 18


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ConfidenceSetResult(Result):
    """A model confidence set at every level at once.

    Parameters
    ----------
    statistic : ndarray, shape (n_models,)
        Of the step in which a model left; nan for the last one.
    pvalue : ndarray, shape (n_models,)
        MCS p-values in the order of `names`: a model is in the set at alpha while its p-value
        is above alpha. The last model's is 1.
    eliminated : tuple of str
        Models in the order in which they leave; the last one never does.
    step_pvalue : ndarray, shape (n_models,)
        p-values of the steps, in the order of `eliminated`, before the running maximum.
    locations : ndarray, shape (n_models,)
        Mean losses.
    n_times, n_draws : int
    procedure : str
        "range" or "max".
    bootstrap : str
        How the draws were made.
    """

    statistic: FloatArray
    pvalue: FloatArray
    eliminated: tuple[str, ...]
    step_pvalue: FloatArray
    locations: FloatArray
    n_times: int
    n_draws: int
    procedure: str
    bootstrap: str

    def included(self, alpha: float = 0.1) -> tuple[str, ...]:
        """Models in the confidence set of level 1 - alpha, best mean loss first."""
        kept = ~np.asarray(self.rejects(alpha))
        order = np.argsort(self.locations, kind="stable")
        return tuple(self.names[i] for i in order if kept[i])

    def _head(self) -> str:
        return (
            f"{self.test} (k = {len(self.names)} models, T = {self.n_times} times, "
            f"{self.n_draws} draws, {self.bootstrap})"
        )

    def _table(self) -> Table:
        order = [self.names.index(name) for name in reversed(self.eliminated)]
        return {
            "model": [self.names[i] for i in order],
            "location": self.locations[order].tolist(),
            "statistic": self.statistic[order].tolist(),
            "pvalue": self.pvalue[order].tolist(),
        }

    def _sentences(self) -> list[str]:
        form = "largest pairwise" if self.procedure == "range" else "largest deviation"
        return [
            f"The model confidence set (Hansen, Lunde and Nason, 2011) of {len(self.names)} "
            f"models was found from losses at {self.n_times} times with the {form} statistic "
            f"and {self.n_draws} draws of the {self.bootstrap}."
        ]


def _complete(losses: LossesLike, caller: str, *, models: int = 2) -> Losses:
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


def _told_bootstrap(
    indices: npt.ArrayLike | None, method: str, block_length: float | None, n_times: int
) -> str:
    if indices is not None:
        return "bootstrap with given draws"
    length = max(1, round(math.sqrt(n_times))) if block_length is None else block_length
    of = "mean block length" if method == "stationary" else "block length"
    return f"{method} block bootstrap with {of} {length:g}"


def model_confidence_set(
    losses: LossesLike,
    *,
    procedure: str = "range",
    n_draws: int = 1000,
    block_length: float | None = None,
    bootstrap: Bootstrap = "stationary",
    rng: np.random.Generator | None = None,
    indices: npt.ArrayLike | None = None,
) -> ConfidenceSetResult:
    """Model confidence set: the models that cannot be told from the best, with a p-value each.

    Null hypothesis of each step: all models still in the set have the same expected loss. While
    it is rejected the worst one leaves. The set at alpha holds the best model with probability
    of at least 1 - alpha in large samples.

    Assumes stationary loss differences with a finite variance and draws that keep their
    dependence. To compare with one named benchmark use `spa` or `stepm`; for each pair
    `diebold_mariano`.

    Parameters
    ----------
    losses : Losses, DataFrame, ndarray or mapping, shape (n_times, n_models)
        In time order, lower is better, complete.
    procedure : {"range", "max"}
        Largest studentised difference of two models (T_R) or of a model from the mean of the
        set (T_max).
    n_draws : int, default 1000
    block_length : float, optional
        sqrt(n_times) if left out; take at least the horizon of the forecasts.
    bootstrap : {"stationary", "circular", "moving"}
    rng : numpy.random.Generator
        Needed unless `indices` is given.
    indices : array_like of int, shape (n_draws, n_times), optional
        The draws themselves, in place of the five options above.

    Returns
    -------
    ConfidenceSetResult

    Raises
    ------
    LossesError
        Fewer than 2 models or 3 times, a third axis, missing or infinite losses.
    OptionError
        No `rng`, unknown options, or indices that do not fit.

    Notes
    -----
    The order of elimination depends on the t statistics alone, not on the draws. It is found
    first; then the models are put back in reverse order with a running maximum for each draw,
    which costs n_draws * n_models^2 in place of the cube. Two models with equal losses differ
    by nothing in every draw: their difference counts as 0.

    References
    ----------
    .. [1] Hansen, Lunde, Nason (2011), Econometrica 79, 453-497. doi:10.3982/ECTA5771

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(3)
    >>> losses = rng.chisquare(1, size=(200, 3)) * [1.0, 1.0, 2.5]
    >>> result = stats.model_confidence_set(losses, n_draws=500, rng=rng)
    >>> sorted(result.included(alpha=0.1)), result.eliminated[0]
    (['m0', 'm1'], 'm2')
    """
    choice(procedure, ("range", "max"), name="procedure")
    table = _complete(losses, "model_confidence_set")
    drawn = settled_indices(
        table.n_times,
        indices=indices,
        block_length=block_length,
        n_draws=n_draws,
        method=bootstrap,
        rng=rng,
    )
    # Only differences between models count, so what is common to a time goes first.
    x = table.values - np.median(table.values, axis=1, keepdims=True)
    mean = x.mean(axis=0)
    deviation = np.ascontiguousarray((drawn_means(x - mean, drawn)).T)  # (n_models, n_draws)
    if procedure == "range":
        order, statistics, steps = _by_range(mean, deviation, x)
    else:
        order, statistics, steps = _by_max(mean, deviation, x)
    statistic, pvalue = np.empty(table.n_models), np.empty(table.n_models)
    statistic[order] = statistics
    pvalue[order] = np.maximum.accumulate(steps)
    return ConfidenceSetResult(
        statistic=statistic,
        pvalue=pvalue,
        names=table.models,
        test="the model confidence set",
        eliminated=tuple(table.models[i] for i in order),
        step_pvalue=steps,
        locations=table.values.mean(axis=0),
        n_times=table.n_times,
        n_draws=len(drawn),
        procedure=procedure,
        bootstrap=_told_bootstrap(indices, bootstrap, block_length, table.n_times),
    )


def _pair_scales(deviation: FloatArray, x: FloatArray) -> FloatArray:
    """Standard errors of all differences over the draws, 0 where two models are one."""
    n_draws = deviation.shape[1]
    product = deviation @ deviation.T / n_draws
    own = np.diag(product)
    variance = own[:, None] + own - 2 * product
    # Differences of nearly equal models lose their digits in the products: again, one by one.
    first, second = np.nonzero(np.triu(variance <= 1e-8 * (own[:, None] + own), 1))
    for i, j in zip(first, second, strict=True):
        exact = (
            0.0 if np.ptp(x[:, i] - x[:, j]) == 0 else np.mean((deviation[i] - deviation[j]) ** 2)
        )
        variance[i, j] = variance[j, i] = exact
    np.fill_diagonal(variance, 0.0)
    return np.asarray(np.sqrt(variance))


def _ratio(difference: FloatArray, scale: FloatArray) -> FloatArray:
    """difference / scale, with 0 / 0 = 0 and a sure difference infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = difference / scale
    return np.where((scale == 0) & (difference == 0), 0.0, ratio)


def _by_range(
    mean: FloatArray, deviation: FloatArray, x: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    k, n_draws = deviation.shape
    scale = _pair_scales(deviation, x)
    difference = mean[:, None] - mean
    # Equal models can differ in the last digit of their means.
    difference[scale == 0] = np.where(
        np.abs(difference) <= 1e-14 * np.abs(x).max(), 0.0, difference
    )[scale == 0]
    t = _ratio(difference, scale)
    order, statistics = _elimination(t)
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    largest = np.zeros(n_draws)
    steps = np.ones(k)
    back = order[::-1]
    together = deviation[back]  # survivors first: the models already back are one slice
    chunk = max(1, _CELLS // k)
    for size in range(2, k + 1):
        weights = inverse[back[size - 1], back[: size - 1], None]
        for start in range(0, n_draws, chunk):
            draws = slice(start, start + chunk)
            gap = together[: size - 1, draws] - together[size - 1, draws]
            np.abs(gap, out=gap)
            gap *= weights
            np.maximum(largest[draws], gap.max(axis=0), out=largest[draws])
        steps[k - size] = np.mean(statistics[k - size] < largest)
    return order, statistics, steps


def _elimination(t: FloatArray) -> tuple[IntArray, FloatArray]:
    """Who leaves when: each time the row of the largest t among those left."""
    k = len(t)
    alive = np.ones(k, dtype=bool)
    current = t.copy()
    np.fill_diagonal(current, -np.inf)
    best = current.argmax(axis=1)
    largest = current[np.arange(k), best]
    order = np.empty(k, dtype=np.int64)
    statistics = np.full(k, np.nan)
    for step in range(k - 1):
        worst = int(np.argmax(np.where(alive, largest, -np.inf)))
        order[step], statistics[step] = worst, largest[worst]
        alive[worst] = False
        current[:, worst] = -np.inf
        # Only rows whose largest value has just left need another look.
        stale = np.flatnonzero(alive & (best == worst))
        if stale.size:
            best[stale] = current[stale].argmax(axis=1)
            largest[stale] = current[stale, best[stale]]
    order[k - 1] = int(np.flatnonzero(alive)[0])
    return order, statistics


def _by_max(
    mean: FloatArray, deviation: FloatArray, x: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    k, _ = deviation.shape
    alive = np.arange(k)
    order = np.empty(k, dtype=np.int64)
    statistics, steps = np.full(k, np.nan), np.ones(k)
    tiny = 1e-14 * np.abs(x).max()
    for step in range(k - 1):
        gap = deviation[alive]
        gap = gap - gap.mean(axis=0)
        scale = np.sqrt(np.einsum("mb,mb->m", gap, gap) / gap.shape[1])
        scale[scale <= tiny] = 0.0
        difference = mean[alive] - mean[alive].mean()
        difference[np.abs(difference) <= tiny] = 0.0
        t = _ratio(difference, scale)
        worst = int(t.argmax())
        gap *= np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)[:, None]
        order[step], statistics[step] = alive[worst], t[worst]
        steps[step] = np.mean(t[worst] < gap.max(axis=0))
        alive = np.delete(alive, worst)
    order[k - 1] = alive[0]
    return order, statistics, steps


def _against(
    losses: LossesLike, benchmark: str, caller: str
) -> tuple[Losses, int, IntArray, FloatArray]:
    """The table, the benchmark's column, the others' columns and their advantage at each time."""
    table = _complete(losses, caller)
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
    indices: npt.ArrayLike | None = None,
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
            f"{len(drawn)} draws, {_told_bootstrap(indices, bootstrap, length, n)}",
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
    indices: npt.ArrayLike | None = None,
) -> ControlResult:
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
    ControlResult
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
    notes = [f"{len(drawn)} draws, {_told_bootstrap(indices, bootstrap, length, n)}"]
    if flat.any():
        named = ", ".join(table.models[others[i]] for i in np.flatnonzero(flat))
        notes.append(f"{named}: differs from {benchmark} by a constant, not tested")
        warnings.warn(
            f"{notes[-1]}; silence this with warnings.simplefilter('ignore', "
            "stats.DegenerateWarning)",
            DegenerateWarning,
            stacklevel=2,
        )
    return ControlResult(
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

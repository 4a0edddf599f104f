"""Model confidence sets: the models that cannot be told from the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from stats.errors import choice, level
from stats.results import Result, Table
from stats.scores import FloatArray, IntArray, LossesLike

if TYPE_CHECKING:
    from stats.figures import Figure

__all__ = ["ConfidenceSetResult", "model_confidence_set"]

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

    def figure(self, *, alpha: float = 0.1, width: float = 860.0) -> Figure:
        """The p-value at which each model leaves, with the set at `alpha`."""
        from stats.figures import confidence_set

        return confidence_set(
            self.names,
            self.pvalue.tolist(),
            self.locations.tolist(),
            alpha=level(alpha),
            width=width,
            caption=f"{self._head()}, alpha = {alpha:g}",
        )

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


def model_confidence_set(
    losses: LossesLike,
    *,
    procedure: str = "range",
    n_draws: int = 1000,
    block_length: float | None = None,
    bootstrap: Bootstrap = "stationary",
    rng: np.random.Generator | None = None,
    indices: npt.ArrayLike | Draws | None = None,
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
    indices : array_like of int, shape (n_draws, n_times), or stats.Draws, optional
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
    table = complete_losses(losses, "model_confidence_set")
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
        bootstrap=told_bootstrap(indices, bootstrap, block_length, table.n_times),
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

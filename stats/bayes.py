"""Posterior probabilities that one model is better, alike or worse than another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from stats.errors import OptionError, ScoresError, level
from stats.paired import _pair
from stats.resample import _count, generator
from stats.results import Evidence, Table
from stats.scores import FloatArray, ScoresLike

if TYPE_CHECKING:
    from stats.figures import Figure

__all__ = ["BayesResult", "bayes_correlated_t", "bayes_sign", "bayes_signed_rank"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BayesResult(Evidence):
    """Three probabilities that sum to 1.

    Parameters
    ----------
    first_better, equivalent, second_better : float
        Posterior probability that the first model is better by more than the rope, that the
        difference lies inside it, and that the second is better. "Better" follows the
        orientation of the scores.
    rope : float
        Half width of the region of practical equivalence, in units of the scores.
    n : int
        Blocks or resamples used.
    """

    first_better: float
    equivalent: float
    second_better: float
    rope: float
    n: int

    def decides(self, threshold: float = 0.95) -> str:
        """The statement more probable than `threshold`, or "undecided"."""
        if not 0.5 <= threshold < 1.0:
            raise OptionError(f"threshold must lie in [0.5, 1), got {threshold!r}")
        told = {
            f"{self.names[0]} better": self.first_better,
            "equivalent": self.equivalent,
            f"{self.names[1]} better": self.second_better,
        }
        return next((what for what, p in told.items() if p > threshold), "undecided")

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """The three probabilities as a bar; `alpha` is what a decision leaves: 1 - threshold."""
        from stats.figures import posterior_bar

        threshold = 1.0 - level(alpha)
        return posterior_bar(
            self.names[0],
            self.names[1],
            (self.first_better, self.equivalent, self.second_better),
            threshold=threshold,
            width=width,
            title=self.test,
            caption=f"{self._head()}, threshold {threshold:g}",
        )

    def _head(self) -> str:
        return (
            f"{self.test} of {self.names[0]} and {self.names[1]}, rope {self.rope:g} (n = {self.n})"
        )

    def _table(self) -> Table:
        return {
            "statement": [
                f"{self.names[0]} better",
                "practically equivalent",
                f"{self.names[1]} better",
            ],
            "probability": [self.first_better, self.equivalent, self.second_better],
        }

    def _sentences(self) -> list[str]:
        return [
            f"{self.names[0]} and {self.names[1]} were compared with {self.test} (n = {self.n}, "
            f"region of practical equivalence ±{self.rope:g}): P({self.names[0]} better) = "
            f"{self.first_better:.3f}, P(equivalent) = {self.equivalent:.3f}, "
            f"P({self.names[1]} better) = {self.second_better:.3f}."
        ]


def _rope(rope: float) -> float:
    if not (math.isfinite(rope) and rope >= 0):
        raise OptionError(
            f"rope is half the width of the region of equivalence, >= 0; got {rope!r}"
        )
    return float(rope)


def _advantage(
    scores: ScoresLike, caller: str, higher_is_better: bool | None
) -> tuple[FloatArray, tuple[str, ...], tuple[str, ...]]:
    """By how much the second model is worse than the first, per row."""
    table = _pair(scores, caller, higher_is_better)
    oriented = table.oriented()
    return oriented[:, 1] - oriented[:, 0], table.models, table.notes


def bayes_sign(
    scores: ScoresLike,
    *,
    rope: float,
    rng: np.random.Generator | int,
    higher_is_better: bool | None = None,
    prior: float = 1.0,
    n_draws: int = 50_000,
) -> BayesResult:
    """The Bayesian sign test on several data sets.

    The probabilities of "first better", "equivalent" and "second better" on a new data set have a
    Dirichlet posterior; the result is the share of posterior draws in which each is largest.
    Without a rope the two-way probability is exact.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_blocks, 2)
    rope : float
        Differences up to this size count as equivalent.
    rng : numpy Generator or int
    higher_is_better : bool, optional
    prior : float
        Weight of the prior, placed in the rope; without a rope it has no say.
    n_draws : int

    Returns
    -------
    BayesResult

    Raises
    ------
    ScoresError
        Not 2 models, or a missing cell.

    See Also
    --------
    bayes_signed_rank, sign_test

    References
    ----------
    .. [1] Benavoli, Corani, Demsar and Zaffalon (2017), JMLR 18(77), 1-36.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [1.0, 1.2, 0.9, 1.1, 1.4], "lstm": [0.9, 1.0, 0.6, 0.7, 1.5]}
    >>> stats.bayes_sign(errors, rope=0.0, rng=0).second_better
    0.9375
    """
    half = _rope(rope)
    d, names, notes = _advantage(scores, "bayes_sign", higher_is_better)
    if not (math.isfinite(prior) and prior > 0):
        raise OptionError(f"prior must be a positive weight, got {prior!r}")
    draws = _count(n_draws, "n_draws", 1)
    source = generator(rng)
    first, second = float((d > half).sum()), float((d < -half).sum())
    middle = d.size - first - second
    if half == 0.0:
        # Zeros and the prior sit in the middle, which two-way odds do not look at: the share of
        # "first" among the rest is Beta(first, second), and a side without a block has no mass.
        if first == 0.0 or second == 0.0:
            one = 0.5 if first == second else float(first > 0.0)
        else:
            one = float(scipy.special.betainc(second, first, 0.5))
        shares = (one, 0.0, 1.0 - one)
    else:
        weights = np.array([first, middle + prior, second])
        drawn = source.dirichlet(np.maximum(weights, 1e-6), size=draws)
        shares = _largest(drawn[:, 0], drawn[:, 1], drawn[:, 2])
    return BayesResult(
        names=names,
        test="the Bayesian sign test",
        notes=notes,
        first_better=shares[0],
        equivalent=shares[1],
        second_better=shares[2],
        rope=half,
        n=d.size,
    )


def _largest(
    first: FloatArray, middle: FloatArray, second: FloatArray
) -> tuple[float, float, float]:
    where = np.argmax(np.stack([first, middle, second]), axis=0)
    share = np.bincount(where, minlength=3) / where.size
    return float(share[0]), float(share[1]), float(share[2])


def bayes_signed_rank(
    scores: ScoresLike,
    *,
    rope: float,
    rng: np.random.Generator | int,
    higher_is_better: bool | None = None,
    prior: float = 0.5,
    n_draws: int = 50_000,
) -> BayesResult:
    """The Bayesian signed-rank test on several data sets.

    A Dirichlet process prior with one pseudo-observation at 0; averages of two differences take
    the place of Wilcoxon's ranks. The result is the share of posterior draws in which each of the
    three regions holds the largest mass.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_blocks, 2)
    rope : float
        Differences up to this size count as equivalent.
    rng : numpy Generator or int
    higher_is_better : bool, optional
    prior : float
        Weight of the pseudo-observation.
    n_draws : int

    Returns
    -------
    BayesResult

    Raises
    ------
    ScoresError
        Not 2 models, or a missing cell.

    See Also
    --------
    bayes_sign, wilcoxon

    References
    ----------
    .. [1] Benavoli, Corani, Demsar and Zaffalon (2017), JMLR 18(77), 1-36.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [1.0, 1.2, 0.9, 1.1, 1.4], "lstm": [0.9, 1.0, 0.6, 0.7, 0.9]}
    >>> stats.bayes_signed_rank(errors, rope=0.05, rng=0).decides(threshold=0.95)
    'lstm better'
    """
    half = _rope(rope)
    d, names, notes = _advantage(scores, "bayes_signed_rank", higher_is_better)
    if not (math.isfinite(prior) and prior > 0):
        raise OptionError(f"prior must be a positive weight, got {prior!r}")
    draws = _count(n_draws, "n_draws", 1)
    source = generator(rng)
    atoms = np.append(0.0, d)
    sums = atoms[:, None] + atoms[None, :]
    is_first = (sums > 2.0 * half).astype(np.float64)
    is_second = (sums < -2.0 * half).astype(np.float64)
    strength = np.append(prior, np.ones(d.size))
    counts = np.zeros(3)
    remaining = draws
    while remaining:
        size = min(remaining, max(1, 4_000_000 // atoms.size))
        weights = source.dirichlet(strength, size=size)
        first = ((weights @ is_first) * weights).sum(axis=1)
        second = ((weights @ is_second) * weights).sum(axis=1)
        if half == 0.0:
            # Exact zeros say nothing: half of their mass goes to each side.
            counts += np.array([(first > second).sum(), 0.0, (first < second).sum()])
            even = float((first == second).sum())
            counts += np.array([even / 2.0, 0.0, even / 2.0])
        else:
            counts += np.array(_largest(first, 1.0 - first - second, second)) * size
        remaining -= size
    share = counts / draws
    return BayesResult(
        names=names,
        test="the Bayesian signed-rank test",
        notes=notes,
        first_better=float(share[0]),
        equivalent=float(share[1]),
        second_better=float(share[2]),
        rope=half,
        n=d.size,
    )


def bayes_correlated_t(
    scores: ScoresLike,
    *,
    rope: float,
    test_share: float,
    higher_is_better: bool | None = None,
) -> BayesResult:
    """The Bayesian correlated t test on resamples of one data set.

    The posterior of the mean difference is a t distribution whose variance allows for shared
    training data, as in `corrected_resampled_t`. Exact, no sampling.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_resamples, 2)
    rope : float
        Mean differences up to this size count as equivalent.
    test_share : float
        Share of the data used for testing in each resample: 0.1 for 10-fold cross-validation,
        however often repeated. Correlates the resamples.
    higher_is_better : bool, optional

    Returns
    -------
    BayesResult

    Raises
    ------
    ScoresError
        Not 2 models, fewer than 2 resamples, a missing cell, or no spread.

    See Also
    --------
    corrected_resampled_t, bayes_signed_rank

    References
    ----------
    .. [1] Corani and Benavoli (2015), Mach. Learn. 100(2-3), 285-304,
       doi:10.1007/s10994-015-5486-z.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [0.31, 0.29, 0.33, 0.30], "lstm": [0.28, 0.27, 0.29, 0.30]}
    >>> stats.bayes_correlated_t(errors, rope=0.01, test_share=0.1).second_better.__round__(3)
    0.845
    """
    half = _rope(rope)
    if not 0.0 < test_share < 1.0:
        raise OptionError(f"test_share must lie inside (0, 1), such as 0.1; got {test_share!r}")
    d, names, notes = _advantage(scores, "bayes_correlated_t", higher_is_better)
    n = d.size
    variance = float(d.var(ddof=1)) * (1.0 / n + test_share / (1.0 - test_share))
    if variance <= 0.0:
        raise ScoresError(
            f"bayes_correlated_t: all {n} differences are {d[0]}, so their variance is 0 and the "
            "posterior is a point; are the splits copies of each other?"
        )
    mean, error = float(d.mean()), math.sqrt(variance)
    below = float(scipy.special.stdtr(n - 1.0, (-half - mean) / error))
    above = float(scipy.special.stdtr(n - 1.0, (mean - half) / error))
    return BayesResult(
        names=names,
        test="the Bayesian correlated t test",
        notes=notes,
        first_better=above,
        equivalent=max(0.0, 1.0 - below - above) if half > 0 else 0.0,
        second_better=below,
        rope=half,
        n=n,
    )

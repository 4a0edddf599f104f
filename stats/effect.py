"""How large a difference is, whatever its p-value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from stats.blocks import prepared
from stats.errors import ScoresError, ScoresTypeError, choice, level
from stats.resample import Interval
from stats.results import Evidence, Table
from stats.scores import Blocks, FloatArray, ScoresLike
from stats.signed import win_counts

__all__ = [
    "WinTieLoss",
    "akinshin_gamma",
    "cliffs_delta",
    "cohen_d",
    "hodges_lehmann",
    "signed_rank_counts",
    "vargha_delaney",
    "win_tie_loss",
]


def _sample(values: ArrayLike, name: str, least: int) -> FloatArray:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ScoresTypeError(f"{name} has dtype {array.dtype}; numbers are needed")
    array = array.astype(np.float64)
    if array.ndim != 1:
        raise ScoresError(f"{name} must be one-dimensional, got shape {array.shape}")
    if array.size < least:
        raise ScoresError(f"{name} needs at least {least} values, got {array.size}")
    if not np.isfinite(array).all():
        at = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ScoresError(f"{name}[{at}] is {array[at]}; drop missing values in pairs first")
    return array


def _same_length(x: FloatArray, y: FloatArray) -> None:
    if x.size != y.size:
        raise ScoresError(
            f"x has {x.size} values and y has {y.size}; paired values need one of each per block"
        )


def cliffs_delta(x: ArrayLike, y: ArrayLike) -> float:
    """P(X > Y) - P(X < Y) over all pairs of values, from -1 to 1.

    For independent samples; for scores on the same blocks `win_tie_loss` keeps the pairing.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Two independent samples, which may differ in length.

    Returns
    -------
    float

    Raises
    ------
    ScoresError
        An empty sample, or a value that is not finite.

    See Also
    --------
    vargha_delaney, win_tie_loss

    References
    ----------
    .. [1] Cliff (1993), Psychol. Bull. 114(3), 494-509, doi:10.1037/0033-2909.114.3.494.

    Examples
    --------
    >>> import stats
    >>> stats.cliffs_delta([2, 3, 4], [1, 2, 3]).__round__(3)
    0.556
    """
    one, other = _sample(x, "x", 1), np.sort(_sample(y, "y", 1))
    below = np.searchsorted(other, one, side="left").sum()
    not_above = np.searchsorted(other, one, side="right").sum()
    above = one.size * other.size - not_above
    return float(int(below) - int(above)) / (one.size * other.size)


def vargha_delaney(x: ArrayLike, y: ArrayLike) -> float:
    """Vargha and Delaney's A: P(X > Y) + P(X = Y) / 2, from 0 to 1.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Two independent samples, which may differ in length.

    Returns
    -------
    float

    Raises
    ------
    ScoresError
        An empty sample, or a value that is not finite.

    See Also
    --------
    cliffs_delta

    References
    ----------
    .. [1] Vargha and Delaney (2000), J. Educ. Behav. Stat. 25(2), 101-132,
       doi:10.3102/10769986025002101.

    Examples
    --------
    >>> import stats
    >>> stats.vargha_delaney([2, 3, 4], [1, 2, 3]).__round__(3)
    0.778
    """
    return (cliffs_delta(x, y) + 1.0) / 2.0


def cohen_d(x: ArrayLike, y: ArrayLike, *, paired: bool = False) -> float:
    """Difference of means over a standard deviation.

    Parameters
    ----------
    x, y : array_like, shape (n,)
    paired : bool
        True: mean over standard deviation of the differences (d_z), for scores on the same
        blocks. False: pooled standard deviation of two independent samples.

    Returns
    -------
    float

    Raises
    ------
    ScoresError
        Fewer than 2 values, unequal lengths when paired, or no spread at all.

    See Also
    --------
    akinshin_gamma, hodges_lehmann

    References
    ----------
    .. [1] Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed.

    Examples
    --------
    >>> import stats
    >>> stats.cohen_d([2.0, 3.0, 4.0], [1.0, 2.0, 3.5], paired=True).__round__(3)
    2.887
    """
    one, other = _sample(x, "x", 2), _sample(y, "y", 2)
    if paired:
        _same_length(one, other)
        spread = float((one - other).std(ddof=1))
    else:
        n, m = one.size, other.size
        pooled = ((n - 1) * one.var(ddof=1) + (m - 1) * other.var(ddof=1)) / (n + m - 2)
        spread = math.sqrt(float(pooled))
    if spread == 0.0:
        raise ScoresError("cohen_d is undefined without spread; all values (differences) are alike")
    return float(one.mean() - other.mean()) / spread


def _harrell_davis(ordered: FloatArray) -> float:
    n = ordered.size
    edges = scipy.special.betainc((n + 1) / 2.0, (n + 1) / 2.0, np.arange(n + 1) / n)
    return float(np.diff(edges) @ ordered)


def akinshin_gamma(x: ArrayLike, y: ArrayLike, *, median: str = "harrell_davis") -> float:
    """Akinshin's gamma: difference of medians over the pooled median absolute deviation.

    A robust `cohen_d`, for independent samples.

    Parameters
    ----------
    x, y : array_like, shape (n,)
    median : {"harrell_davis", "sample"}
        The estimator of medians and deviations: Akinshin's own, or the plain median (which
        autorank uses).

    Returns
    -------
    float

    Raises
    ------
    ScoresError
        Fewer than 2 values, or no spread at all.

    See Also
    --------
    cohen_d, cliffs_delta

    References
    ----------
    .. [1] Akinshin (2020), Nonparametric Cohen's d-consistent effect size,
       https://aakinshin.net/posts/nonparametric-effect-size/.

    Examples
    --------
    >>> import stats
    >>> x, y = [2.0, 3.0, 4.0, 9.0], [1.0, 2.0, 3.0, 4.0]
    >>> stats.akinshin_gamma(x, y, median="sample").__round__(3)
    0.674
    """
    choice(median, ("harrell_davis", "sample"), name="median")
    one, other = _sample(x, "x", 2), _sample(y, "y", 2)

    def middle(values: FloatArray) -> float:
        ordered = np.sort(values)
        return _harrell_davis(ordered) if median == "harrell_davis" else float(np.median(ordered))

    centres = middle(one), middle(other)
    # Akinshin's constant: the deviation of a normal distribution is its standard deviation.
    deviations = [
        1.4826 * middle(np.abs(v - c)) for v, c in zip((one, other), centres, strict=True)
    ]
    n, m = one.size, other.size
    pooled = ((n - 1) * deviations[0] ** 2 + (m - 1) * deviations[1] ** 2) / (n + m - 2)
    if pooled == 0.0:
        raise ScoresError("akinshin_gamma is undefined: both median absolute deviations are 0")
    return (centres[0] - centres[1]) / math.sqrt(pooled)


def signed_rank_counts(n: int) -> FloatArray:
    """P(W+ = w) for w = 0 ... n (n + 1) / 2 without ties."""
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1.0
    for rank in range(1, n + 1):
        counts[rank:] += counts[: counts.size - rank].copy()
        counts /= 2.0
    return counts


def hodges_lehmann(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """The median of all averages of two paired differences, with Wilcoxon's interval.

    The location shift that `wilcoxon` tests: the interval holds the shifts that test would not
    reject. Assumes that differences are symmetric about it.

    Parameters
    ----------
    x, y : array_like, shape (n_blocks,)
        Scores of two models on the same blocks; the estimate is x minus y.
    confidence : float
        Up to 50 blocks bounds come from the exact distribution (at least this coverage if
        differences do not tie), beyond from its normal approximation.

    Returns
    -------
    Interval
        Infinite bounds where so few blocks cannot give this confidence.

    Raises
    ------
    ScoresError
        Unequal lengths, fewer than 2 values, or a value that is not finite.

    See Also
    --------
    wilcoxon, bootstrap_interval

    References
    ----------
    .. [1] Hodges and Lehmann (1963), Ann. Math. Statist. 34(2), 598-611,
       doi:10.1214/aoms/1177704172.

    Examples
    --------
    >>> import stats
    >>> naive, lstm = [1.0, 1.2, 0.9, 1.1, 1.4, 1.3], [0.9, 1.0, 0.6, 0.7, 0.9, 0.7]
    >>> interval = stats.hodges_lehmann(naive, lstm)
    >>> round(interval.estimate, 3), round(interval.low, 3), round(interval.high, 3)
    (0.35, 0.1, 0.6)
    """
    confidence = level(confidence, name="confidence")
    one, other = _sample(x, "x", 2), _sample(y, "y", 2)
    _same_length(one, other)
    d = one - other
    n = d.size
    first, second = np.triu_indices(n)
    averages = np.sort((d[first] + d[second]) / 2.0)
    tail = (1.0 - confidence) / 2.0
    if n <= 50:
        # The largest c with P(W+ <= c - 1) <= tail: c averages are cut off at each end.
        cut = int(np.searchsorted(np.cumsum(signed_rank_counts(n)), tail, side="right"))
    else:
        error = math.sqrt(n * (n + 1) * (2 * n + 1) / 24.0)
        cut = math.floor(n * (n + 1) / 4.0 + float(scipy.special.ndtri(tail)) * error)
    bounded = cut > 0
    return Interval(
        names=("x", "y"),
        test=f"Hodges-Lehmann shift of {n} pairs",
        notes=() if bounded else (f"{n} blocks cannot give {confidence:.0%} confidence",),
        estimate=float(np.median(averages)),
        low=float(averages[cut - 1]) if bounded else -math.inf,
        high=float(averages[-cut]) if bounded else math.inf,
        confidence=confidence,
    )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class WinTieLoss(Evidence):
    """Blocks that each model wins, ties and loses against each other.

    Parameters
    ----------
    wins, ties : ndarray, shape (n_models, n_models)
        [i, j]: blocks where i is better than j, and where they tie; the diagonal of `wins` is 0.
    n_blocks : int
    """

    wins: FloatArray
    ties: FloatArray
    n_blocks: int

    @property
    def losses(self) -> FloatArray:
        """[i, j]: blocks where i is worse than j."""
        return self.wins.T

    @property
    def superiority(self) -> FloatArray:
        """[i, j]: share of blocks where i is better, ties counted half; 0.5 = even."""
        return (self.wins + 0.5 * self.ties) / self.n_blocks

    def _head(self) -> str:
        return f"Wins, ties and losses on {self.n_blocks} blocks (k = {len(self.names)} models)"

    def _table(self) -> Table:
        first, second = np.triu_indices(len(self.names), 1)
        return {
            "first": [self.names[i] for i in first],
            "second": [self.names[j] for j in second],
            "wins": self.wins[first, second].astype(int).tolist(),
            "ties": self.ties[first, second].astype(int).tolist(),
            "losses": self.wins[second, first].astype(int).tolist(),
            "superiority": self.superiority[first, second].tolist(),
        }

    def _sentences(self) -> list[str]:
        return [f"Wins, ties and losses of pairs were counted on {self.n_blocks} blocks."]


def win_tie_loss(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> WinTieLoss:
    """Blocks that each model wins, ties and loses against each other.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.

    Returns
    -------
    WinTieLoss

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, or a missing cell.

    See Also
    --------
    sign_test, cliffs_delta

    Examples
    --------
    >>> import stats
    >>> result = stats.win_tie_loss({"naive": [1.0, 1.2, 0.9], "lstm": [0.9, 1.2, 0.6]})
    >>> result.wins[1, 0].item(), result.ties[1, 0].item(), result.losses[1, 0].item()
    (2.0, 1.0, 0.0)
    """
    table = prepared(
        scores,
        caller="win_tie_loss",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    wins = win_counts(table.oriented())
    return WinTieLoss(
        names=table.models,
        test="win/tie/loss counts",
        notes=table.notes,
        wins=wins,
        ties=table.n_blocks - wins - wins.T,
        n_blocks=table.n_blocks,
    )

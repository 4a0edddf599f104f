"""Null and sampling distributions made from the data themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from stats.blocks import prepared
from stats.errors import OptionError, ScoresError, choice, level
from stats.results import Evidence, PairsResult, Table
from stats.scores import Blocks, FloatArray, IntArray, Scores, ScoresLike

__all__ = [
    "Interval",
    "bootstrap_interval",
    "cluster_bootstrap_indices",
    "generator",
    "romano_wolf",
    "sign_flip_max_t",
]

INTERVALS = ("bca", "percentile")


def generator(rng: np.random.Generator | int) -> np.random.Generator:
    """The caller's generator, or one from the seed given; never one of our own choosing."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)):
        raise OptionError(
            "rng must be a numpy Generator or an integer seed, so that the result can be "
            f"repeated; got {type(rng).__name__}"
        )
    return np.random.default_rng(int(rng))


def _count(value: int, name: str, least: int) -> int:
    if isinstance(value, bool) or int(value) != value or value < least:
        raise OptionError(f"{name} must be an integer of at least {least}, got {value!r}")
    return int(value)


def cluster_bootstrap_indices(
    clusters: Sequence[Hashable], n_draws: int, *, rng: np.random.Generator | int
) -> list[IntArray]:
    """Rows to take in each resample when whole clusters are drawn with replacement.

    Parameters
    ----------
    clusters : sequence
        One label per row.
    n_draws : int
    rng : numpy Generator or int

    Returns
    -------
    list of ndarray of int
        One array of rows per draw; lengths differ where clusters do.

    Raises
    ------
    ScoresError
        Fewer than 2 clusters.

    See Also
    --------
    bootstrap_interval, bootstrap_indices

    Examples
    --------
    >>> import stats
    >>> stats.cluster_bootstrap_indices(["a", "a", "b"], 2, rng=1)
    [array([0, 1, 2]), array([2, 2])]
    """
    position: dict[Hashable, list[int]] = {}
    for row, cluster in enumerate(clusters):
        position.setdefault(cluster, []).append(row)
    if len(position) < 2:
        raise ScoresError(f"a cluster bootstrap needs at least 2 clusters, got {len(position)}")
    members = [np.array(rows, dtype=np.int64) for rows in position.values()]
    source = generator(rng)
    drawn = source.integers(0, len(members), size=(_count(n_draws, "n_draws", 1), len(members)))
    return [np.concatenate([members[c] for c in draw]) for draw in drawn]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Interval(Evidence):
    """An estimate between two bounds.

    Parameters
    ----------
    estimate, low, high : float
    confidence : float
        The coverage asked for.
    """

    estimate: float
    low: float
    high: float
    confidence: float

    def _head(self) -> str:
        return (
            f"{self.test}: {self.estimate:.4g}, {self.confidence:.0%} interval "
            f"[{self.low:.4g}, {self.high:.4g}]"
        )

    def _table(self) -> Table:
        return {
            "estimate": [self.estimate],
            "low": [self.low],
            "high": [self.high],
            "confidence": [self.confidence],
        }

    def _sentences(self) -> list[str]:
        return [self._head() + "."]

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def bootstrap_interval(
    scores: ScoresLike,
    statistic: Callable[[FloatArray], float],
    *,
    rng: np.random.Generator | int,
    clusters: Iterable[Hashable] | None = None,
    confidence: float = 0.95,
    method: str = "bca",
    n_draws: int = 4999,
) -> Interval:
    """A bootstrap interval over blocks, or over whole clusters of dependent blocks.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_blocks, n_models)
        Without missing cells.
    statistic : callable
        From values of shape (n_rows, n_models) to one number, for example
        ``lambda x: (x[:, 0] - x[:, 1]).mean()``. Rows are resampled; columns stay paired.
    rng : numpy Generator or int
        Where the randomness comes from.
    clusters : sequence, optional
        One label per row; rows of one label are drawn together. This is the remedy for folds of
        the same series. Fewer than about 10 clusters give intervals that are too short.
    confidence : float
    method : {"bca", "percentile"}
        Bias-corrected and accelerated, or plain quantiles of the resampled statistic.
    n_draws : int

    Returns
    -------
    Interval

    Raises
    ------
    ScoresError
        A missing cell, fewer than 2 blocks or clusters, or a statistic that is not finite.

    See Also
    --------
    hodges_lehmann, cluster_bootstrap_indices

    References
    ----------
    .. [1] Efron (1987), J. Am. Stat. Assoc. 82(397), 171-185,
       doi:10.1080/01621459.1987.10478410.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> errors = np.random.default_rng(0).normal(size=(40, 2)) + [0.0, 1.0]
    >>> interval = stats.bootstrap_interval(errors, lambda x: (x[:, 0] - x[:, 1]).mean(), rng=1)
    >>> -1.0 in interval, 0.0 in interval
    (True, False)
    """
    confidence = level(confidence, name="confidence")
    choice(method, INTERVALS, name="method")
    table = Scores.of(scores, blocks="rows").complete()
    table.require("bootstrap_interval", models=1)
    values = table.values
    labels = list(range(table.n_blocks)) if clusters is None else list(clusters)
    if len(labels) != table.n_blocks:
        raise ScoresError(
            f"clusters has {len(labels)} labels for {table.n_blocks} rows; give one per row"
        )
    estimate = float(statistic(values))
    rows = cluster_bootstrap_indices(labels, n_draws, rng=rng)
    drawn = np.array([float(statistic(values[at])) for at in rows])
    if not (math.isfinite(estimate) and np.isfinite(drawn).all()):
        raise ScoresError("the statistic is not finite on the data or on a resample")
    tails = np.array([(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    if method == "bca":
        tails = _bca(tails, values, labels, statistic, estimate, drawn)
    low, high = np.quantile(drawn, tails)
    units = len(set(labels))
    kind = "blocks" if clusters is None else "clusters"
    return Interval(
        names=table.models,
        test=f"bootstrap over {units} {kind} ({method}, {n_draws} draws)",
        notes=table.notes,
        estimate=estimate,
        low=float(low),
        high=float(high),
        confidence=confidence,
    )


def _bca(
    tails: FloatArray,
    values: FloatArray,
    labels: Sequence[Hashable],
    statistic: Callable[[FloatArray], float],
    estimate: float,
    drawn: FloatArray,
) -> FloatArray:
    if float(np.ptp(drawn)) == 0.0:
        return tails
    below = (drawn < estimate).mean() + 0.5 * (drawn == estimate).mean()
    edge = 0.5 / len(drawn)
    bias = float(scipy.special.ndtri(min(max(float(below), edge), 1.0 - edge)))
    distinct = list(dict.fromkeys(labels))
    code = np.array([distinct.index(label) for label in labels])
    left_out = np.array([float(statistic(values[code != c])) for c in range(len(distinct))])
    away = left_out.mean() - left_out
    spread = float((away**2).sum())
    skew = float((away**3).sum()) / (6.0 * spread**1.5) if spread > 0 else 0.0
    z = bias + scipy.special.ndtri(tails)
    return np.asarray(scipy.special.ndtr(bias + z / (1.0 - skew * z)), dtype=np.float64)


def romano_wolf(statistics: FloatArray, resampled: FloatArray) -> FloatArray:
    """Romano and Wolf's step-down p-values from a joint resampling distribution.

    Parameters
    ----------
    statistics : ndarray, shape (n_hypotheses,)
        Observed, large = against the null (absolute values for two-sided tests). nan is left
        out of the family and stays nan.
    resampled : ndarray, shape (n_draws, n_hypotheses)
        The same statistics under the null, drawn jointly.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        (1 + number of resamples whose maximum over the hypotheses not yet stepped over is at
        least the observed) / (n_draws + 1), made monotone.

    Raises
    ------
    ScoresError
        Shapes that do not fit.

    See Also
    --------
    sign_flip_max_t, holm

    References
    ----------
    .. [1] Romano and Wolf (2005), Econometrica 73(4), 1237-1282,
       doi:10.1111/j.1468-0262.2005.00615.x.
    .. [2] Romano and Wolf (2016), Stat. Probab. Lett. 113, 38-40,
       doi:10.1016/j.spl.2016.02.012.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> null = np.abs(np.random.default_rng(0).normal(size=(999, 2)))
    >>> stats.romano_wolf(np.array([3.5, 0.5]), null)
    array([0.003, 0.602])
    """
    observed = np.asarray(statistics, dtype=np.float64)
    draws = np.asarray(resampled, dtype=np.float64)
    if observed.ndim != 1 or draws.ndim != 2 or draws.shape[1] != observed.size:
        raise ScoresError(
            f"statistics need shape (n,) and resampled (n_draws, n); got {observed.shape} and "
            f"{draws.shape}"
        )
    kept = np.flatnonzero(~np.isnan(observed))
    result = np.full(observed.shape, np.nan)
    if kept.size == 0:
        return result
    order = kept[np.argsort(-observed[kept], kind="stable")]
    running = np.full(len(draws), -np.inf)
    counts = np.empty(order.size)
    # From the smallest statistic up, the maximum over what is left only grows.
    for at in range(order.size - 1, -1, -1):
        np.fmax(running, draws[:, order[at]], out=running)
        # Equal up to rounding counts as reached: exact ties are common with few blocks.
        counts[at] = np.count_nonzero(running >= observed[order[at]] * (1.0 - 1e-12))
    result[order] = np.maximum.accumulate((1.0 + counts) / (len(draws) + 1.0))
    return result


def sign_flip_max_t(
    scores: ScoresLike,
    *,
    rng: np.random.Generator | int,
    n_draws: int = 9999,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> PairsResult:
    """All pairs of mean scores by random signs, jointly, with step-down maxima.

    Null for a pair: the difference of scores is symmetric about 0. The differences of one block
    get one common sign, so dependence between pairs is kept and used: no Bonferroni-like loss.
    Assumes that blocks' differences are jointly symmetric under the null and on one scale
    (blocks with a large spread dominate; `wilcoxon` bounds their weight).

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.
    rng : numpy Generator or int
        Where the signs come from; unused where all 2^(N - 1) patterns are fewer than
        `n_draws` and are all looked at.
    n_draws : int

    Returns
    -------
    PairsResult
        `statistic` is the paired t; p-values cover the family of all pairs. A pair with no
        difference at all has p = 1 and is `degenerate`.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, or a missing cell.

    See Also
    --------
    wilcoxon, romano_wolf

    References
    ----------
    .. [1] Westfall and Young (1993), Resampling-Based Multiple Testing, Wiley.
    .. [2] Romano and Wolf (2005), J. Am. Stat. Assoc. 100(469), 94-108,
       doi:10.1198/016214504000000539.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> errors = np.random.default_rng(0).normal(size=(25, 3)) + [0.0, 0.0, 1.0]
    >>> stats.sign_flip_max_t(errors, rng=1, n_draws=999).letters(alpha=0.05)
    {'m0': 'a', 'm1': 'a', 'm2': 'b'}
    """
    draws = _count(n_draws, "n_draws", 99)
    table = prepared(
        scores,
        caller="sign_flip_max_t",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    k, n = table.n_models, table.n_blocks
    values = table.oriented()
    values = values - values.mean(axis=1, keepdims=True)
    first, second = np.triu_indices(k, 1)
    squares = np.array(
        [
            float(((values[:, i] - values[:, j]) ** 2).sum())
            for i, j in zip(first, second, strict=True)
        ]
    )
    everything = n <= 30 and 2 ** (n - 1) <= draws + 1
    if everything:
        pattern = np.arange(1, 2 ** (n - 1))[:, None] >> np.arange(n - 1) & 1
        signs = np.column_stack([np.ones(len(pattern)), 1.0 - 2.0 * pattern])
        generator(rng)
    else:
        signs = 1.0 - 2.0 * generator(rng).integers(0, 2, size=(draws, n)).astype(np.float64)
    apart = squares > 1e-24 * max(float((values**2).sum()), 1e-300)
    means = values.mean(axis=0)
    difference = means[first] - means[second]
    # Signs leave a pair's sum of squares as it is, so |t| grows with this share of it, in [0, 1].
    scale = np.where(apart, n / np.where(apart, squares, 1.0), 0.0)
    share = np.minimum(scale * difference**2, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.sign(difference) * np.sqrt((n - 1.0) * share / (1.0 - share))
    observed = np.where(apart, observed, 0.0)
    order = np.argsort(-share, kind="stable")
    drawn = np.ascontiguousarray((signs @ values / n).T)  # (n_models, n_draws)
    running = np.zeros(len(signs))
    row = np.empty(len(signs))
    counts = np.empty(order.size)
    # From the smallest statistic up: the maximum over the pairs not yet stepped over only grows.
    for at in range(order.size - 1, -1, -1):
        pair = order[at]
        np.subtract(drawn[first[pair]], drawn[second[pair]], out=row)
        np.multiply(row, row, out=row)
        np.multiply(row, scale[pair], out=row)
        np.maximum(running, row, out=running)
        # Equal up to rounding counts as reached: exact ties are common with few blocks.
        counts[at] = np.count_nonzero(running >= share[pair] * (1.0 - 1e-9))
    stepped = np.maximum.accumulate((1.0 + counts) / (len(signs) + 1.0))
    p = np.empty(order.size)
    p[order] = stepped
    p[~apart] = 1.0

    def both(one: FloatArray, sign: float) -> FloatArray:
        matrix = np.full((k, k), np.nan)
        matrix[first, second] = one
        matrix[second, first] = sign * one
        return matrix

    notes = table.notes
    if not apart.all():
        notes = (*notes, f"{(~apart).sum()} pairs have no difference in any block: p = 1")
    told = f"all {len(signs) + 1}" if everything else f"{len(signs)} random"
    return PairsResult(
        statistic=both(observed, -1.0),
        pvalue=both(p, 1.0),
        names=table.models,
        test=f"the sign-flip max-t test ({told} sign patterns)",
        notes=notes,
        difference=both(difference, -1.0),
        locations=table.ranks().mean(axis=0),
        n_used=both(np.where(apart, float(n), 0.0), 1.0),
        n_blocks=n,
        correction="joint",
    )

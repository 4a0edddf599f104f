"""Which models differ: all pairs, against a control, and against the best."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from stats.blocks import prepared
from stats.errors import OptionError, ScoresError, ScoresTypeError, choice, level
from stats.omnibus import aligned, quade_terms
from stats.results import BestResult, ControlResult, PairsResult
from stats.scores import BoolArray, FloatArray, IntArray, Scores, ScoresLike
from stats.studentized_range import (
    critical_range,
    critical_value_control,
    many_to_one_sf,
    range_sf,
)

if TYPE_CHECKING:
    from stats.figures import Figure

__all__ = [
    "NemenyiResult",
    "RankBestResult",
    "bonferroni_dunn",
    "conover",
    "critical_difference",
    "mcb",
    "mean_rank_z",
    "miller",
    "nemenyi",
    "sign_test",
    "versus_control",
    "wilcoxon",
    "win_counts",
]

Blocks = str | Iterable[Hashable] | None
ALTERNATIVES = ("two-sided", "less", "greater")
RANKINGS = ("friedman", "aligned", "quade")
ZEROS = ("pratt", "wilcox", "zsplit")
WILCOXON_METHODS = ("auto", "exact", "normal")

EXACT_TIED = 30
"""With ties or zeros, "auto" takes the permutation distribution up to this many differences."""

EXACT_UNTIED = 50
"""Without, up to this many: one table serves all pairs."""

MOST_EXACT = 100
"""Beyond, counts of sign patterns lose digits in a double."""

FEW_TIED = 200
"""Up to so many pairs with ties, one table each is quicker than Fourier's way."""

MOST_FOURIER = 40
"""Up to so many blocks, the error of a sum of cosines is far below 2^-n."""


def critical_difference(
    n_blocks: int, n_models: int, *, alpha: float = 0.05, test: str = "nemenyi"
) -> float:
    """The distance of mean ranks from which two models differ.

    Parameters
    ----------
    n_blocks, n_models : int
    alpha : float
    test : {"nemenyi", "bonferroni_dunn"}
        All pairs, or comparisons with one control.

    Returns
    -------
    float
        In ranks.

    Raises
    ------
    OptionError
        Fewer than 1 block or 2 models, or alpha outside (0, 1).

    See Also
    --------
    nemenyi, bonferroni_dunn, preflight

    References
    ----------
    .. [1] Demsar (2006), JMLR 7, 1-30, section 3.2.2.

    Examples
    --------
    >>> import stats
    >>> round(stats.critical_difference(14, 4, alpha=0.05), 2)  # Demsar prints 1.25
    1.25
    >>> round(stats.critical_difference(14, 4, alpha=0.05, test="bonferroni_dunn"), 2)  # and 1.16
    1.17
    """
    alpha = level(alpha)
    choice(test, ("nemenyi", "bonferroni_dunn"), name="test")
    for name, value, least in (("n_blocks", n_blocks, 1), ("n_models", n_models, 2)):
        if isinstance(value, bool) or int(value) != value or value < least:
            raise OptionError(f"{name} must be an integer of at least {least}, got {value!r}")
    if test == "nemenyi":
        q = critical_range(alpha, int(n_models)) / math.sqrt(2.0)
    else:
        q = critical_value_control(alpha, int(n_models))
    return q * math.sqrt(n_models * (n_models + 1.0) / (6.0 * n_blocks))


def _check_ranks(ranks: FloatArray, caller: str) -> None:
    if float(np.ptp(ranks)) == 0.0:
        n, k = ranks.shape
        raise ScoresError(
            f"{caller}: all {k} models tie in every one of the {n} blocks, so no rank says "
            "anything; check that the metric varies, or compare a finer one"
        )


def _off_diagonal(matrix: FloatArray) -> FloatArray:
    np.fill_diagonal(matrix, np.nan)
    return matrix


def _everywhere(k: int, n: float) -> FloatArray:
    return _off_diagonal(np.full((k, k), float(n)))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class NemenyiResult(PairsResult):
    """All pairs of mean ranks, with the critical difference that a diagram shows."""

    def critical_difference(self, alpha: float = 0.05) -> float:
        """The distance of mean ranks from which a pair is separated."""
        return critical_difference(self.n_blocks, len(self.names), alpha=alpha)

    def confidence_interval(self, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Simultaneous bounds of all differences of mean ranks, shape (n_models, n_models)."""
        half = self.critical_difference(1.0 - level(confidence, name="confidence"))
        return self.difference - half, self.difference + half

    def _ruler(self, alpha: float) -> float | None:
        return self.critical_difference(alpha)


def nemenyi(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> NemenyiResult:
    """Nemenyi's test: mean ranks of all pairs, jointly over the family.

    Null: all models are alike; the p-value of a pair is the probability that the range of k mean
    ranks is at least this distance. Strong control holds only where the other models do not
    matter, and verdicts depend on who else is in the pool (`pool_dependence`): for few models
    `wilcoxon` with Holm or `sign_flip_max_t` avoids both.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.

    Returns
    -------
    NemenyiResult
        `statistic` is the difference of mean ranks over sqrt(k (k + 1) / (6 N)), below 0 where
        the first model is better; `critical_difference(alpha)`, `groups(alpha)`.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, a missing cell, or every block all ties.

    See Also
    --------
    wilcoxon, conover, sign_flip_max_t

    References
    ----------
    .. [1] Nemenyi (1963), Distribution-free multiple comparisons, PhD thesis, Princeton.
    .. [2] Demsar (2006), JMLR 7, 1-30.
    .. [3] Benavoli, Corani and Mangili (2016), JMLR 17(5), 1-10.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> result = stats.nemenyi(rng.normal(size=(30, 4)) + [0, 0, 1, 2])
    >>> result.groups(alpha=0.05)
    (('m0', 'm1'), ('m1', 'm2'), ('m3',))
    """
    table = prepared(
        scores,
        caller="nemenyi",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    ranks = table.ranks()
    _check_ranks(ranks, "nemenyi")
    k, n = table.n_models, table.n_blocks
    means = ranks.mean(axis=0)
    difference = means[:, None] - means[None, :]
    statistic = difference / math.sqrt(k * (k + 1.0) / (6.0 * n))
    first, second = np.triu_indices(k, 1)
    pvalue = np.full((k, k), np.nan)
    pvalue[first, second] = range_sf(np.abs(statistic[first, second]) * math.sqrt(2.0), k)
    pvalue[second, first] = pvalue[first, second]
    return NemenyiResult(
        statistic=_off_diagonal(statistic),
        pvalue=pvalue,
        names=table.models,
        test="the Nemenyi test",
        notes=table.notes,
        difference=_off_diagonal(difference),
        locations=means,
        n_used=_everywhere(k, n),
        n_blocks=n,
        correction="joint",
    )


def conover(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> PairsResult:
    """Conover's t test of all pairs after Friedman's, on the ranks' own residual variance.

    Null: the two models' ranks are alike. More powerful than `nemenyi` because the variance is
    that of the data, but only protected by an omnibus test before it and an adjustment after it.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 3 models.

    Returns
    -------
    PairsResult
        Raw p-values on (N - 1)(k - 1) degrees of freedom: use ``.adjusted("holm")``.

    Raises
    ------
    ScoresError
        Fewer than 3 models or 2 blocks, a missing cell, or every block all ties.

    See Also
    --------
    nemenyi, wilcoxon

    References
    ----------
    .. [1] Conover (1999), Practical Nonparametric Statistics, 3rd ed., Wiley, 371.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> stats.conover(rng.normal(size=(30, 3)) + [0, 0, 1]).adjusted("holm").letters(alpha=0.05)
    {'m0': 'a', 'm1': 'a', 'm2': 'b'}
    """
    table = prepared(
        scores,
        caller="conover",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead="for 2 use stats.wilcoxon",
    )
    ranks = table.ranks()
    _check_ranks(ranks, "conover")
    k, n = table.n_models, table.n_blocks
    means = ranks.mean(axis=0)
    difference = means[:, None] - means[None, :]
    residual = float(((ranks - means) ** 2).sum())
    df = (n - 1.0) * (k - 1.0)
    # All blocks alike leave no residual: any distance is then infinitely many of it.
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (
            difference / math.sqrt(2.0 * residual / (n * df))
            if residual > 0
            else (np.sign(difference) * np.inf)
        )
    statistic = np.where(difference == 0.0, 0.0, statistic)
    first, second = np.triu_indices(k, 1)
    pvalue = np.full((k, k), np.nan)
    pvalue[first, second] = np.minimum(
        2.0 * scipy.special.stdtr(df, -np.abs(statistic[first, second])), 1.0
    )
    pvalue[second, first] = pvalue[first, second]
    return PairsResult(
        statistic=_off_diagonal(statistic),
        pvalue=pvalue,
        names=table.models,
        test="Conover's test",
        notes=table.notes,
        difference=_off_diagonal(difference),
        locations=means,
        n_used=_everywhere(k, n),
        n_blocks=n,
    )


def _ranking(
    table: Scores, ranking: str, decimals: int | None, caller: str
) -> tuple[FloatArray, float]:
    """Locations of models and the standard error of their difference under the null."""
    choice(ranking, RANKINGS, name="ranking")
    if decimals is not None and ranking == "friedman":
        raise OptionError(
            "decimals= rounds differences of scores, which ranking='friedman' does not take; "
            "leave it out or use ranking='aligned' or 'quade'"
        )
    k, n = table.n_models, table.n_blocks
    ranks = table.ranks()
    _check_ranks(ranks, caller)
    if ranking == "friedman":
        return ranks.mean(axis=0), math.sqrt(k * (k + 1.0) / (6.0 * n))
    if ranking == "aligned":
        return aligned(table, decimals).mean(axis=0), math.sqrt(k * (k * n + 1.0) / 6.0)
    _, _, means = quade_terms(table, decimals)
    variance = k * (k + 1.0) * (2.0 * n + 1.0) * (k - 1.0) / (18.0 * n * (n + 1.0))
    return means, math.sqrt(variance)


def mean_rank_z(
    scores: ScoresLike,
    *,
    ranking: str = "friedman",
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
    decimals: int | None = None,
) -> PairsResult:
    """Normal tests of all pairs of mean ranks, to be adjusted.

    Null: the two models' ranks are alike. This is what Garcia and Herrera adjust with Holm,
    Shaffer or Bergmann and Hommel.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.
    ranking : {"friedman", "aligned", "quade"}
        Ranks within blocks, of all scores after centring blocks, or weighted by blocks' ranges.
    decimals : int, optional
        As in `aligned_ranks` and `quade`.

    Returns
    -------
    PairsResult
        Raw p-values: use ``.adjusted("shaffer")`` or another.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, a missing cell, or every block all ties.
    OptionError
        An unknown ranking, or `decimals` with "friedman".

    See Also
    --------
    nemenyi, versus_control, shaffer, bergmann_hommel

    References
    ----------
    .. [1] Garcia and Herrera (2008), JMLR 9, 2677-2694.
    .. [2] Garcia, Fernandez, Luengo and Herrera (2010), Inf. Sci. 180(10), 2044-2064,
       doi:10.1016/j.ins.2009.12.010; its denominator for aligned ranks is not the one used here,
       which is sqrt(k (k N + 1) / 6).

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> result = stats.mean_rank_z(rng.normal(size=(30, 3)) + [0, 0, 1])
    >>> result.adjusted("bergmann_hommel").letters(alpha=0.05)
    {'m0': 'a', 'm1': 'a', 'm2': 'b'}
    """
    table = prepared(
        scores,
        caller="mean_rank_z",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    means, error = _ranking(table, ranking, decimals, "mean_rank_z")
    difference = means[:, None] - means[None, :]
    statistic = difference / error
    return PairsResult(
        statistic=_off_diagonal(statistic),
        pvalue=_off_diagonal(np.minimum(2.0 * scipy.special.ndtr(-np.abs(statistic)), 1.0)),
        names=table.models,
        test=f"normal tests of {_RANKS_OF[ranking]}",
        notes=table.notes,
        difference=_off_diagonal(difference),
        locations=means,
        n_used=_everywhere(table.n_models, table.n_blocks),
        n_blocks=table.n_blocks,
    )


_RANKS_OF = {
    "friedman": "mean ranks",
    "aligned": "mean aligned ranks",
    "quade": "mean weighted ranks (Quade)",
}


def miller(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> PairsResult:
    """Miller's chi-square (Scheffé) test of all pairs of mean ranks.

    Covers every contrast of mean ranks, not only pairs, and is therefore weaker than `nemenyi`
    for pairs.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.

    Returns
    -------
    PairsResult
        `statistic` is the squared normal statistic; p-values cover all contrasts.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, a missing cell, or every block all ties.

    See Also
    --------
    nemenyi

    References
    ----------
    .. [1] Miller (1981), Simultaneous Statistical Inference, 2nd ed., Springer, 172-178.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> stats.miller(rng.normal(size=(30, 3)) + [0, 0, 1]).letters(alpha=0.05)
    {'m0': 'a', 'm1': 'a', 'm2': 'b'}
    """
    result = mean_rank_z(
        scores,
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    statistic = result.statistic**2
    pvalue = scipy.special.chdtrc(len(result.names) - 1, statistic)
    return result._replaced(  # type: ignore[no-any-return]
        statistic=statistic, pvalue=pvalue, test="Miller's test", correction="joint"
    )


def _pairs(k: int) -> tuple[IntArray, IntArray]:
    first, second = np.triu_indices(k, 1)
    return first.astype(np.int64), second.astype(np.int64)


def _table_tails(ranks: IntArray, at_most: IntArray) -> FloatArray:
    """P(W <= w) for each w, over all signs of one set of doubled ranks."""
    total = int(ranks.sum())
    counts = np.zeros(total + 1)
    counts[0] = 1.0
    for rank in ranks.tolist():
        counts[rank:] += counts[: counts.size - rank].copy()
        counts /= 2.0
    cumulated = np.cumsum(counts)
    return np.where(at_most < 0, 0.0, cumulated[np.clip(at_most, 0, total)])


def _fourier_tails(doubled: IntArray, at_most: IntArray) -> FloatArray:
    """P(W <= w) over all signs of each row's own doubled ranks (0 pads a row), for some w each.

    `at_most` and the result have shape (n_wanted, n_rows).

    W is a sum of independent two-point variables, so its characteristic function is a product of
    cosines of multiples of one angle, which a table gives. Each probability is a multiple of
    2^-n, so rounding to it makes the result exact.
    """
    n = doubled.shape[1]
    period = n * (n + 1) + 1
    frequency = np.arange((period + 1) // 2)
    turn = np.pi / period * frequency
    cosines = np.cos(np.outer(np.arange(2 * period), turn))
    sines = np.sin(np.outer(np.arange(period + 1), turn))
    with np.errstate(divide="ignore", invalid="ignore"):
        sines = np.where(frequency > 0, 2.0 * sines / np.sin(turn), np.arange(period + 1)[:, None])
    total = doubled.sum(axis=1)
    result = np.empty(at_most.shape)
    chunk = max(1, 60_000 // frequency.size)
    for begin in range(0, len(doubled), chunk):
        rows = slice(begin, begin + chunk)
        product = cosines[doubled[rows, 0]]
        for step in range(1, n):
            product *= cosines[doubled[rows, step]]
        for wanted, got in zip(at_most, result, strict=True):
            turned = cosines[np.abs(wanted[rows] - total[rows])]
            turned *= sines[np.maximum(wanted[rows] + 1, 0)]
            got[rows] = np.einsum("ij,ij->i", product, turned) / period
    patterns = 2.0**n
    exact: FloatArray = np.clip(np.rint(result * patterns) / patterns, 0.0, 1.0)
    return exact


def _exact_tails(
    doubled: IntArray, tied: BoolArray, observed: IntArray
) -> tuple[FloatArray, FloatArray]:
    """P(W <= observed) and P(W >= observed) over all sign patterns of each row of ranks.

    `doubled` holds twice the mid-ranks in increasing order, which are integers; 0 stands for
    differences that do not take part.
    """
    # The distribution is symmetric: P(W >= w) = P(W <= S - w), without cancellation.
    wanted = np.stack([observed, doubled.sum(axis=1) - observed])
    tails = np.empty(wanted.shape)
    # Without ties, the number of zeros tells all ranks: one table serves all such rows.
    n_zero = (doubled == 0).sum(axis=1)
    for zeros in np.unique(n_zero[~tied]):
        rows = np.flatnonzero(~tied & (n_zero == zeros))
        tails[:, rows] = _table_tails(doubled[rows[0]], wanted[:, rows])
    rows = np.flatnonzero(tied)
    if rows.size > FEW_TIED and doubled.shape[1] <= MOST_FOURIER:
        tails[:, rows] = _fourier_tails(doubled[rows], wanted[:, rows])
    else:
        for row in rows:
            tails[:, row] = _table_tails(doubled[row], wanted[:, row])
    return tails[0], tails[1]


def wilcoxon(
    scores: ScoresLike,
    *,
    zeros: str = "pratt",
    method: str = "auto",
    alternative: str = "two-sided",
    continuity: bool = False,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
    decimals: int | None = None,
) -> PairsResult:
    """Wilcoxon's signed-rank test of every pair of models (two columns are one pair).

    Null: the difference of the two models' scores is symmetric about 0. Looks at the two models
    alone, so a verdict does not depend on who else is in the pool.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.
    zeros : {"pratt", "wilcox", "zsplit"}
        Rank zero differences and then leave them out (default), leave them out first, or rank
        them and give half to each side.
    method : {"auto", "exact", "normal"}
        "exact" is the distribution over all signs given the ranks, ties and zeros included.
        "auto" takes it up to 50 differences without ties and 30 with, else the normal
        approximation with tie correction.
    alternative : {"two-sided", "less", "greater"}
        "less": the first model of the pair has the smaller (better) score. pvalue[i, j] and
        pvalue[j, i] then are two hypotheses.
    continuity : bool
        Continuity correction of the normal approximation.
    decimals : int, optional
        Round differences to so many decimals before ranking; left out, decimals that are equal
        on paper but differ in the last bit do not tie, as in scipy.

    Returns
    -------
    PairsResult
        `statistic` [i, j] is the sum of ranks where i is worse; `difference` the median
        difference; raw p-values: use ``.adjusted("holm")``. A pair without any difference
        has p = 1 and is `degenerate`.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, or a missing cell.
    OptionError
        An unknown option, or "exact" for more than 100 blocks.

    See Also
    --------
    sign_test : without symmetry.
    sign_flip_max_t : joint over all pairs, on the scores themselves.
    hodges_lehmann : how large the difference is, with an interval.

    References
    ----------
    .. [1] Wilcoxon (1945), Biometrics Bulletin 1(6), 80-83, doi:10.2307/3001968.
    .. [2] Pratt (1959), J. Am. Stat. Assoc. 54(287), 655-667,
       doi:10.1080/01621459.1959.10501526.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [1.0, 1.2, 0.9, 1.1, 1.4], "lstm": [0.9, 1.0, 0.6, 0.7, 0.9]}
    >>> float(stats.wilcoxon(errors).pvalue[0, 1])
    0.0625
    """
    choice(zeros, ZEROS, name="zeros")
    choice(method, WILCOXON_METHODS, name="method")
    choice(alternative, ALTERNATIVES, name="alternative")
    table = prepared(
        scores,
        caller="wilcoxon",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    k, n = table.n_models, table.n_blocks
    if method == "exact" and n > MOST_EXACT:
        raise OptionError(
            f"method='exact' is for at most {MOST_EXACT} blocks, got {n}; use 'normal', which "
            "differs by less than a percent there"
        )
    if continuity and method == "exact":
        raise OptionError("continuity= corrects the normal approximation; leave it out of 'exact'")
    columns = np.ascontiguousarray(table.oriented().T)
    first, second = _pairs(k)
    size = len(first)
    sums = np.empty(size)
    totals = np.empty(size)
    middle = np.empty(size)
    used = np.empty(size)
    tails = np.full((2, size), np.nan)  # P(W <= observed), P(W >= observed)
    chunk = max(1, 2_000_000 // n)
    for begin in range(0, size, chunk):
        at = slice(begin, begin + chunk)
        d = columns[first[at]] - columns[second[at]]
        if decimals is not None:
            d = np.round(d, decimals)
        out = _signed_ranks(d, zeros=zeros, method=method, continuity=continuity)
        sums[at], totals[at], used[at], tails[0, at], tails[1, at] = out
        d.sort(axis=1)
        middle[at] = (d[:, (n - 1) // 2] + d[:, n // 2]) / 2.0
    upper = totals - sums

    def both(one: FloatArray, other: FloatArray) -> FloatArray:
        matrix = np.full((k, k), np.nan)
        matrix[first, second] = one
        matrix[second, first] = other
        return matrix

    if alternative == "two-sided":
        p = np.minimum(2.0 * np.minimum(tails[0], tails[1]), 1.0)
        pvalue = both(p, p)
    elif alternative == "less":
        pvalue = both(tails[0], tails[1])
    else:
        pvalue = both(tails[1], tails[0])
    notes = table.notes
    alike = int((used == 0).sum())
    if alike:
        notes = (*notes, f"{alike} pairs have no difference in any block: p = 1")
    return PairsResult(
        statistic=both(sums, upper),
        pvalue=pvalue,
        names=table.models,
        test="the Wilcoxon signed-rank test",
        notes=notes,
        difference=both(middle, -middle),
        locations=table.ranks().mean(axis=0),
        n_used=both(used, used),
        n_blocks=n,
        alternative=alternative,
    )


def _signed_ranks(
    d: FloatArray, *, zeros: str, method: str, continuity: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """W+, W+ + W-, differences used, and both tails, for each row of differences."""
    n_rows, n = d.shape
    # Sizes of doubles sort as their bits do; the free lowest bit carries the sign along, which
    # replaces an argsort by a plain sort.
    key = (np.abs(d).view(np.uint64) << np.uint64(1)) | (d > 0).astype(np.uint64)
    key.sort(axis=1)
    positive = (key & np.uint64(1)).astype(np.float64)
    key >>= np.uint64(1)
    n_zero = (key == 0).sum(axis=1)
    count = n - n_zero
    position = np.arange(1.0, n + 1.0)
    fresh = np.ones((n_rows, n), dtype=bool)
    np.not_equal(key[:, 1:], key[:, :-1], out=fresh[:, 1:])
    tied = (fresh | (key == 0)).sum(axis=1) < n
    if bool(fresh.all()):
        ranks = np.broadcast_to(position, (n_rows, n))
    else:
        first = np.flatnonzero(fresh)
        length = np.diff(np.append(first, n_rows * n))
        ranks = np.repeat((first % n) + (length + 1) / 2.0, length).reshape(n_rows, n)
    if zeros == "wilcox":
        ranks = ranks - n_zero[:, None]
    if bool(n_zero.any()):
        ranks = np.where(key == 0, 0.0, ranks)
    plus = (positive * ranks).sum(axis=1)
    total = ranks.sum(axis=1)
    if method == "auto":
        exact = np.where(tied | (n_zero > 0), count <= EXACT_TIED, count <= EXACT_UNTIED)
    else:
        exact = np.full(n_rows, method == "exact")
    exact &= count > 0
    # Without any difference the only sign pattern is the observed one: both tails are 1.
    below = np.ones(n_rows)
    above = np.ones(n_rows)
    rows = np.flatnonzero(exact)
    if rows.size:
        doubled = np.rint(2.0 * ranks[rows]).astype(np.int64)
        observed = np.rint(2.0 * plus[rows]).astype(np.int64)
        below[rows], above[rows] = _exact_tails(doubled, tied[rows], observed)
    rows = np.flatnonzero(~exact & (count > 0))
    if rows.size:
        # Given the ranks, W+ is a sum of independent halves: variance sum(ranks^2) / 4.
        squares = (ranks[rows] ** 2).sum(axis=1)
        if zeros == "zsplit":
            # Zeros give half of their rank to each side and add what their mid-rank does to the
            # variance, as in the classical formula.
            squares = squares + n_zero[rows] * ((n_zero[rows] + 1.0) / 2.0) ** 2
        distance = plus[rows] - total[rows] / 2.0
        error = np.sqrt(squares) / 2.0
        shift = 0.5 if continuity else 0.0
        below[rows] = scipy.special.ndtr((distance + shift) / error)
        above[rows] = scipy.special.ndtr(-(distance - shift) / error)
    return plus, total, count.astype(np.float64), below, above


def sign_test(
    scores: ScoresLike,
    *,
    alternative: str = "two-sided",
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> PairsResult:
    """The sign test of every pair: wins against losses, ties left out.

    Null: in a block without a tie, either model is better with probability 1/2. Assumes nothing
    else, and is weaker than `wilcoxon` where differences are symmetric.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.
    alternative : {"two-sided", "less", "greater"}
        "less": the first model of the pair has the smaller (better) score more often.

    Returns
    -------
    PairsResult
        `statistic` [i, j] counts blocks where i is worse; `difference` is losses minus wins over
        blocks. A pair that ties everywhere has p = 1 and is `degenerate`.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, or a missing cell.

    See Also
    --------
    wilcoxon, win_tie_loss

    References
    ----------
    .. [1] Conover (1999), Practical Nonparametric Statistics, 3rd ed., Wiley, 157.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [1.0, 1.2, 0.9, 1.1, 1.4], "lstm": [0.9, 1.0, 0.6, 0.7, 1.4]}
    >>> float(stats.sign_test(errors).pvalue[0, 1])  # 4 of 4; the tie says nothing
    0.125
    """
    choice(alternative, ALTERNATIVES, name="alternative")
    table = prepared(
        scores,
        caller="sign_test",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    k, n = table.n_models, table.n_blocks
    losses = win_counts(table.oriented()).T
    used = losses + losses.T
    at_most = _binomial_below(losses, used)
    at_least = at_most.T
    if alternative == "two-sided":
        pvalue = np.minimum(2.0 * np.minimum(at_most, at_least), 1.0)
    else:
        pvalue = at_most if alternative == "less" else at_least
    notes = table.notes
    alike = int((used[_pairs(k)] == 0).sum())
    if alike:
        notes = (*notes, f"{alike} pairs tie in every block: p = 1")
    return PairsResult(
        statistic=_off_diagonal(losses.astype(np.float64)),
        pvalue=_off_diagonal(pvalue),
        names=table.models,
        test="the sign test",
        notes=notes,
        difference=_off_diagonal((losses - losses.T) / n),
        locations=table.ranks().mean(axis=0),
        n_used=_off_diagonal(used.astype(np.float64)),
        n_blocks=n,
        alternative=alternative,
    )


def win_counts(values: FloatArray) -> FloatArray:
    """[i, j] = rows where column i is below column j, shape (n_models, n_models)."""
    k = values.shape[1]
    wins = np.empty((k, k))
    for model in range(k):
        wins[model] = np.count_nonzero(values[:, [model]] < values, axis=0)
    return wins


def _binomial_below(successes: FloatArray, trials: FloatArray) -> FloatArray:
    """P(X <= successes) for X binomial with probability 1/2."""
    return np.asarray(scipy.special.bdtr(successes, trials.astype(np.int64), 0.5), dtype=np.float64)


def versus_control(
    scores: ScoresLike,
    *,
    control: str,
    ranking: str = "friedman",
    alternative: str = "two-sided",
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
    decimals: int | None = None,
) -> ControlResult:
    """Normal tests of each model's mean rank against one control's, to be adjusted.

    Null: the model's ranks are those of the control. The control must be chosen before looking;
    for "the best of these" use `mcb`.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.
    control : str
        The model's name.
    ranking, decimals
        As in `mean_rank_z`.
    alternative : {"two-sided", "less", "greater"}
        "less": the model is better (of smaller mean rank) than the control. The direction, too,
        must be chosen before looking.

    Returns
    -------
    ControlResult
        Raw p-values: use ``.adjusted("holm")``, "finner", "li", "hochberg" or "hommel".

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, a missing cell, or every block all ties.
    OptionError
        A control that is no model, or an unknown ranking.

    See Also
    --------
    bonferroni_dunn, mcb

    References
    ----------
    .. [1] Demsar (2006), JMLR 7, 1-30, section 3.2.2.
    .. [2] Garcia, Fernandez, Luengo and Herrera (2010), Inf. Sci. 180(10), 2044-2064,
       doi:10.1016/j.ins.2009.12.010.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> errors = rng.normal(size=(30, 3)) + [0, 0, 1]
    >>> stats.versus_control(errors, control="m0").adjusted("holm").worse(alpha=0.05)
    ('m2',)
    """
    if not isinstance(control, str):
        raise ScoresTypeError(
            f"control is the name of a model (str), got {type(control).__name__} {control!r}"
        )
    choice(alternative, ALTERNATIVES, name="alternative")
    table = prepared(
        scores,
        caller="versus_control",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    at = table.column(control)
    means, error = _ranking(table, ranking, decimals, "versus_control")
    difference = means - means[at]
    difference[at] = np.nan
    statistic = difference / error
    if alternative == "two-sided":
        pvalue = np.minimum(2.0 * scipy.special.ndtr(-np.abs(statistic)), 1.0)
    else:
        pvalue = scipy.special.ndtr(statistic if alternative == "less" else -statistic)
    return ControlResult(
        statistic=statistic,
        pvalue=pvalue,
        alternative=alternative,
        names=table.models,
        test=f"normal tests of {_RANKS_OF[ranking]}",
        notes=table.notes,
        difference=difference,
        locations=means,
        control=control,
        n_blocks=table.n_blocks,
    )


def bonferroni_dunn(
    scores: ScoresLike,
    *,
    control: str,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> ControlResult:
    """Bonferroni and Dunn's test: mean ranks against a control, Bonferroni-adjusted.

    ``versus_control(...).adjusted("holm")`` controls the same error and is never weaker.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.
    control : str
        The model that the others are compared with, chosen beforehand.

    Returns
    -------
    ControlResult
        Adjusted over k - 1 comparisons.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, a missing cell, or every block all ties.

    See Also
    --------
    versus_control, critical_difference

    References
    ----------
    .. [1] Dunn (1961), J. Am. Stat. Assoc. 56(293), 52-64, doi:10.1080/01621459.1961.10482090.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> stats.bonferroni_dunn(rng.normal(size=(30, 3)) + [0, 0, 1], control="m0").worse(alpha=0.05)
    ('m2',)
    """
    raw = versus_control(
        scores,
        control=control,
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    return raw.adjusted("bonferroni")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RankBestResult(BestResult):
    """Mean ranks against the best of the others, with the intervals that a figure shows."""

    def intervals(self, alpha: float = 0.05) -> FloatArray:
        """Lower and upper ends, shape (n_models, 2).

        For procedure "range", mean ranks plus and minus half the critical difference: two models
        whose intervals do not overlap differ. For "hsu", simultaneous intervals of mean rank
        minus the smallest of the others, constrained to hold 0: a lower end of 0 rules the model
        out as the best, an upper end of 0 says that it is.
        """
        alpha = level(alpha)
        k = len(self.names)
        if self.procedure == "range":
            half = critical_difference(self.n_blocks, k, alpha=alpha) / 2.0
            return np.column_stack([self.locations - half, self.locations + half])
        width = _many_to_one_isf(alpha, k) * self.standard_error
        distance = self.statistic * self.standard_error
        return np.column_stack(
            [np.minimum(distance - width, 0.0), np.maximum(distance + width, 0.0)]
        )

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """Ranked intervals with the band of the best model."""
        from stats.figures import intervals

        difference = critical_difference(self.n_blocks, len(self.names), alpha=alpha)
        return intervals(
            self.names,
            self.locations.tolist(),
            difference=difference,
            width=width,
            caption=f"{self._head()}, alpha = {alpha:g}",
        )


def _many_to_one_isf(alpha: float, k: int) -> float:
    low, high = -10.0, 10.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if float(many_to_one_sf(middle, k)) > alpha:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def mcb(
    scores: ScoresLike,
    *,
    procedure: str = "range",
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> RankBestResult:
    """Multiple comparisons with the best, on mean ranks.

    Null for each model: it is as good as the best of the others. Answers "which models may be
    the best?" with k comparisons in place of k (k - 1) / 2, and is the view for many models.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 2 models.
    procedure : {"range", "hsu"}
        "range": the studentized range, as in the M3 competition's analysis and in Nemenyi's
        test. "hsu": one-sided with the many-to-one distribution, more powerful.

    Returns
    -------
    RankBestResult
        `best(alpha)`, `intervals(alpha)`, `pvalue` per model.

    Raises
    ------
    ScoresError
        Fewer than 2 models or blocks, a missing cell, or every block all ties.

    See Also
    --------
    versus_control, model_confidence_set

    References
    ----------
    .. [1] Koning, Franses, Hibon and Stekler (2005), Int. J. Forecast. 21(3), 397-409,
       doi:10.1016/j.ijforecast.2004.10.003.
    .. [2] Hsu (1981), Ann. Statist. 9(5), 1026-1034, doi:10.1214/aos/1176345582.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> stats.mcb(rng.normal(size=(30, 4)) + [0, 0, 1, 2]).best(alpha=0.05)
    ('m0', 'm1')
    """
    choice(procedure, ("range", "hsu"), name="procedure")
    table = prepared(
        scores,
        caller="mcb",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    k, n = table.n_models, table.n_blocks
    means, error = _ranking(table, "friedman", None, "mcb")
    smallest_others = np.array([np.delete(means, i).min() for i in range(k)])
    statistic = (means - smallest_others) / error
    if procedure == "range":
        pvalue = range_sf(np.maximum(statistic, 0.0) * math.sqrt(2.0), k)
    else:
        pvalue = many_to_one_sf(statistic, k)
    return RankBestResult(
        statistic=statistic,
        pvalue=pvalue,
        names=table.models,
        test="multiple comparisons with the best on mean ranks "
        + ("(studentized range)" if procedure == "range" else "(Hsu)"),
        notes=table.notes,
        locations=means,
        standard_error=error,
        n_blocks=n,
        procedure=procedure,
    )

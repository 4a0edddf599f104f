"""Which models differ by their mean ranks over blocks: all pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from stats.blocks import prepared
from stats.errors import OptionError, ScoresError, choice, level
from stats.omnibus import aligned, quade_terms
from stats.results import PairsResult
from stats.scores import Blocks, FloatArray, Scores, ScoresLike
from stats.studentized_range import critical_range, critical_value_control, range_sf

if TYPE_CHECKING:
    pass

__all__ = [
    "RANKINGS",
    "RANKS_OF",
    "NemenyiResult",
    "check_ranks",
    "conover",
    "critical_difference",
    "everywhere",
    "mean_rank_z",
    "mean_ranks",
    "miller",
    "nemenyi",
    "off_diagonal",
]

RANKINGS = ("friedman", "aligned", "quade")


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


def check_ranks(ranks: FloatArray, caller: str) -> None:
    """Raise where all models tie everywhere."""
    if float(np.ptp(ranks)) == 0.0:
        n, k = ranks.shape
        raise ScoresError(
            f"{caller}: all {k} models tie in every one of the {n} blocks, so no rank says "
            "anything; check that the metric varies, or compare a finer one"
        )


def off_diagonal(matrix: FloatArray) -> FloatArray:
    """The matrix, its diagonal missing: no model is compared with itself."""
    np.fill_diagonal(matrix, np.nan)
    return matrix


def everywhere(k: int, n: float) -> FloatArray:
    """`n` for each pair of `k` models."""
    return off_diagonal(np.full((k, k), float(n)))


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
    check_ranks(ranks, "nemenyi")
    k, n = table.n_models, table.n_blocks
    means = ranks.mean(axis=0)
    difference = means[:, None] - means[None, :]
    statistic = difference / math.sqrt(k * (k + 1.0) / (6.0 * n))
    first, second = np.triu_indices(k, 1)
    pvalue = np.full((k, k), np.nan)
    pvalue[first, second] = range_sf(np.abs(statistic[first, second]) * math.sqrt(2.0), k)
    pvalue[second, first] = pvalue[first, second]
    return NemenyiResult(
        statistic=off_diagonal(statistic),
        pvalue=pvalue,
        names=table.models,
        test="the Nemenyi test",
        notes=table.notes,
        difference=off_diagonal(difference),
        locations=means,
        n_used=everywhere(k, n),
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
    check_ranks(ranks, "conover")
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
        statistic=off_diagonal(statistic),
        pvalue=pvalue,
        names=table.models,
        test="Conover's test",
        notes=table.notes,
        difference=off_diagonal(difference),
        locations=means,
        n_used=everywhere(k, n),
        n_blocks=n,
    )


def mean_ranks(
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
    check_ranks(ranks, caller)
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
    means, error = mean_ranks(table, ranking, decimals, "mean_rank_z")
    difference = means[:, None] - means[None, :]
    statistic = difference / error
    return PairsResult(
        statistic=off_diagonal(statistic),
        pvalue=off_diagonal(np.minimum(2.0 * scipy.special.ndtr(-np.abs(statistic)), 1.0)),
        names=table.models,
        test=f"normal tests of {RANKS_OF[ranking]}",
        notes=table.notes,
        difference=off_diagonal(difference),
        locations=means,
        n_used=everywhere(table.n_models, table.n_blocks),
        n_blocks=table.n_blocks,
    )


RANKS_OF = {
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

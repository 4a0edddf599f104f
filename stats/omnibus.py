"""Tests of "all models are alike" on blocks x models."""

from __future__ import annotations

import math

import numpy as np
import scipy

from stats.blocks import prepared
from stats.errors import ScoresError, choice
from stats.results import OmnibusResult
from stats.scores import Blocks, FloatArray, Scores, ScoresLike, mid_ranks, row_text, tie_sums

__all__ = [
    "aligned",
    "aligned_ranks",
    "chi_square",
    "cochran_q",
    "friedman",
    "iman_davenport",
    "kendall_w",
    "quade",
    "quade_terms",
    "rounded",
    "skillings_mack",
]

TIES = ("correct", "ignore")
FOR_TWO = "for 2 use stats.wilcoxon"


def rounded(values: FloatArray, decimals: int | None) -> FloatArray:
    """Values rounded on request, so that equal decimals tie.

    0.3 - 0.2 and 0.2 - 0.1 differ in the last bit; ranked as they are, they do not tie.
    """
    if decimals is None:
        return values
    result: FloatArray = np.round(values, decimals)
    return result


def chi_square(table: Scores, *, ties: str, caller: str) -> tuple[float, FloatArray]:
    """Friedman's statistic and the mean ranks of complete scores."""
    k, n = table.n_models, table.n_blocks
    ranks = table.ranks()
    means = ranks.mean(axis=0)
    statistic = 12.0 * n / (k * (k + 1.0)) * float(((means - (k + 1) / 2.0) ** 2).sum())
    factor = 1.0 - float(tie_sums(table.values).sum()) / (n * (k**3 - k))
    if factor <= 0.0:
        raise ScoresError(
            f"{caller}: all {k} models tie in every one of the {n} blocks, so no rank says "
            "anything; check that the metric varies, or compare a finer one"
        )
    return (statistic / factor if ties == "correct" else statistic), means


def friedman(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    ties: str = "correct",
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> OmnibusResult:
    """Friedman's chi-square test on ranks, corrected for ties.

    Null: within each block, every order of the models is equally probable. Assumes independent
    blocks; nothing about the scale of scores. The chi-square approximation is rough for few
    blocks: `iman_davenport` is better there.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_blocks, n_models)
        At least 3 models and 2 blocks.
    higher_is_better : bool, optional
        False for losses, True for accuracies; a `Scores` brings its own.
    ties : {"correct", "ignore"}
        "ignore" gives the value as printed in many papers (9.28 in Demsar 2006).
    blocks : "rows", str or sequence, optional
        "rows" declares rows independent; labels or an index level name the block of each row,
        and rows of a block are averaged.
    missing : {"raise", "drop_blocks", "impute_baseline"}
        What to do with nan; `skillings_mack` needs no decision.
    baseline : str, optional
        The model whose score fills a hole under "impute_baseline".

    Returns
    -------
    OmnibusResult
        `statistic`, `pvalue`, `df`, `locations` (mean ranks), `effect` (Kendall's W).

    Raises
    ------
    ScoresError
        Fewer than 3 models or 2 blocks, a missing cell, or every block all ties.

    Warns
    -----
    DependentBlocksWarning
        Rows look like several measurements of the same unit.

    See Also
    --------
    wilcoxon : for two models.
    iman_davenport : the F version, less conservative.
    skillings_mack : with missing cells.
    nemenyi : which pairs differ.

    References
    ----------
    .. [1] Friedman (1937), J. Am. Stat. Assoc. 32(200), 675-701,
       doi:10.1080/01621459.1937.10503522.
    .. [2] Demsar (2006), JMLR 7, 1-30.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [1.0, 1.2, 0.9, 1.1], "linear": [0.8, 1.1, 0.7, 1.0],
    ...           "lstm": [0.7, 1.0, 0.8, 0.9]}
    >>> result = stats.friedman(errors)
    >>> result.statistic.__round__(3), result.pvalue.__round__(4), result.rejects(alpha=0.05)
    (6.5, 0.0388, True)
    """
    choice(ties, TIES, name="ties")
    table = prepared(
        scores,
        caller="friedman",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead=FOR_TWO,
    )
    k, n = table.n_models, table.n_blocks
    statistic, means = chi_square(table, ties=ties, caller="friedman")
    return OmnibusResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(k - 1, statistic)),
        names=table.models,
        test="the Friedman test" + ("" if ties == "correct" else ", not corrected for ties"),
        notes=table.notes,
        df=(k - 1.0,),
        locations=means,
        n_blocks=n,
        effect=statistic / (n * (k - 1)),
    )


def iman_davenport(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    ties: str = "correct",
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> OmnibusResult:
    """Iman and Davenport's F version of Friedman's test.

    Null and assumptions as for `friedman`; the F approximation keeps its size with few blocks.
    The statistic is infinite when all blocks rank the models alike.

    Parameters
    ----------
    scores, higher_is_better, ties, blocks, missing, baseline
        As in `friedman`.

    Returns
    -------
    OmnibusResult
        df = (k - 1, (k - 1)(N - 1)).

    Raises
    ------
    ScoresError
        Fewer than 3 models or 2 blocks, a missing cell, or every block all ties.

    See Also
    --------
    friedman, quade

    References
    ----------
    .. [1] Iman and Davenport (1980), Commun. Stat. Theory Methods 9(6), 571-595,
       doi:10.1080/03610928008827904.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [1.0, 1.2, 0.9, 1.1], "linear": [0.8, 1.1, 0.7, 1.0],
    ...           "lstm": [0.7, 1.0, 0.8, 0.9]}
    >>> stats.iman_davenport(errors).pvalue.__round__(4)
    0.0066
    """
    choice(ties, TIES, name="ties")
    table = prepared(
        scores,
        caller="iman_davenport",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead=FOR_TWO,
    )
    k, n = table.n_models, table.n_blocks
    chi2, means = chi_square(table, ties=ties, caller="iman_davenport")
    most = n * (k - 1.0)
    spare = most - chi2
    statistic = math.inf if spare <= 1e-12 * most else (n - 1.0) * chi2 / spare
    df = (k - 1.0, (k - 1.0) * (n - 1.0))
    return OmnibusResult(
        statistic=statistic,
        pvalue=0.0 if math.isinf(statistic) else float(scipy.special.fdtrc(*df, statistic)),
        names=table.models,
        test="the Iman-Davenport test" + ("" if ties == "correct" else ", not corrected for ties"),
        notes=table.notes,
        df=df,
        locations=means,
        n_blocks=n,
        effect=chi2 / most,
    )


def kendall_w(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    ties: str = "correct",
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> OmnibusResult:
    """Kendall's W: how far blocks agree on the order of models, from 0 to 1.

    The effect size of `friedman`, whose p-value it carries.

    Parameters
    ----------
    scores, higher_is_better, ties, blocks, missing, baseline
        As in `friedman`.

    Returns
    -------
    OmnibusResult
        `statistic` is W.

    Raises
    ------
    ScoresError
        As in `friedman`.

    See Also
    --------
    friedman

    References
    ----------
    .. [1] Kendall and Babington Smith (1939), Ann. Math. Statist. 10(3), 275-287,
       doi:10.1214/aoms/1177732186.

    Examples
    --------
    >>> import stats
    >>> stats.kendall_w([[1, 2, 3], [1, 2, 3], [1, 3, 2]]).statistic.__round__(3)
    0.778
    """
    result = friedman(
        scores,
        higher_is_better=higher_is_better,
        ties=ties,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
    )
    return result._replaced(  # type: ignore[no-any-return]
        statistic=result.effect, test="Kendall's coefficient of concordance"
    )


def quade_terms(table: Scores, decimals: int | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Quade's S_ij, the rank of each block's range, and the models' weighted mean ranks."""
    k, n = table.n_models, table.n_blocks
    spread = rounded(np.ptp(table.values, axis=1), decimals)
    weight = mid_ranks(spread[None, :])[0]
    ranks = table.ranks()
    terms = weight[:, None] * (ranks - (k + 1) / 2.0)
    means = (weight[:, None] * ranks).sum(axis=0) / (n * (n + 1) / 2.0)
    return terms, weight, means


def quade(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
    decimals: int | None = None,
) -> OmnibusResult:
    """Quade's test: Friedman's with blocks weighted by the rank of their range.

    Null: within each block every order of the models is equally probable. Assumes scores that
    can be compared between blocks; more powerful than `friedman` for few models (about k < 5).

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`.
    decimals : int, optional
        Round differences of scores to so many decimals before ranking them. Left out, decimals
        that are equal on paper but differ in the last bit (0.3 - 0.2 and 0.2 - 0.1) do not tie,
        as in R; give it when scores were printed with few digits.

    Returns
    -------
    OmnibusResult
        `locations` are mean ranks weighted by blocks.

    Raises
    ------
    ScoresError
        Fewer than 3 models or 2 blocks, a missing cell, or every block all ties.

    See Also
    --------
    friedman, aligned_ranks
    mean_rank_z : pairs, with ``ranking="quade"``.

    References
    ----------
    .. [1] Quade (1979), J. Am. Stat. Assoc. 74(367), 680-683,
       doi:10.1080/01621459.1979.10481670.

    Examples
    --------
    >>> import stats
    >>> stats.quade([[5, 4, 7, 10, 12], [1, 3, 1, 0, 2], [16, 12, 22, 22, 35], [5, 4, 3, 5, 4],
    ...        [10, 9, 7, 13, 10], [19, 18, 28, 37, 58], [10, 7, 6, 8, 7]]).statistic.__round__(4)
    3.8293
    """
    table = prepared(
        scores,
        caller="quade",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead=FOR_TWO,
    )
    k, n = table.n_models, table.n_blocks
    terms, _, means = quade_terms(table, decimals)
    whole = float((terms**2).sum())
    between = float((terms.sum(axis=0) ** 2).sum()) / n
    if whole == 0.0:
        raise ScoresError(
            f"quade: all {k} models tie in every one of the {n} blocks, so no rank says anything; "
            "check that the metric varies, or compare a finer one"
        )
    spare = whole - between
    statistic = math.inf if spare <= 1e-12 * whole else (n - 1.0) * between / spare
    df = (k - 1.0, (k - 1.0) * (n - 1.0))
    return OmnibusResult(
        statistic=statistic,
        pvalue=0.0 if math.isinf(statistic) else float(scipy.special.fdtrc(*df, statistic)),
        names=table.models,
        test="the Quade test",
        notes=table.notes,
        df=df,
        locations=means,
        n_blocks=n,
    )


def _exact_means(values: FloatArray) -> FloatArray:
    """Row means rounded once: ranks must not depend on the order in which models are summed.

    The second pass does what R's long doubles do, on every platform.
    """
    k = values.shape[1]
    means = []
    for row in values.tolist():
        first = math.fsum(row) / k
        means.append(first + math.fsum([*row, *([-first] * k)]) / k)
    return np.array(means)


def aligned(table: Scores, decimals: int | None) -> FloatArray:
    """Ranks of all scores together after each block's mean is taken off."""
    values = table.oriented()
    shifted = rounded(values - _exact_means(values)[:, None], decimals)
    return mid_ranks(shifted.reshape(1, -1)).reshape(values.shape)


def aligned_ranks(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
    decimals: int | None = None,
) -> OmnibusResult:
    """Friedman's aligned-ranks test: blocks are centred, then all scores are ranked together.

    Null: no model is shifted against another. Assumes scores on one scale in all blocks, which
    `friedman` does not; more powerful for few models.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`.
    decimals : int, optional
        Round differences of scores to so many decimals before ranking them. Left out, decimals
        that are equal on paper but differ in the last bit (0.3 - 0.2 and 0.2 - 0.1) do not tie,
        as in R; give it when scores were printed with few digits.

    Returns
    -------
    OmnibusResult
        `locations` are mean aligned ranks.

    Raises
    ------
    ScoresError
        Fewer than 3 models or 2 blocks, a missing cell, or every block all ties.

    See Also
    --------
    friedman, quade
    mean_rank_z : pairs, with ``ranking="aligned"``.

    References
    ----------
    .. [1] Hodges and Lehmann (1962), Ann. Math. Statist. 33(2), 482-497,
       doi:10.1214/aoms/1177704575.
    .. [2] Garcia, Fernandez, Luengo and Herrera (2010), Inf. Sci. 180(10), 2044-2064,
       doi:10.1016/j.ins.2009.12.010.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [1.0, 1.2, 0.9, 1.1], "linear": [0.8, 1.1, 0.7, 1.0],
    ...           "lstm": [0.7, 1.0, 0.8, 0.9]}
    >>> stats.aligned_ranks(errors).pvalue.__round__(4)
    0.0539
    """
    table = prepared(
        scores,
        caller="aligned_ranks",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead=FOR_TWO,
    )
    k, n = table.n_models, table.n_blocks
    if float(tie_sums(table.values).sum()) >= n * (k**3 - k):
        raise ScoresError(
            f"aligned_ranks: all {k} models tie in every one of the {n} blocks, so no rank says "
            "anything; check that the metric varies, or compare a finer one"
        )
    ranks = aligned(table, decimals)
    by_model, by_block = ranks.sum(axis=0), ranks.sum(axis=1)
    count = k * n
    # Deviations from the mean, not raw sums of squares: k n = 36,000 would cost 8 digits.
    deviation = float(((by_model - n * (count + 1) / 2.0) ** 2).sum())
    spread = count * (count + 1.0) * (2.0 * count + 1.0) / 6.0 - float((by_block**2).sum()) / k
    statistic = (k - 1.0) * deviation / spread
    return OmnibusResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(k - 1, statistic)),
        names=table.models,
        test="Friedman's aligned-ranks test",
        notes=table.notes,
        df=(k - 1.0,),
        locations=ranks.mean(axis=0),
        n_blocks=n,
    )


def skillings_mack(
    scores: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
) -> OmnibusResult:
    """Skillings and Mack's test: Friedman's for tables with missing cells.

    Null: within each block every order of the models that ran is equally probable, whichever
    cells are missing. Assumes that cells are missing for reasons unrelated to the score: a model
    that fails where it would have done badly profits. Without missing cells and ties it equals
    `friedman`.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_blocks, n_models)
        nan marks a missing cell; blocks with fewer than 2 scores say nothing and are left out.
    higher_is_better, blocks
        As in `friedman`.

    Returns
    -------
    OmnibusResult
        `locations` are mean ranks stretched to the scale of all models in every block.

    Raises
    ------
    ScoresError
        Fewer than 3 models, fewer than 2 usable blocks, or models that never meet, directly or
        through others.

    See Also
    --------
    friedman : for complete tables.
    winners : whether the winner hangs on the missing cells.

    References
    ----------
    .. [1] Skillings and Mack (1981), Technometrics 23(2), 171-177, doi:10.2307/1268034.

    Examples
    --------
    >>> import stats
    >>> holes = [[1.0, 2.0, 3.0], [2.0, float("nan"), 4.0], [0.5, 0.7, 0.9], [1.0, 3.0, 2.0]]
    >>> stats.skillings_mack(holes).pvalue.__round__(3)
    0.059
    """
    table = Scores.of(scores, higher_is_better=higher_is_better, blocks=blocks)
    table.require("skillings_mack", models=3, instead=FOR_TWO)
    values = table.oriented()
    present = ~np.isnan(values)
    usable = present.sum(axis=1) >= 2
    notes = table.notes
    if not usable.all():
        notes = (*notes, f"{(~usable).sum()} blocks with fewer than 2 scores were left out")
    values, present = values[usable], present[usable]
    n, k = values.shape
    if n < 2:
        raise ScoresError(f"skillings_mack needs at least 2 blocks with 2 or more scores, got {n}")
    together = present.T.astype(np.float64) @ present
    if not _connected(together > 0):
        raise ScoresError(
            "some models never share a block with the others, directly or through a third, so "
            "they cannot be compared; drop them or run the missing cells"
        )
    size = present.sum(axis=1)
    # A missing cell ranks last and then takes the block's mean rank, which cancels.
    filled = np.where(present, values, np.inf)
    mean = (size + 1.0) / 2.0
    ranks = np.where(present, mid_ranks(filled), mean[:, None])
    weight = np.sqrt(12.0 / (size + 1.0))
    score = (weight[:, None] * (ranks - mean[:, None])).sum(axis=0)
    covariance = -together
    np.fill_diagonal(covariance, 0.0)
    np.fill_diagonal(covariance, -covariance.sum(axis=1))
    # Its rank is k - 1, so the last model can be left out instead of a pseudo-inverse.
    statistic = float(score[:-1] @ np.linalg.solve(covariance[:-1, :-1], score[:-1]))
    # Second of two is worse than second of five: ranks are stretched to the scale of k models.
    stretched = 1.0 + (ranks - 1.0) * ((k - 1.0) / (size - 1.0))[:, None]
    locations = np.where(present, stretched, 0.0).sum(axis=0) / present.sum(axis=0)
    return OmnibusResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(k - 1, statistic)),
        names=table.models,
        test="the Skillings-Mack test",
        notes=(*notes, f"{(~present).sum()} of {present.size} cells were missing"),
        df=(k - 1.0,),
        locations=locations,
        n_blocks=n,
    )


def _connected(meets: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> bool:
    reached = np.zeros(len(meets), dtype=bool)
    reached[0] = True
    while True:
        grown = reached | meets[reached].any(axis=0)
        if (grown == reached).all():
            return bool(grown.all())
        reached = grown


def cochran_q(
    outcomes: ScoresLike,
    *,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> OmnibusResult:
    """Cochran's Q: whether models succeed equally often on the same cases.

    Null: within each case every assignment of successes to models is equally probable. The
    binary sibling of `friedman`; for two models use `mcnemar`.

    Parameters
    ----------
    outcomes : Scores, DataFrame, ndarray or mapping, shape (n_cases, n_models)
        0 or 1 (or booleans).
    higher_is_better, blocks, missing, baseline
        As in `friedman`; Q is the same either way.

    Returns
    -------
    OmnibusResult
        `locations` are mean ranks of the outcomes.

    Raises
    ------
    ScoresError
        Values other than 0 and 1, fewer than 3 models, or every case all alike.

    See Also
    --------
    friedman, mcnemar

    References
    ----------
    .. [1] Cochran (1950), Biometrika 37(3/4), 256-266, doi:10.1093/biomet/37.3-4.256.

    Examples
    --------
    >>> import stats
    >>> right = [[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0]]
    >>> stats.cochran_q(right).statistic.__round__(3)
    3.5
    """
    table = prepared(
        outcomes,
        caller="cochran_q",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead="for 2 use stats.mcnemar",
    )
    values = table.values
    other = ~np.isin(values, (0.0, 1.0))
    if other.any():
        row, column = np.argwhere(other)[0]
        raise ScoresError(
            f"cochran_q takes 0 and 1; row {row_text(table.blocks[row])}, model "
            f"{table.models[column]!r} is {values[row, column]}; for scores use stats.friedman"
        )
    k, n = table.n_models, table.n_blocks
    by_model, by_case = values.sum(axis=0), values.sum(axis=1)
    below = float((by_case * (k - by_case)).sum())
    if below == 0.0:
        raise ScoresError(
            f"cochran_q: in every one of the {n} cases all {k} models succeed or all fail, so "
            "nothing distinguishes them"
        )
    statistic = (k - 1.0) * k * float(((by_model - by_model.mean()) ** 2).sum()) / below
    return OmnibusResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(k - 1, statistic)),
        names=table.models,
        test="Cochran's Q test",
        notes=table.notes,
        df=(k - 1.0,),
        locations=table.ranks().mean(axis=0),
        n_blocks=n,
    )

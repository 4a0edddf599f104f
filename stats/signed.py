"""Which models differ by signs and signed ranks of their differences: all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy

from stats.blocks import prepared
from stats.errors import OptionError, choice
from stats.mean_ranks import off_diagonal
from stats.results import PairsResult
from stats.scores import Blocks, BoolArray, FloatArray, IntArray, ScoresLike

if TYPE_CHECKING:
    pass

__all__ = ["ALTERNATIVES", "sign_test", "wilcoxon", "win_counts"]

ALTERNATIVES = ("two-sided", "less", "greater")
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
        statistic=off_diagonal(losses.astype(np.float64)),
        pvalue=off_diagonal(pvalue),
        names=table.models,
        test="the sign test",
        notes=notes,
        difference=off_diagonal((losses - losses.T) / n),
        locations=table.ranks().mean(axis=0),
        n_used=off_diagonal(used.astype(np.float64)),
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

"""What a comparison can show before it is run, and how far its verdicts hang on the pool."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy

from stats.blocks import prepared
from stats.errors import OptionError, level
from stats.mean_ranks import critical_difference
from stats.results import Evidence, Table
from stats.scores import Blocks, FloatArray, IntArray, ScoresLike
from stats.studentized_range import range_sf

__all__ = ["PoolDependence", "Preflight", "pool_dependence", "preflight"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Preflight(Evidence):
    """What k models on N blocks can show.

    Parameters
    ----------
    n_models, n_blocks : int
    alpha : float
    critical_difference : float
        Distance of mean ranks that Nemenyi's test separates.
    largest_difference : float
        k - 1: the distance of a model that always wins from one that always loses.
    smallest_pvalue : float
        Of an exact two-sided signed-rank or sign test: 2 / 2^N.
    smallest_adjusted_all_pairs, smallest_adjusted_control : float
        The same after Holm over all pairs, and over comparisons with one control.
    blocks_all_pairs, blocks_control : int
        Blocks from which those can reject at all.
    blocks_nemenyi : int
        Blocks from which Nemenyi's test can separate a model that always wins from one that
        always loses.
    blocks_tenth : int
        Blocks from which Nemenyi's test separates mean ranks a tenth of the scale apart.
    advice : tuple of str
        What to do instead of what cannot work.
    """

    n_models: int
    n_blocks: int
    alpha: float
    critical_difference: float
    largest_difference: float
    smallest_pvalue: float
    smallest_adjusted_all_pairs: float
    smallest_adjusted_control: float
    blocks_all_pairs: int
    blocks_control: int
    blocks_nemenyi: int
    blocks_tenth: int
    advice: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Whether exact pairwise tests with Holm over all pairs can reject anything."""
        return self.n_blocks >= self.blocks_all_pairs

    def _head(self) -> str:
        return (
            f"Before the run: {self.n_models} models, {self.n_blocks} blocks, alpha {self.alpha:g}"
        )

    def _table(self) -> Table:
        pairs = self.n_models * (self.n_models - 1) // 2
        return {
            "question": [
                "critical difference of mean ranks (Nemenyi)",
                "largest possible difference",
                f"smallest p of {pairs} pairs after Holm (exact signed-rank)",
                f"smallest p of {self.n_models - 1} comparisons with a control after Holm",
                "blocks needed for all pairs with Holm",
                "blocks needed against a control with Holm",
                "blocks needed for Nemenyi to separate anything",
                "blocks needed for Nemenyi to separate a tenth of the rank scale",
            ],
            "answer": [
                self.critical_difference,
                self.largest_difference,
                self.smallest_adjusted_all_pairs,
                self.smallest_adjusted_control,
                self.blocks_all_pairs,
                self.blocks_control,
                self.blocks_nemenyi,
                self.blocks_tenth,
            ],
        }

    def _sentences(self) -> list[str]:
        return [
            f"With {self.n_models} models on {self.n_blocks} independent blocks, mean ranks had to "
            f"differ by {self.critical_difference:.2f} (of at most {self.largest_difference:g}) "
            f"to be separated by the Nemenyi test at alpha = {self.alpha:g}."
        ]


def preflight(k: int, n: int, *, alpha: float = 0.05) -> Preflight:
    """What k models on n independent blocks can show, before anything is run.

    Parameters
    ----------
    k : int
        Models, at least 2.
    n : int
        Independent blocks (data sets or series, not folds), at least 1.
    alpha : float

    Returns
    -------
    Preflight
        `summary()` prints it; `advice` (also in `notes`) says which procedure to use instead.

    Raises
    ------
    OptionError
        Fewer than 2 models or 1 block, or alpha outside (0, 1).

    See Also
    --------
    critical_difference, pool_dependence

    Examples
    --------
    >>> import stats
    >>> plan = stats.preflight(240, 20)
    >>> plan.critical_difference.__round__(1), plan.blocks_all_pairs, plan.feasible
    (102.5, 21, False)
    """
    alpha = level(alpha)
    for name, value, least in (("k", k, 2), ("n", n, 1)):
        if isinstance(value, bool) or int(value) != value or value < least:
            raise OptionError(f"{name} must be an integer of at least {least}, got {value!r}")
    k, n = int(k), int(n)
    pairs = k * (k - 1) // 2
    difference = critical_difference(n, k, alpha=alpha)
    smallest = min(1.0, 2.0 ** (1 - n))
    unit = difference * math.sqrt(n)
    nemenyi = math.ceil((unit / (k - 1)) ** 2 - 1e-9)
    tenth = math.ceil((unit / (0.1 * (k - 1))) ** 2 - 1e-9)
    all_pairs, control = _exact_blocks(pairs, alpha), _exact_blocks(k - 1, alpha)
    advice: list[str] = []
    if n < all_pairs:
        advice.append(
            f"exact signed-rank or sign tests with Holm over {pairs} pairs cannot reject below "
            f"N = {all_pairs}: compare with a control (versus_control, from N = {control}) or "
            "with the best (mcb), or add blocks"
        )
    if n < nemenyi:
        advice.append(
            f"Nemenyi's critical difference {difference:.1f} exceeds the largest possible "
            f"distance {k - 1}: with {n} blocks it cannot separate anything; it needs N = {nemenyi}"
        )
    elif difference > 0.25 * (k - 1):
        advice.append(
            f"Nemenyi's critical difference {difference:.1f} is more than a quarter of the rank "
            "scale: use mcb or versus_control, sign_flip_max_t, or fewer models chosen beforehand"
        )
    if k > 50:
        advice.append(
            f"{pairs} pairs are more than a reader can use: report the set that may be the best "
            "(mcb, model_confidence_set) and comparisons with the reference"
        )
    if not advice:
        advice.append(
            "all pairs are within reach: wilcoxon with Holm or sign_flip_max_t, whose verdicts "
            "do not depend on who else is in the pool"
        )
    return Preflight(
        names=(),
        test="preflight",
        notes=tuple(advice),
        n_models=k,
        n_blocks=n,
        alpha=alpha,
        critical_difference=difference,
        largest_difference=k - 1.0,
        smallest_pvalue=smallest,
        smallest_adjusted_all_pairs=min(1.0, smallest * pairs),
        smallest_adjusted_control=min(1.0, smallest * (k - 1)),
        blocks_all_pairs=all_pairs,
        blocks_control=control,
        blocks_nemenyi=nemenyi,
        blocks_tenth=tenth,
        advice=tuple(advice),
    )


def _exact_blocks(family: int, alpha: float) -> int:
    """The fewest blocks N with family * 2 / 2^N <= alpha."""
    n = 1
    while family * 2.0 ** (1 - n) > alpha:
        n += 1
    return n


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PoolDependence(Evidence):
    """How many verdicts about pairs change when one other model leaves the pool.

    Parameters
    ----------
    separated : ndarray of bool, shape (n_models, n_models)
        Verdicts with all models.
    flips : ndarray of int, shape (n_models, n_models)
        [i, j]: models whose leaving changes the verdict about i and j.
    reversals : ndarray of int, shape (n_models, n_models)
        [i, j]: models whose leaving turns round which of i and j has the better mean rank.
    culprits : ndarray of int, shape (n_models,)
        Pairs whose verdict changes when this model leaves.
    verdict : str
        How verdicts were reached.
    """

    separated: FloatArray
    flips: IntArray
    reversals: IntArray
    culprits: IntArray
    alpha: float
    verdict: str

    @property
    def fragile_pairs(self) -> int:
        """Pairs whose verdict changes when some one model leaves."""
        return int((np.triu(self.flips, 1) > 0).sum())

    @property
    def reversed_pairs(self) -> int:
        """Pairs whose order of mean ranks turns round when some one model leaves."""
        return int((np.triu(self.reversals, 1) > 0).sum())

    def _head(self) -> str:
        k = len(self.names)
        pairs = k * (k - 1) // 2
        return (
            f"Pool dependence of mean-rank verdicts ({self.verdict}, alpha {self.alpha:g}): "
            f"{self.fragile_pairs} of {pairs} verdicts and {self.reversed_pairs} orders change "
            "when one other model is dropped"
        )

    def _table(self) -> Table:
        k = len(self.names)
        first, second = np.triu_indices(k, 1)
        fragile = (self.flips[first, second] > 0) | (self.reversals[first, second] > 0)
        first, second = first[fragile], second[fragile]
        return {
            "first": [self.names[i] for i in first],
            "second": [self.names[j] for j in second],
            "separated": [bool(v) for v in self.separated[first, second]],
            "flips": self.flips[first, second].tolist(),
            "reversals": self.reversals[first, second].tolist(),
        }

    def _sentences(self) -> list[str]:
        return [self._head() + "."]


def pool_dependence(
    scores: ScoresLike,
    *,
    alpha: float = 0.05,
    verdict: str = "nemenyi",
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
) -> PoolDependence:
    """How many mean-rank verdicts change when one other model is dropped.

    The mean ranks of two models depend on who else is ranked, so adding or leaving out a third
    can make a difference appear, vanish or turn round. `wilcoxon`, `sign_test` and
    `sign_flip_max_t` (apart from its adjustment) look at the two alone and cannot flip.

    Parameters
    ----------
    scores, higher_is_better, blocks, missing, baseline
        As in `friedman`, with at least 3 models.
    alpha : float
    verdict : {"nemenyi", "z"}
        Nemenyi's test (the critical difference shrinks with the pool), or raw normal tests.

    Returns
    -------
    PoolDependence
        `fragile_pairs`, `reversed_pairs`, `culprits`.

    Raises
    ------
    ScoresError
        Fewer than 3 models or 2 blocks, or a missing cell.

    See Also
    --------
    wilcoxon, nemenyi

    References
    ----------
    .. [1] Benavoli, Corani and Mangili (2016), JMLR 17(5), 1-10.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> audit = stats.pool_dependence(rng.normal(size=(40, 12)) + np.arange(12) / 6)
    >>> audit.fragile_pairs, audit.reversed_pairs
    (2, 2)
    """
    alpha = level(alpha)
    if verdict not in ("nemenyi", "z"):
        raise OptionError(f"verdict must be one of 'nemenyi', 'z'; got {verdict!r}")
    table = prepared(
        scores,
        caller="pool_dependence",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead="with 2 there is no pool",
    )
    k, n = table.n_models, table.n_blocks
    values = table.oriented()
    # Without model m, the rank of j falls by 1 where m beats j and by 1/2 where they tie.
    beaten = np.empty((k, k))
    for model in range(k):
        column = values[:, [model]]
        beaten[model] = ((column < values) + 0.5 * (column == values)).mean(axis=0)
    means = table.ranks().mean(axis=0)
    difference = means[:, None] - means[None, :]

    def separated(distance: FloatArray, models: int) -> FloatArray:
        z = np.abs(distance) / math.sqrt(models * (models + 1.0) / (6.0 * n))
        p = (
            range_sf(z * math.sqrt(2.0), models)
            if verdict == "nemenyi"
            else 2.0 * scipy.special.ndtr(-z)
        )
        return np.asarray(p <= alpha, dtype=np.float64)

    before = separated(difference, k)
    flips = np.zeros((k, k), dtype=np.int64)
    reversals = np.zeros((k, k), dtype=np.int64)
    culprits = np.zeros(k, dtype=np.int64)
    for model in range(k):
        without = difference - (beaten[model][:, None] - beaten[model][None, :])
        changed = separated(without, k - 1) != before
        turned = without * difference < -1e-12
        for matrix in (changed, turned):
            matrix[model, :] = False
            matrix[:, model] = False
        flips += changed
        reversals += turned
        culprits[model] = int(np.triu(changed, 1).sum())
    return PoolDependence(
        names=table.models,
        test="pool dependence of mean ranks",
        notes=table.notes,
        separated=before,
        flips=flips,
        reversals=reversals,
        culprits=culprits,
        alpha=alpha,
        verdict="Nemenyi" if verdict == "nemenyi" else "normal tests",
    )

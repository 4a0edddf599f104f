"""One comparison of models on blocks: omnibus test, ranks, pairs, groups and effect sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stats.blocks import prepared
from stats.effect import WinTieLoss, win_tie_loss
from stats.errors import OptionError, ScoresError, choice, level
from stats.mean_ranks import conover, mean_rank_z, nemenyi
from stats.omnibus import aligned_ranks, friedman, iman_davenport, quade, skillings_mack
from stats.resample import sign_flip_max_t
from stats.results import Evidence, OmnibusResult, PairsResult, Table, judged
from stats.scores import MISSING, Blocks, FloatArray, Scores, ScoresLike
from stats.signed import sign_test, wilcoxon

if TYPE_CHECKING:
    from stats.figures import Figure

__all__ = ["Comparison", "compare", "winners"]


OMNIBUS: dict[str, Callable[..., OmnibusResult]] = {
    "friedman": friedman,
    "iman_davenport": iman_davenport,
    "aligned_ranks": aligned_ranks,
    "quade": quade,
}
JOINT: dict[str, Callable[..., PairsResult]] = {
    "nemenyi": nemenyi,
    "sign_flip_max_t": sign_flip_max_t,
}
ADJUSTED: dict[str, Callable[..., PairsResult]] = {
    "wilcoxon": wilcoxon,
    "sign_test": sign_test,
    "conover": conover,
    "mean_rank_z": mean_rank_z,
}
FEW_MODELS = 15
"""Up to so many models a summary lists all groups."""

POLICIES = (*MISSING, "skillings_mack")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Comparison(Evidence):
    """An omnibus test, mean ranks, all pairs and effect sizes on the same blocks.

    Parameters
    ----------
    omnibus : OmnibusResult
    pairs : PairsResult
        With the p-values that the groups are read from.
    effects : WinTieLoss
        Wins, ties and losses of every pair.
    mean_ranks, mean_scores : ndarray, shape (n_models,)
    n_blocks : int
    """

    omnibus: OmnibusResult
    pairs: PairsResult
    effects: WinTieLoss
    mean_ranks: FloatArray
    mean_scores: FloatArray
    n_blocks: int

    @property
    def statistic(self) -> float:
        """The omnibus statistic."""
        return self.omnibus.statistic

    @property
    def pvalue(self) -> float:
        """The omnibus p-value."""
        return self.omnibus.pvalue

    @property
    def ranks(self) -> dict[str, float]:
        """Mean rank by model, best first."""
        order = np.argsort(self.mean_ranks, kind="stable")
        return {self.names[i]: float(self.mean_ranks[i]) for i in order}

    @property
    def winner(self) -> str:
        """The model with the smallest mean rank, which need not be separated from the next."""
        return self.names[int(np.argmin(self.mean_ranks))]

    def rejects(self, alpha: float = 0.05) -> bool:
        """Whether the omnibus test rejects "all models are alike"."""
        return bool(self.omnibus.rejects(alpha))

    def groups(self, alpha: float = 0.05) -> tuple[tuple[str, ...], ...]:
        """Maximal sets of models that no pair test separates, best first."""
        return self.pairs.groups(alpha)

    def letters(self, alpha: float = 0.05) -> dict[str, str]:
        """Compact letter display of `groups`."""
        return self.pairs.letters(alpha)

    def figure(self, *, alpha: float = 0.05, width: float = 860.0, kind: str = "ranks") -> Figure:
        """The picture of the pairs.

        Parameters
        ----------
        alpha, width : float
        kind : {"ranks", "matrix"}
            Mean ranks with groups or intervals, or the multi-comparison matrix of up to 12
            models: mean differences, wins, ties, losses and p-values of all pairs.
        """
        if choice(kind, ("ranks", "matrix"), name="kind") == "ranks":
            return self.pairs.figure(alpha=alpha, width=width)
        from stats.figures import comparison_matrix

        order = np.argsort(self.mean_ranks, kind="stable")
        square = np.ix_(order, order)
        with np.errstate(invalid="ignore"):
            net = -np.sign(np.nan_to_num(self.pairs.difference))
        return comparison_matrix(
            [self.names[i] for i in order],
            self.mean_scores[order].tolist(),
            self.effects.wins[square].astype(int).tolist(),
            self.effects.ties[square].astype(int).tolist(),
            self.pairs.pvalue[square].tolist(),
            net=net[square].tolist(),
            alpha=level(alpha),
            width=width,
            caption=f"{self.pairs._head()}, alpha = {alpha:g}",
        )

    def _head(self) -> str:
        return f"{self.omnibus._head()}\n{self.pairs._head()}"

    def _table(self) -> Table:
        order = np.argsort(self.mean_ranks, kind="stable")
        best = order[0]
        p = self.pairs.pvalue[best]
        return {
            "model": [self.names[i] for i in order],
            "mean_rank": self.mean_ranks[order].tolist(),
            "mean_score": self.mean_scores[order].tolist(),
            "wins": [int(self.effects.wins[i].sum()) for i in order],
            "loses_to_best": [
                0.5 if i == best else float(self.effects.superiority[best, i]) for i in order
            ],
            "pvalue_to_best": [1.0 if i == best else float(p[i]) for i in order],
        }

    def summary(self, *, alpha: float = 0.05) -> str:
        """Plain text: tests, ranks, groups at `alpha` and notes."""
        if len(self.names) <= FEW_MODELS:
            told = [f"Not separated at alpha = {alpha:g}:"]
            told += [f"  {', '.join(group)}" for group in self.groups(alpha)]
        else:
            # Groups of many models overlap in thousands of ways: one question has one answer.
            best = int(np.argmin(self.mean_ranks))
            near = np.flatnonzero(~self.pairs.separated(alpha)[best])
            order = near[np.argsort(self.mean_ranks[near], kind="stable")]
            shown = ", ".join(self.names[i] for i in order[:20]) + (
                ", ..." if near.size > 20 else ""
            )
            told = [f"{near.size} models not separated from the best at alpha = {alpha:g}: {shown}"]
        return "\n".join([super().summary(), "", *told])

    def methods(self, *, alpha: float = 0.05) -> str:
        """The paragraph for the paper: variants, sizes, correction, level, versions."""
        return judged(super().methods(), alpha)

    def _sentences(self) -> list[str]:
        return [
            *self.omnibus._sentences(),
            *self.pairs._sentences(),
            "Groups are maximal sets of models that no pair test separates.",
        ]


def compare(
    scores: ScoresLike,
    *,
    omnibus: str = "friedman",
    pairs: str = "nemenyi",
    adjust: str = "holm",
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
    missing: str = "raise",
    baseline: str | None = None,
    rng: np.random.Generator | int | None = None,
) -> Comparison:
    """Compare at least 3 models on independent blocks.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_blocks, n_models)
        One score per block and model, lower is better unless said otherwise. A block is an
        independent unit (a data set, a series): average its folds first, or say which row
        belongs to which block with `blocks`.
    omnibus : {"friedman", "iman_davenport", "aligned_ranks", "quade"}
    pairs : {"nemenyi", "wilcoxon", "sign_test", "conover", "mean_rank_z", "sign_flip_max_t"}
        "nemenyi" is what critical difference diagrams show; "wilcoxon" and "sign_flip_max_t" do
        not depend on who else is in the pool.
    adjust : str
        Adjustment of tests that are not joint: see `stats.adjusted`.
    higher_is_better, blocks, baseline
        As in `friedman`.
    missing : {"raise", "drop_blocks", "impute_baseline", "skillings_mack"}
        "skillings_mack" keeps the holes: the omnibus test is Skillings and Mack's, and each pair
        is compared on the blocks where both ran (pairs must be "wilcoxon" or "sign_test").
    rng : numpy Generator or int, optional
        Needed by "sign_flip_max_t" and by nothing else.

    Returns
    -------
    Comparison
        `omnibus`, `ranks`, `pairs`, `effects`, `groups(alpha)`, `summary()`, `to_frame()`,
        `to_latex()`, `plot()`, `methods()`.

    Raises
    ------
    ScoresError
        Fewer than 3 models or 2 blocks, a missing cell, or every block all ties.
    OptionError
        An unknown option, or options that do not go together.

    Warns
    -----
    DependentBlocksWarning
        Rows look like several measurements of the same unit.

    See Also
    --------
    versus_control : against a model chosen beforehand.
    mcb : which models may be the best.
    diebold_mariano : losses over time instead of blocks.
    winners : whether the winner hangs on missing cells.

    References
    ----------
    .. [1] Demsar (2006), JMLR 7, 1-30.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(1)
    >>> result = stats.compare(rng.normal(size=(30, 4)) + [0, 0, 1, 2])
    >>> result.winner, result.rejects(alpha=0.05), result.groups(alpha=0.05)
    ('m0', True, (('m0', 'm1'), ('m1', 'm2'), ('m3',)))
    """
    choice(omnibus, OMNIBUS, name="omnibus")
    choice(pairs, {**JOINT, **ADJUSTED}, name="pairs")
    choice(missing, POLICIES, name="missing")
    if (pairs == "sign_flip_max_t") != (rng is not None):
        raise OptionError(
            "rng= goes with pairs='sign_flip_max_t', which draws random signs, and with nothing "
            f"else; got pairs={pairs!r}, rng={rng!r}"
        )
    if missing == "skillings_mack":
        return _with_holes(scores, pairs, adjust, higher_is_better, blocks, baseline)
    table = prepared(
        scores,
        caller="compare",
        higher_is_better=higher_is_better,
        blocks=blocks,
        missing=missing,
        baseline=baseline,
        models=3,
        instead="for 2 use stats.wilcoxon",
    )
    # The parts need not repeat what was done to the table: the whole says it once.
    plain = table._with(notes=())
    if pairs == "sign_flip_max_t":
        tested = sign_flip_max_t(plain, rng=rng if rng is not None else 0)
    elif pairs in JOINT:
        tested = JOINT[pairs](plain)
    else:
        tested = ADJUSTED[pairs](plain).adjusted(adjust)
    return Comparison(
        names=table.models,
        test=f"comparison of {table.n_models} models",
        notes=(*table.notes, *tested.notes),
        omnibus=OMNIBUS[omnibus](plain),
        pairs=tested,
        effects=win_tie_loss(plain),
        mean_ranks=table.ranks().mean(axis=0),
        mean_scores=table.values.mean(axis=0),
        n_blocks=table.n_blocks,
    )


def _with_holes(
    scores: ScoresLike,
    pairs: str,
    adjust: str,
    higher_is_better: bool | None,
    blocks: Blocks,
    baseline: str | None,
) -> Comparison:
    if pairs not in ("wilcoxon", "sign_test"):
        raise OptionError(
            f"missing='skillings_mack' compares each pair where both ran, which pairs={pairs!r} "
            "cannot; use pairs='wilcoxon' or 'sign_test', or missing='drop_blocks'"
        )
    if baseline is not None:
        raise OptionError("baseline= goes with missing='impute_baseline' only")
    table = Scores.of(scores, higher_is_better=higher_is_better, blocks=blocks)
    omnibus = skillings_mack(table)
    k = table.n_models
    shape = {name: np.full((k, k), np.nan) for name in ("statistic", "pvalue", "difference")}
    used, wins, ties = np.full((k, k), np.nan), np.zeros((k, k)), np.zeros((k, k))
    for i in range(k):
        for j in range(i + 1, k):
            both = table.select([table.models[i], table.models[j]])
            rows = np.flatnonzero(~np.isnan(both.values).any(axis=1))
            used[i, j] = used[j, i] = rows.size
            if rows.size < 2:
                continue
            complete = both._with(
                values=both.values[rows],
                blocks=tuple(both.blocks[row] for row in rows),
                declared=True,
                notes=(),
            )
            pair = ADJUSTED[pairs](complete)
            for name, matrix in shape.items():
                matrix[i, j] = getattr(pair, name)[0, 1]
                matrix[j, i] = getattr(pair, name)[1, 0]
            oriented = complete.oriented()
            wins[i, j] = (oriented[:, 0] < oriented[:, 1]).sum()
            wins[j, i] = (oriented[:, 0] > oriented[:, 1]).sum()
            ties[i, j] = ties[j, i] = rows.size - wins[i, j] - wins[j, i]
    if np.isnan(shape["pvalue"][np.triu_indices(k, 1)]).all():
        raise ScoresError(
            "no two models ran on 2 common blocks, so no pair can be compared; run missing cells"
        )
    tested = PairsResult(
        names=table.models,
        test=("the Wilcoxon signed-rank test" if pairs == "wilcoxon" else "the sign test")
        + " on the blocks where both models ran",
        statistic=shape["statistic"],
        pvalue=shape["pvalue"],
        difference=shape["difference"],
        locations=omnibus.locations,
        n_used=used,
        n_blocks=omnibus.n_blocks,
    ).adjusted(adjust)
    return Comparison(
        names=table.models,
        test=f"comparison of {k} models with missing cells",
        notes=omnibus.notes,
        omnibus=omnibus._replaced(notes=()),
        pairs=tested,
        effects=WinTieLoss(
            names=table.models,
            test="win/tie/loss counts",
            wins=wins,
            ties=ties,
            n_blocks=omnibus.n_blocks,
        ),
        mean_ranks=omnibus.locations,
        mean_scores=np.nanmean(table.values, axis=0),
        n_blocks=omnibus.n_blocks,
    )


def winners(
    scores: ScoresLike,
    *,
    baseline: str | None = None,
    higher_is_better: bool | None = None,
    blocks: Blocks = None,
) -> dict[str, str]:
    """The model with the best mean rank under each way to treat missing cells.

    A verdict that hangs on the treatment of failures should not be printed without saying so.

    Parameters
    ----------
    scores, higher_is_better, blocks
        As in `friedman`.
    baseline : str, optional
        Given, "impute_baseline" is among the ways.

    Returns
    -------
    dict
        Policy to name of the winner; a policy that leaves fewer than 2 blocks is left out.

    Raises
    ------
    ScoresError
        Fewer than 2 models, or a baseline with a hole.

    See Also
    --------
    compare, skillings_mack

    Examples
    --------
    >>> import stats
    >>> holes = {"a": [1.0, 1.0, 9.0, 9.0, 9.0], "b": [2.0] * 5,
    ...          "c": [3.0, 3.0, float("nan"), float("nan"), float("nan")]}
    >>> stats.winners(holes)
    {'drop_blocks': 'a', 'skillings_mack': 'b'}
    """
    table = Scores.of(scores, higher_is_better=higher_is_better, blocks=blocks)
    table.require("winners", models=2)
    found: dict[str, str] = {}
    dropped = table.complete("drop_blocks")
    if dropped.n_blocks >= 2:
        found["drop_blocks"] = _best(dropped.ranks())(table)
    if baseline is not None:
        filled = table.complete("impute_baseline", baseline=baseline)
        found["impute_baseline"] = _best(filled.ranks())(table)
    if table.n_models >= 3:
        locations = skillings_mack(table).locations
        found["skillings_mack"] = table.models[int(np.argmin(locations))]
    return found


def _best(ranks: FloatArray) -> Callable[[Scores], str]:
    at = int(np.argmin(ranks.mean(axis=0)))
    return lambda table: table.models[at]

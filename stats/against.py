"""Which models differ from a control, and which from the best, by mean ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from stats.blocks import prepared
from stats.errors import ScoresTypeError, choice, level
from stats.mean_ranks import RANKS_OF, critical_difference, mean_ranks
from stats.results import BestResult, ControlResult
from stats.scores import Blocks, FloatArray, ScoresLike
from stats.signed import ALTERNATIVES
from stats.studentized_range import many_to_one_sf, range_sf

if TYPE_CHECKING:
    from stats.figures import Figure

__all__ = ["RankBestResult", "bonferroni_dunn", "mcb", "versus_control"]


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
    means, error = mean_ranks(table, ranking, decimals, "versus_control")
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
        test=f"normal tests of {RANKS_OF[ranking]}",
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
    means, error = mean_ranks(table, "friedman", None, "mcb")
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

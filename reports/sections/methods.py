"""A methods paragraph that can be copied into a paper."""

from __future__ import annotations

from reports import confidence as sets
from reports import joint
from reports.confidence import LEVEL
from reports.document import Block, Paragraph, Section
from reports.findings import ALPHA, Findings
from reports.format import plural
from reports.losses import loss_name

__all__ = ["section"]

_VARIANCES = {
    "rect": "for one step ahead the plain variance with the correction and t distribution of "
    "Harvey, Leybourne and Newbold [6]",
    "wpe": "beyond one step the weighted periodogram estimate with its fixed-smoothing t "
    "distribution [8]",
}


def section(findings: Findings) -> Section:
    """What was computed and how, with the numbers of this run filled in."""
    panels = [panel for panel in findings.panels if panel.ranking.tested]
    blocks: list[Block] = []
    if panels:
        ks = sorted({len(panel.ranking.models) for panel in panels})
        ns = sorted({len(panel.ranking.blocks) for panel in panels})
        k = f"{ks[0]}" if len(ks) == 1 else f"{ks[0]} to {ks[-1]}"
        n = f"{ns[0]}" if len(ns) == 1 else f"{ns[0]} to {ns[-1]}"
        blocks.append(
            Paragraph(
                (
                    f"For each of {plural(len(findings.panels), 'combination')} of task and "
                    f"horizon, {k} models were ranked within {n} targets by the primary metric "
                    "averaged over folds (rank 1 = best, ties share their mean rank). "
                    "Equality of all models was tested with Friedman's χ² corrected for ties [1] "
                    "and the F statistic of Iman and Davenport [2]. Pairs were compared with the "
                    "Nemenyi test [3, 4]: two models differ when their average ranks are at least "
                    f"the critical difference q·√(k(k+1)/(6N)) apart, at α = {ALPHA}. Groups are "
                    "the maximal sets of models of which no pair differs."
                    if findings.evidence
                    else f"{k} models were ranked within {n} blocks (rank 1 = best, ties share "
                    "their mean rank). Equality of all models was tested with Friedman's χ² "
                    "corrected for ties [1] and the F statistic of Iman and Davenport [2]; pairs "
                    f"with the Nemenyi test [3, 4] at α = {ALPHA}.",
                )
            )
        )
        blocks.append(
            Paragraph(
                (
                    "Blocks of the rank tests are targets and not folds, because folds of one "
                    "series are dependent and would reject true null hypotheses far too often. "
                    "A target on which a compared model has no complete result was left out; a "
                    "model without any complete result was not compared.",
                )
            )
        )
    with_forecasts = [panel for panel in findings.panels if panel.forecasts]
    if with_forecasts:
        kinds = dict.fromkeys(
            f"{loss_name(panel.task, panel.metric)} ({panel.task})" for panel in with_forecasts
        )
        used = {
            forecast.variance for panel in with_forecasts for forecast in panel.forecasts.values()
        }
        estimators = [text for name, text in _VARIANCES.items() if name in used]
        blocks.append(
            Paragraph(
                (
                    "Forecasts of one target and horizon were compared with the test of Diebold "
                    "and Mariano [5] on the losses of all origins, test folds pooled in time "
                    f"order: {', '.join(kinds)}. Two-sided p-values were adjusted by Holm's method "
                    "[7] within each target and horizon, once over the comparisons with the "
                    "reference and once over all pairs. Long-run variance: "
                    f"{'; '.join(estimators)}.",
                )
            )
        )
        blocks.append(
            Paragraph(
                (
                    f"The models that cannot be told from the best of a target form its model "
                    f"confidence set [9] at level {1 - LEVEL:.0%} (range statistic, "
                    f"{sets.N_DRAWS} draws of the stationary bootstrap with a mean block length of "
                    "√T or the horizon, whichever is longer). That all models of a target are "
                    "equally good was tested with the multivariate Diebold–Mariano test of Mariano "
                    "and Preve [10], Holm over targets.",
                )
            )
        )
    if findings.joint:
        blocks.append(
            Paragraph(
                (
                    "All horizons of a target were judged together by the tests of uniform and of "
                    "average superior predictive ability [11] against the reference, with "
                    f"{joint.N_DRAWS} draws of the moving block bootstrap and Holm's correction "
                    "over both directions of all comparisons of a target. The uniform test takes "
                    "the largest p-value of the horizons, so that it keeps its level wherever in "
                    "the null hypothesis the truth lies.",
                )
            )
        )
    return Section("methods", "Methods, to be cited", tuple(blocks))

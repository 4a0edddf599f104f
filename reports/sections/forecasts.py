"""Forecast comparison: Diebold-Mariano tests for each task, horizon and target."""

from __future__ import annotations

import math

import numpy as np

from reports.confidence import LEVEL, N_DRAWS, Confidence
from reports.document import (
    Block,
    Column,
    Entry,
    Group,
    Inline,
    Model,
    Note,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
)
from reports.findings import ALPHA, Findings, FloatArray, Forecasts, Panel
from reports.format import blank, decimal, number, plural, probability, pvalue, word
from reports.losses import loss_name
from reports.widths import picture
from stats.figures import Figure, significance_matrix

__all__ = ["section"]

# All pairs are told as a square table as long as it can be read.
_MOST_PAIRS = 15
_MOST_NOTES = 6
_MOST_ROWS = 100


def section(findings: Findings) -> Section | None:
    """Tables against the reference, and counts of all pairs; nothing without predictions."""
    panels = [panel for panel in findings.panels if panel.forecasts]
    if not panels:
        return None
    blocks: list[Block] = [
        Paragraph(
            (
                "Losses at each origin of the pooled test folds, in time order, are compared with "
                "the test of Diebold and Mariano. Statistics below 0 favour the model of the row. "
                "▲: significantly better, ▼: significantly worse than the reference at "
                f"α = {ALPHA} after Holm's correction within the target. Nothing is corrected over "
                "targets, tasks and horizons: were all models alike, about one target in twenty "
                "would still show a mark.",
            )
        )
    ]
    blocks += [
        Group(
            f"dm-{panel.key}",
            panel.title.capitalize(),
            tuple(_panel(panel, findings.confidence[panel.key])),
            task=panel.task,
            horizon=panel.horizon,
        )
        for panel in panels
    ]
    return Section("forecasts", "Forecast comparison", tuple(blocks))


def _panel(panel: Panel, confidence: Confidence) -> list[Block]:
    blocks: list[Block] = []
    if panel.reference is None:
        blocks.append(Note(("No reference model here: only pairs are compared.",), "warning"))
    else:
        blocks.append(_against(panel, panel.reference))
    models = [model for model in panel.order if any(model in f.models for f in _of(panel))]
    if 2 <= len(models) <= _MOST_PAIRS:
        blocks.append(_pairs(panel, models))
    elif models:
        title = f"Forecasts of all pairs: {panel.title}"
        net = _net(panel, models).tolist()

        def layout(width: float) -> Figure:
            return significance_matrix(models, net, title=title, width=width)

        blocks.append(picture(f"dm-pairs-{panel.key}", layout, _pair_counts(panel)))
    if confidence.pvalues:
        blocks += _sets(panel, confidence)
    untested = [target for target in panel.targets if target not in panel.forecasts]
    if untested:
        text = "fewer than two models with complete results, or too few origins in common"
        blocks.append(Note((f"Not tested on {', '.join(untested)}: {text}.",), "warning"))
    told: dict[str, list[str]] = {}
    for forecast in _of(panel):
        for note in forecast.notes:
            told.setdefault(note, []).append(forecast.target)
    for note, targets in list(told.items())[:_MOST_NOTES]:
        where = "every target" if len(targets) == len(panel.forecasts) else ", ".join(targets)
        blocks.append(Note((f"On {where}: {note}.",), "warning"))
    if any(_undefined(forecast.pvalue) for forecast in _of(panel)):
        text = "Undefined tests are left out of their family and never counted as equal."
        blocks.append(Note((text,)))
    return blocks


def _of(panel: Panel) -> list[Forecasts]:
    return list(panel.forecasts.values())


def _undefined(pvalue: FloatArray) -> int:
    upper = pvalue[np.triu_indices(len(pvalue), 1)]
    return int(np.isnan(upper).sum())


def _against(panel: Panel, reference: str) -> Table:
    columns = [Column("Model", "text"), Column("▲"), Column("like"), Column("▼")]
    columns += [Column(target, target=target) for target in panel.forecasts]
    rows = []
    others = [model for model in panel.order if model != reference]
    for model in others[:_MOST_ROWS]:
        better, like, worse = panel.verdicts(model)
        entries = [
            word(model, model=model),
            number(better, str(better), tone="better" if better else ""),
            number(like, str(like)),
            number(worse, str(worse), tone="worse" if worse else ""),
            *(_verdict(forecast, model, reference) for forecast in _of(panel)),
        ]
        rows.append(Row(tuple(entries), model=model, task=panel.task, horizon=panel.horizon))
    times = sorted({forecast.n_times for forecast in _of(panel)})
    told = " to ".join(str(t) for t in dict.fromkeys([times[0], times[-1]]))
    caption: tuple[Inline, ...] = (
        "Diebold–Mariano statistic against ",
        Model(reference),
        f" by target; loss: {loss_name(panel.task, panel.metric)}, T = {told} origins. ",
        "Family of Holm: the models of one target.",
    )
    if len(others) > _MOST_ROWS:
        told = f" The {_MOST_ROWS} best of {len(others)} models by average rank; "
        caption = (*caption, told, "the leaderboard counts the targets of all.")
    return Table(f"dm-{panel.key}", caption, tuple(columns), tuple(rows))


def _verdict(forecast: Forecasts, model: str, reference: str) -> Entry:
    if model not in forecast.models or reference not in forecast.models:
        return blank("no complete result")
    statistic = forecast.of(model, reference)[0]
    if math.isnan(statistic):
        return blank("undefined: identical losses or no positive variance estimate")
    adjusted = forecast.against[model]
    significant = adjusted <= ALPHA
    tone = ("better" if statistic < 0 else "worse") if significant else ""
    mark = {"better": "▲ ", "worse": "▼ "}.get(tone, "")
    return number(
        statistic,
        f"{mark}{decimal(statistic, 2)}",
        tone=tone,
        note=f"Holm {pvalue(adjusted)}",
    )


def _pairs(panel: Panel, models: list[str]) -> Table:
    """How often each model is significantly better than each other, over the targets."""
    columns = [Column("better ↓ than →", "text")]
    columns += [Column(model, note="targets") for model in models]
    rows = []
    for one in models:
        entries = [word(one, model=one)]
        for other in models:
            if one == other:
                entries.append(word("", tone="quiet"))
                continue
            won = lost = 0
            for forecast in _of(panel):
                if one not in forecast.models or other not in forecast.models:
                    continue
                statistic, _, adjusted = forecast.of(one, other)
                if adjusted <= ALPHA:
                    won += statistic < 0
                    lost += statistic > 0
            tone = "better" if won > lost else "quiet"
            entries.append(number(won, str(won), tone=tone))
        rows.append(Row(tuple(entries), model=one, task=panel.task, horizon=panel.horizon))
    caption: tuple[Inline, ...] = (
        Strong("All pairs. "),
        f"Targets (of {len(panel.forecasts)}) on which the model of the row is significantly "
        "better than the model of the column; family of Holm: all pairs of one target.",
    )
    return Table(f"dm-pairs-{panel.key}", caption, tuple(columns), tuple(rows), sortable=False)


def _sets(panel: Panel, confidence: Confidence) -> list[Block]:
    """Who may be the best on each target, and whether the models differ there at all."""
    blocks: list[Block] = []
    sizes = confidence.sizes
    between = " to ".join(str(s) for s in dict.fromkeys([min(sizes), max(sizes)]))
    told = (
        f"Model confidence set at {1 - LEVEL:.0%} of each target: the models that cannot be told "
        f"from its best (range statistic, {N_DRAWS} draws of a stationary bootstrap). Sets "
        f"hold {between} of {len(panel.models)} models. A set misses the best model of its target "
        f"with a probability of up to {LEVEL:.0%}, so of {len(sizes)} sets some may."
    )
    if len(panel.models) <= _MOST_PAIRS:
        blocks.append(_set_table(panel, confidence, told))
    else:
        blocks.append(Paragraph((told, " The leaderboard counts them for every model.")))
    differ, tested = confidence.told_apart
    if tested:
        undefined = len(confidence.alike) - tested
        blocks.append(
            Paragraph(
                (
                    "Joint test that all models forecast equally well (Mariano and Preve, Holm "
                    f"over targets): rejected on {differ} of {plural(tested, 'target')}"
                    + (
                        f"; it has no statistic on {undefined}, where its covariance estimate is "
                        "not positive."
                        if undefined
                        else "."
                    ),
                )
            )
        )
    if confidence.left_out:
        blocks.append(
            Note((f"Sets of {confidence.left_out} more targets were not computed.",), "warning")
        )
    return blocks


def _set_table(panel: Panel, confidence: Confidence, told: str) -> Table:
    columns = [Column("Model", "text"), Column("in sets", note="targets whose set holds the model")]
    columns += [Column(target, target=target) for target in confidence.pvalues]
    rows = []
    for model in panel.order:
        if not confidence.compared(model):
            continue
        held = confidence.included(model)
        entries = [word(model, model=model), number(held, str(held))]
        for found in confidence.pvalues.values():
            if model not in found:
                entries.append(blank("no complete result"))
                continue
            p = found[model]
            # A bootstrap cannot say how small a p-value is that no draw has reached.
            text = probability(p) if p else f"<{1 / N_DRAWS:.3f}"
            entries.append(number(p, text, tone="near" if p > LEVEL else "quiet"))
        rows.append(Row(tuple(entries), model=model, task=panel.task, horizon=panel.horizon))
    caption: tuple[Inline, ...] = (f"{told} Shown are its p-values; shaded: in the set.",)
    return Table(f"mcs-{panel.key}", caption, tuple(columns), tuple(rows))


def _net(panel: Panel, models: list[str]) -> FloatArray:
    """Share of targets on which the row is significantly better, less those where worse."""
    at = {model: i for i, model in enumerate(models)}
    total = np.zeros((len(models), len(models)))
    shared = np.zeros_like(total)
    for forecast in _of(panel):
        rows = np.array([at[model] for model in forecast.models])
        with np.errstate(invalid="ignore"):
            significant = forecast.holm <= ALPHA
        sign = np.where(significant, -np.sign(forecast.statistic), 0.0)
        total[np.ix_(rows, rows)] += np.nan_to_num(sign)
        shared[np.ix_(rows, rows)] += 1.0
    return np.divide(total, shared, out=np.zeros_like(total), where=shared > 0)


def _pair_counts(panel: Panel) -> tuple[Inline, ...]:
    total = significant = 0
    for forecast in _of(panel):
        upper = np.triu_indices(len(forecast.models), 1)
        total += len(upper[0])
        significant += int((forecast.holm[upper] <= ALPHA).sum())
    return (
        f"All pairs: {significant:,} of {total:,} tests are significant after Holm's correction "
        "over the pairs of a target.",
    )

"""A section of one's own for the report: how a model's score moves from fold to fold.

Named in an experiment file, ``[report] sections = ["all", "mysection.py"]``, or given to
``reports.build(run, sections=["all", "mysection.py"])``.
"""

from statistics import fmean

from reports.document import Column, Paragraph, Row, Section, Table
from reports.findings import Findings, Panel
from reports.format import number, score, word


def section(findings: Findings) -> Section | None:
    """One table per task and horizon; nothing for a table of scores, which has no folds."""
    if findings.evidence is None:
        return None
    text = "Mean over targets of each fold: a model that is good in one season only shows here."
    tables = [_by_fold(panel) for panel in findings.panels]
    return Section("folds", "Scores by fold", (Paragraph((text,)), *tables))


def _by_fold(panel: Panel) -> Table:
    folds = sorted({cell.fold for cells in panel.cells.values() for cell in cells})
    rows = []
    for model in panel.ranking.models:
        means = [
            fmean(
                cell.value
                for target in panel.ranking.blocks
                for cell in panel.cells[target, model]
                if cell.fold == fold
            )
            for fold in folds
        ]
        numbers = [number(value, score(value)) for value in means]
        rows.append(Row((word(model, model=model), *numbers), model=model, task=panel.task))
    return Table(
        f"folds-{panel.key}",
        (f"{panel.metric} by fold: {panel.title}.",),
        (Column("Model", "text"), *(Column(f"fold {fold}") for fold in folds)),
        tuple(rows),
    )

"""Which models did best: mean primary score and mean rank, for each task and horizon."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Standing", "standings"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Models on one dataset, task and horizon, best mean rank first.

    Parameters
    ----------
    table : DataFrame
        Index: the variant. Columns: ``score``, mean over targets of the mean over folds;
        ``rank``, its mean over targets, missing for a model that lacks a target; ``n``, targets
        that the model has a score for.
    """

    dataset: str
    task: str
    horizon: int
    metric: str
    higher_is_better: bool
    n_targets: int
    table: "pd.DataFrame"


def standings(
    runs: "pd.DataFrame", scores: "pd.DataFrame", *, primary: Mapping[str, str]
) -> tuple[Standing, ...]:
    """Return the standings of a run, in the order of its cells.

    Parameters
    ----------
    runs, scores : DataFrame
        The tables of a run.
    primary : mapping
        The metric that decides, by task.
    """
    import numpy as np
    import pandas as pd

    columns = ["cell_id", "metric", "value", "direction", "defined"]
    known = scores.reindex(columns=columns)  # without any finished cell the table has no columns
    known = known[known["metric"].astype(object).isin(set(primary.values()))]
    value: dict[tuple[object, object], float] = {}
    higher: set[object] = set()
    for cell, metric, number, direction, defined in zip(
        *(known[name].astype(object) for name in columns), strict=True
    ):
        if defined:
            value[cell, metric] = float(number)
            if direction == "higher":
                higher.add(metric)
    axes = ["dataset", "task", "horizon", "target", "variant", "fold", "cell_id"]
    groups: dict[tuple[str, str, int], list[tuple[object, ...]]] = {}
    for dataset, task, horizon, *rest in zip(*(runs[name] for name in axes), strict=True):
        groups.setdefault((str(dataset), str(task), int(horizon)), []).append(tuple(rest))
    found = []
    for (dataset, task, horizon), rows in groups.items():
        metric = primary[task]
        targets, variants, folds = (list(dict.fromkeys(row[i] for row in rows)) for i in range(3))
        by_model: dict[tuple[object, object], list[float]] = {}
        for target, variant, _, cell in rows:
            if (cell, metric) in value:
                by_model.setdefault((target, variant), []).append(value[cell, metric])
        # A mean over fewer folds is a mean over easier or harder ones: it does not count.
        whole = pd.DataFrame(
            [
                [
                    np.mean(held) if len(held := by_model.get((t, v), ())) == len(folds) else np.nan
                    for v in variants
                ]
                for t in targets
            ],
            index=targets,
            columns=variants,
            dtype="float64",
        )
        best_first = [True, metric not in higher]
        ranks = whole.dropna(axis="columns").rank(axis="columns", ascending=best_first[1]).mean()
        table = whole.mean().to_frame("score")
        table["rank"] = ranks.reindex(table.index)
        table["n"] = whole.notna().sum()
        table = table.sort_values(["rank", "score"], ascending=best_first, kind="stable")
        found.append(
            Standing(dataset, task, horizon, metric, metric in higher, len(targets), table)
        )
    return tuple(found)

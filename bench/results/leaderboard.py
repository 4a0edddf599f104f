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
    columns = ["cell_id", "metric", "value", "direction", "defined"]
    scores = scores.reindex(columns=columns)  # without any finished cell the table has no columns
    decides = scores["metric"].astype(object).isin(set(primary.values()))
    defined = scores[decides & scores["defined"].astype(bool)]
    axes = ["cell_id", "dataset", "task", "horizon", "target", "fold", "variant"]
    # Categories would make groups of every combination of axes, seen or not.
    cells = runs[axes].astype({name: object for name in axes if name not in ("horizon", "fold")})
    full = cells.merge(defined.astype({"cell_id": object, "metric": object}), on="cell_id")
    found = []
    for (dataset, task, horizon), group in cells.groupby(
        ["dataset", "task", "horizon"], sort=False
    ):
        metric = primary[str(task)]
        here = full[
            (full["dataset"] == dataset)
            & (full["task"] == task)
            & (full["horizon"] == horizon)
            & (full["metric"] == metric)
        ]
        higher = bool((here["direction"] == "higher").any())
        n_folds = group["fold"].nunique()
        by_target = here.groupby(["target", "variant"], sort=False)["value"].agg(["mean", "size"])
        # A mean over fewer folds is a mean over easier or harder ones: it does not count.
        whole = by_target["mean"].where(by_target["size"] == n_folds).unstack("variant")
        whole = whole.reindex(columns=list(dict.fromkeys(group["variant"])))
        complete = whole.dropna(axis="columns")
        ranks = complete.rank(axis="columns", ascending=not higher).mean()
        table = whole.mean().to_frame("score")
        table["rank"] = ranks.reindex(table.index)
        table["n"] = whole.notna().sum()
        table = table.sort_values(["rank", "score"], ascending=[True, not higher], kind="stable")
        found.append(
            Standing(
                str(dataset),
                str(task),
                int(group["horizon"].iloc[0]),
                metric,
                higher,
                int(group["target"].nunique()),
                table,
            )
        )
    return tuple(found)

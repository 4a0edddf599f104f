"""What experiment trackers are told of a run: a model on a task and horizon, its scores by fold."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.errors import UserError
from bench.runner import Run

__all__ = ["Entry", "brought", "entries"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tracker.

    Parameters
    ----------
    name : str
        Data set, task, horizon and variant.
    parameters : Mapping
        What tells it from others, and the parameters of its model.
    scores : tuple of (metric, fold, value)
        The metric is named with the target: ``rmse/temp_JFK``.
    failed : int
        Cells that have no score.
    """

    name: str
    parameters: Mapping[str, str]
    scores: tuple[tuple[str, int, float], ...]
    failed: int


def entries(run: Run) -> Iterator[Entry]:
    """Yield what to log of a run, in the order of its cells."""
    axes = ["dataset", "task", "horizon", "variant"]
    cells = run.runs.astype(dict.fromkeys((*axes, "cell_id", "target"), object))
    defined = run.scores[run.scores["defined"].astype(bool)].astype({"cell_id": object})
    full = defined.merge(cells[["cell_id", "target", "fold", *axes]], on="cell_id")
    told = dict(iter(full.groupby(axes, sort=False)))
    for key, group in cells.groupby(axes, sort=False):
        dataset, task, horizon, variant = key
        first = group.iloc[0]
        given = json.loads(first["parameters"])
        rows = told.get(key)
        yield Entry(
            name=f"{dataset}.{task}.h{horizon}.{variant}",
            parameters={
                **{name: str(first[name]) for name in (*axes, "model")},
                **{f"model.{name}": str(value) for name, value in given.items()},
            },
            scores=()
            if rows is None
            else tuple(
                (f"{metric}/{target}", int(fold), float(value))
                for metric, target, fold, value in zip(
                    rows["metric"],
                    rows["target"],
                    rows["fold"].tolist(),
                    rows["value"].tolist(),
                    strict=True,
                )
            ),
            failed=int((group["status"] != "ok").sum()),
        )


def brought(name: str, *, extra: str) -> Any:
    """Return a tracker's module.

    Raises
    ------
    UserError
        It is not installed; the message has the line that installs it.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as cause:
        if cause.name is None or cause.name.partition(".")[0] != name.partition(".")[0]:
            raise
        raise UserError(
            f"{name} is not installed; install it with: pip install 'crossfold[{extra}]'"
        ) from cause

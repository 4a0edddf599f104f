"""What is asked of a cell's dataflow, and what is known of the data before any other work."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench.cache.store import Store
from bench.engine import execute as engine
from bench.engine.graph import FlowSpec
from bench.engine.keepers import Keepers
from bench.engine.limits import Limit, loosest
from bench.engine.needs import Needs
from bench.engine.plan import Graph, Request, Schedule, merged, schedule
from bench.engine.seats import WorkerNotStarted
from bench.engine.task import BAD, Answer, Task, told
from bench.errors import BenchError, UserError, one_line
from bench.spec.cell import Cell
from bench.spec.experiment import DatasetSpec, Experiment

__all__ = ["OPTIONAL", "WANTED", "Plan", "dataset_facts", "request"]

WANTED = ("predictions", "performance_metrics")
OPTIONAL = ("split_report", "fit_report")
PROFILE = ("series", "series_profile")
CARD = ("dataset_card",)


@dataclass(frozen=True)
class Plan:
    """What an experiment comes to: its cells, their merged graph, what is left to compute."""

    experiment: Experiment
    cells: tuple[Cell, ...]
    graph: Graph
    schedule: Schedule
    datasets: Mapping[str, Mapping[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """Cells, node calls without sharing, distinct nodes, those left out, those to compute."""
        distinct = len(self.graph.instances)
        return {
            "cells": len(self.cells),
            "node_calls": self.graph.calls,
            "distinct": distinct,
            "cached": distinct - self.schedule.to_compute,
            "to_compute": self.schedule.to_compute,
        }


def request(experiment: Experiment, cell: Cell) -> Request:
    """Return what a cell asks for: outputs of its dataflow under its inputs, within its limits."""
    return Request(
        name=cell.slug,
        flow=FlowSpec(
            experiment.modules_for(cell),
            tuple(sorted(experiment.config_for(cell).items())),
            experiment.variant(cell.variant).module,
        ),
        inputs=experiment.inputs_for(cell),
        wanted=WANTED,
        optional=OPTIONAL,
        timeout=experiment.variant(cell.variant).timeout,
        memory=experiment.variant(cell.variant).memory,
    )


def dataset_facts(
    experiment: Experiment, dataset: DatasetSpec, store: Store, keepers: Keepers
) -> dict[str, Any]:
    """Return facts of a dataset, after checking that the experiment can be made from it.

    Its module runs in a process of its own, as all steps do: what ends that process is told.

    Raises
    ------
    UserError
        The data or their module cannot carry the experiment; one line says why.
    """
    cells = [c for c in experiment.cells() if c.dataset == dataset.name]
    if not cells:
        return {}  # the filter leaves nothing of it
    asked = replace(request(experiment, cells[0]), name=dataset.name, wanted=PROFILE, optional=CARD)
    graph = merged([asked])
    where = f"dataset {dataset.name!r}"
    variants = {name: experiment.variant(name) for name in {c.variant for c in cells}}
    limit = loosest(variants, {name: (v.timeout, v.memory) for name, v in variants.items()})
    _compute_now(graph, store, keepers, limit, where=where)
    keys = graph.wanted[0]
    facts = {name: _value(store, keys[name]) for name in (*PROFILE[1:], *CARD) if name in keys}
    profile: dict[str, Any] = facts["series_profile"]
    card = facts.get("dataset_card", {})
    if not isinstance(card, dict):
        raise UserError(f"{where}: dataset_card gives a {type(card).__name__}, not a dictionary")
    from dataflows import suitability

    found = suitability.problems(
        profile,
        target=sorted({c.target for c in cells}),
        horizons=experiment.horizons,
        n_folds=experiment.protocol.n_folds,
        first_train=experiment.protocol.first_train,
        test_size=experiment.protocol.test_size,
    )
    if found:
        more = f" (and {len(found) - 1} more like it)" if len(found) > 1 else ""
        raise UserError(f"{where}: {one_line(found[0])}{more}")
    record = store.record(keys["series"])
    return {
        **card,
        **{k: profile[k] for k in ("n_rows", "start", "end")},
        "data_hash": record.data_hash if record else "",
    }


def _compute_now(graph: Graph, store: Store, keepers: Keepers, limit: Limit, *, where: str) -> None:
    """Compute a small graph before all others, one step at a time; its faults are the asker's."""
    for _ in range(engine.MOST_REPAIRS):
        chunks = tuple(itertools.chain.from_iterable(schedule(graph, store).waves))
        needs = Needs(graph, chunks)
        for chunk in chunks:
            task = engine.task(chunk, graph, store, "", needs(chunk), limit)
            answer = _patient(task, keepers)
            store.warnings.extend(answer.warnings)
            if answer.status in BAD:
                raise UserError(f"{where}: {_fault(answer)}") from _Seen(answer)
            if answer.status == "damaged":
                break
        else:
            return


def _patient(task: Task, keepers: Keepers) -> Answer:
    for _ in range(engine.MOST_UNSTARTED):
        while (answer := Answer.read(keepers.kept(task))).status == "busy":
            time.sleep(engine.BUSY_SECONDS)
        if answer.status != "unstarted":
            return answer
    raise WorkerNotStarted(answer.error_message)


class _Seen(Exception):
    """What a step that failed left to read; told with ``--debug``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(told(answer.trace, answer.output))


def _fault(answer: Answer) -> str:
    """Return what went wrong in a step; an error of its author's own begins with its kind."""
    if answer.error_type in ("DataError", "UserError", "BenchError"):
        return answer.error_message
    kind, step = answer.error_type, f" {answer.step}:" if answer.step else ""
    return f"{kind}:{step} {answer.error_message}"


def _value(store: Store, key: str) -> Any:
    record = store.record(key)
    if record is None:
        raise BenchError(f"the store lost {key} while it was being used; run again")
    return store.load(record)

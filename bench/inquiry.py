"""Questions about a run: why a step would be computed, and does it come out again."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.cache import explain as causes
from bench.cache.explain import StepState, reasons, with_units
from bench.cache.store import DamagedObject, Store
from bench.engine import execute as engine
from bench.engine.plan import Graph, Request, keep_code, merged, schedule
from bench.errors import UserError
from bench.preparation import WANTED
from bench.results.recipes import read_recipes
from bench.runner import plan
from bench.spec.experiment import Experiment

__all__ = ["CellExplanation", "Verification", "explain", "verify"]


@dataclass(frozen=True, slots=True)
class CellExplanation:
    """Why each step of a cell would be served or computed now.

    Parameters
    ----------
    slug, run_id : str
        The cell, and the run it is compared with.
    steps : tuple of StepState
        Each after what it needs.
    """

    slug: str
    run_id: str
    steps: tuple[StepState, ...]

    def lines(self) -> Iterator[str]:
        """Yield the explanation as text."""
        counts = [
            f"{sum(s.state == state for s in self.steps)} {state}"
            for state in ("served", "to compute", "not needed")
        ]
        yield f"{self.slug} against {self.run_id}: {len(self.steps)} steps, {', '.join(counts)}"
        for step in self.steps:
            yield f"{step.state:<10}  {step.name}: {step.reason}"
        yield from reasons(change for step in self.steps for change in step.changes)


def explain(
    run: Path, cell_name: str, *, store: Path, experiment: Experiment | None = None
) -> CellExplanation:
    """Return why each step of a cell would be served or computed now, against a run.

    Parameters
    ----------
    run : Path
        The folder of the run.
    cell_name : str
        Id or slug of a cell of the run, or a part that no other has.
    store : Path
        The store.
    experiment : Experiment, optional
        What would be run now; by default the run's own experiment with the code as it is now.

    Raises
    ------
    UserError
        The run has no such cell, or the experiment has it no more.
    """
    made = read_recipes(run)
    cell_id = made.cell(cell_name)
    slug = made.slugs[cell_id]
    asked = experiment or Experiment.load(run / "experiment.toml", outside=True)
    now = plan(asked, store=store)
    requests = {c.slug: r for c, r in zip(now.cells, now.graph.requests, strict=True)}
    if slug not in requests:
        raise UserError(f"{asked.name} has no cell {slug} any more")
    graph = merged([requests[slug]])
    opened = Store(store)
    keep_code(graph, opened)
    steps = causes.steps(
        opened,
        with_units(made.steps(cell_id).values(), opened),
        with_units(graph.recipes().values(), opened),
        to_compute=schedule(graph, opened).chunk_of,
    )
    return CellExplanation(slug, run.resolve().name, steps)


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of computing results of a run again.

    Parameters
    ----------
    cells : tuple of str
        The sample, by slug.
    n_steps : int
        Stored values that were compared.
    differing : tuple of str
        A line for each that did not come out again as it is stored.
    """

    cells: tuple[str, ...]
    n_steps: int
    differing: tuple[str, ...]


def verify(run: Path, *, store: Path, sample: int, seed: int = 0, jobs: int = 1) -> Verification:
    """Compute a sample of a run's cells again, from the raw data, and compare bytes.

    Every value on the way that the store holds is compared, not only the results.

    Parameters
    ----------
    run : Path
        The folder of the run.
    store : Path
        The store; only read.
    sample : int
        How many cells.
    seed : int
        Chooses the sample.
    jobs : int
        Worker processes.

    Raises
    ------
    UserError
        Nothing of the run can be computed again.
    """
    made = read_recipes(run)
    held = Store(store, create=False)
    now = plan(Experiment.load(run / "experiment.toml", outside=True), store=store)
    ready = [
        place
        for place, (cell, keys) in enumerate(zip(now.cells, now.graph.wanted, strict=True))
        if keys == made.outputs.get(cell.id)
        and all(held.record(keys[name]) is not None for name in WANTED)
    ]
    if not ready:
        raise UserError(
            f"nothing of {run.resolve().name} can be computed again: its results are no longer "
            "stored, or code or data changed since; `bench explain` says what"
        )
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    chosen = sorted(draw.sample(ready, min(sample, len(ready))))
    graph = merged([_kept(now.graph, place, held) for place in chosen])
    with tempfile.TemporaryDirectory(prefix="bench-verify-") as folder:
        fresh = Store(Path(folder) / "store")
        outcome = engine.Outcome()
        engine.execute(
            graph,
            fresh,
            outcome,
            jobs=jobs,
            packages=lambda chunk: (),
            environment="",
            begun=lambda wave, waves, chunks: None,
            watch=lambda chunk, answer: None,
        )
        n_steps, differing = _compared(graph, held, fresh, outcome)
    return Verification(tuple(now.cells[place].slug for place in chosen), n_steps, differing)


def _kept(graph: Graph, place: int, held: Store) -> Request:
    """Return what a cell asks for, and with it every step whose value the store holds."""
    names = (graph.instances[k].name for k in graph.steps[place] if held.record(k) is not None)
    return replace(graph.requests[place], optional=tuple(names))


def _compared(
    graph: Graph, held: Store, fresh: Store, outcome: engine.Outcome
) -> tuple[int, tuple[str, ...]]:
    """Return how many stored values were compared, and a line for each that differs."""
    users: dict[str, str] = {}
    for request, keys in zip(graph.requests, graph.steps, strict=True):
        for key in keys:
            users.setdefault(key, request.name)
    told: list[str] = []
    n_steps = 0
    for key, slug in users.items():
        name = f"{slug}: {graph.instances[key].module}.{graph.instances[key].name} ({key[:12]})"
        old = held.record(key)
        if key in outcome.failures and old is not None:
            cause = outcome.failures[key]
            told.append(f"{name} failed this time: {cause.error_type}: {cause.error_message}")
            continue
        new = fresh.record(key)
        if old is None or new is None:
            continue
        n_steps += 1
        try:
            held.load(old)  # its bytes are checked against their digest
        except DamagedObject as cause:
            told.append(f"{name}: {cause}")
            continue
        if (old.codec, old.blob, old.inline) != (new.codec, new.blob, new.inline):
            told.append(f"{name} came out other than it is stored")
    return n_steps, tuple(told)

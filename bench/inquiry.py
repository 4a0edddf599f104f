"""Questions about a run: why a step would be computed, what sets runs apart, does it come again."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cache import explain as causes
from bench.cache.explain import Change, RunDifference, StepState
from bench.cache.lineage import Recipe
from bench.cache.store import DamagedObject, Store
from bench.engine import execute as engine
from bench.engine.plan import Graph, Request, keep_code, merged, schedule
from bench.errors import UserError, one_line
from bench.results.recipes import read_recipes
from bench.runner import WANTED, Run, load_run, plan
from bench.spec.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CellExplanation", "RunComparison", "Verification", "diff", "explain", "verify"]

_MOST = 10  # lines of one kind that are shown before their number is
_MOST_ALIKE = 3  # causes of one kind and name


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
        yield from _because(change for step in self.steps for change in step.changes)


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
    asked = experiment or Experiment.load(run / "experiment.toml")
    now = plan(asked, store=store)
    requests = {c.slug: r for c, r in zip(now.cells, now.graph.requests, strict=True)}
    if slug not in requests:
        raise UserError(f"{asked.name} has no cell {slug} any more")
    graph = merged([requests[slug]])
    opened = Store(store)
    keep_code(graph, opened)
    steps = causes.steps(
        opened,
        _with_units(made.steps(cell_id).values(), opened),
        _with_units(graph.recipes().values(), opened),
        to_compute=schedule(graph, opened).chunk_of,
    )
    return CellExplanation(slug, run.resolve().name, steps)


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What sets two runs apart.

    Parameters
    ----------
    names : tuple of str
        Both runs.
    facts : tuple of str
        What differs in experiment, data and environment, a line each.
    statuses : tuple of str
        Cells whose status differs, a line each.
    scores : DataFrame
        Those that differ: slug, metric, before, after; metrics that decide first.
    n_scores : int
        Scores that both runs have.
    results : RunDifference
        Cells, recipes and values, with the causes.
    """

    names: tuple[str, str]
    facts: tuple[str, ...]
    statuses: tuple[str, ...]
    scores: pd.DataFrame
    n_scores: int
    results: RunDifference

    def lines(self) -> Iterator[str]:
        """Yield the comparison as text."""
        found = self.results
        yield f"{self.names[0]} -> {self.names[1]}"
        yield from self.facts
        for name, only in zip(self.names, (found.only_before, found.only_after), strict=True):
            if only:
                yield f"{len(only)} cells only in {name}"
                yield from _first([f"    {slug}" for slug in only])
        yield from _first(self.statuses)
        yield (
            f"{found.same} results of the same recipe, {found.equal} equal from another, "
            f"{sum(map(len, found.changed.values()))} that differ"
        )
        yield f"{len(self.scores)} of {self.n_scores} scores differ"
        yield from _first(
            [
                f"    {row.slug} {row.metric}: {row.before:.6g} -> {row.after:.6g}"
                for row in self.scores.itertuples()
            ]
        )
        yield from _because(found.causes)


def diff(before: Path, after: Path, *, store: Path) -> RunComparison:
    """Compare two runs; cells are the same when their slugs are.

    Raises
    ------
    UserError
        One of them is not the folder of a finished run.
    """
    runs = (load_run(before), load_run(after))
    opened = Store(store, create=False)
    made = [read_recipes(run.path) for run in runs]
    results = causes.diff(
        opened,
        *({m.slugs[cell]: keys for cell, keys in m.outputs.items()} for m in made),
        recorded=_with_units(made[0].recipes.values(), opened),
        planned=_with_units(made[1].recipes.values(), opened),
    )
    differing, n_scores = _scores(*runs)
    return RunComparison(
        names=(before.resolve().name, after.resolve().name),
        facts=tuple(_facts("", *(_comparable(run.manifest) for run in runs))),
        statuses=tuple(_statuses(*runs)),
        scores=differing,
        n_scores=n_scores,
        results=results,
    )


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
    now = plan(Experiment.load(run / "experiment.toml"), store=store)
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
            packages=(),
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


def _with_units(recipes: Iterable[Recipe], store: Store) -> dict[str, Recipe]:
    """Return recipes by key, each with the units of its code."""
    units: dict[str, dict[str, str]] = {}
    found: dict[str, Recipe] = {}
    for recipe in recipes:
        code = recipe.code_hash
        if code not in units:
            units[code] = store.units(code)
        found[recipe.key] = replace(recipe, units=units[code])
    return found


def _because(changes: Iterable[Change]) -> Iterator[str]:
    """Yield each cause once, with the change of its text."""
    shown: set[tuple[str, ...]] = set()
    alike: Counter[tuple[str, str]] = Counter()
    for change in changes:
        # A helper that many steps use has changed once.
        owner = change.node if change.kind in ("input", "step", "unknown") else ""
        cause = (change.kind, change.name, change.before, change.after, owner)
        if cause in shown:
            continue
        if not shown:
            yield "because"
        shown.add(cause)
        alike[change.kind, change.name] += 1
        if alike[change.kind, change.name] > _MOST_ALIKE:
            continue  # a seed of each cell, say
        yield f"  {change.line()}"
        yield from (f"    {row}" for row in change.diff.splitlines())
    for (kind, name), count in alike.items():
        if count > _MOST_ALIKE:
            yield f"  and {count - _MOST_ALIKE} more of {kind} {name}"


def _first(lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    yield from listed[:_MOST]
    if len(listed) > _MOST:
        yield f"    and {len(listed) - _MOST} more"


# What a manifest says of one run alone.
_OWN = ("run_id", "started", "finished", "seconds", "command", "counts")


def _comparable(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in manifest.items() if name not in _OWN}


def _facts(name: str, before: object, after: object) -> Iterator[str]:
    """Yield a line for each leaf in which two trees differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for part in [*before, *(p for p in after if p not in before)]:
            yield from _facts(f"{name} {part}".strip(), before.get(part), after.get(part))
    elif before != after:
        yield f"{name}: {one_line(before, most=80)} -> {one_line(after, most=80)}"


def _statuses(before: Run, after: Run) -> Iterator[str]:
    old, new = (
        {str(r.slug): (str(r.status), str(r.error_message or "")) for r in run.runs.itertuples()}
        for run in (before, after)
    )
    for slug, (status, message) in old.items():
        now, reason = new.get(slug, (status, message))
        if now != status:
            why = message if now == "ok" else reason
            yield f"{slug}: {status} -> {now} ({one_line(why, most=120)})"


def _scores(before: Run, after: Run) -> tuple[pd.DataFrame, int]:
    """Return the scores that differ and how many meet.

    Metrics that decide come first, then the largest relative difference.
    """
    tables = [
        run.scores.merge(run.runs[["cell_id", "slug"]], on="cell_id")[["slug", "metric", "value"]]
        for run in (before, after)
    ]
    both = (
        tables[0]
        .merge(tables[1], on=["slug", "metric"])
        .set_axis(["slug", "metric", "before", "after"], axis="columns")
    )
    undefined = both["before"].isna() & both["after"].isna()
    other = both[(both["before"] != both["after"]) & ~undefined]
    size = (other["after"] - other["before"]).abs() / other["before"].abs()
    minor = ~other["metric"].isin(before.manifest["primary"].values())
    ordered = other.assign(minor=minor, size=-size).sort_values(
        ["minor", "size"], kind="stable", na_position="first"
    )
    return other.loc[ordered.index].reset_index(drop=True), len(both)

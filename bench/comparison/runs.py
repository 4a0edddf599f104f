"""What sets two runs apart, found from their folders and the store."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cache import explain as causes
from bench.cache.explain import Change, RunDifference
from bench.cache.store import Store
from bench.errors import UserError, one_line
from bench.results.recipes import read_recipes
from bench.runner import Run, load_run

if TYPE_CHECKING:
    from reports.contrast import Contrast
    from reports.document import Document

__all__ = ["Comparison", "Difference", "ScoreDifference", "StatusDifference", "compare"]

# Facts of a dataset that follow from its content, which has a digest.
_DATASET_TEXT = ("note", "source", "licence", "name")


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that differs; empty text where a run has nothing of it."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class StatusDifference:
    """A cell that went another way; the reason is the error of the run in which it failed."""

    cell: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """A score of one cell that differs."""

    cell: str
    metric: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What sets two runs apart: first what was changed, then what came of it.

    Parameters
    ----------
    names : tuple of str
        Both runs.
    settings, data, packages, environment : tuple of Difference
        What differs in the experiment, the datasets, the installed packages and the rest of the
        environment.
    code : tuple of Change
        Functions, constants and steps that differ, each once, with the change of their text.
    statuses : tuple of StatusDifference
        Cells of both that went another way.
    results : RunDifference
        Cells that one run has alone; results of the same and of other recipes.
    scores : tuple of ScoreDifference
        Scores of cells that differ, those of deciding metrics first.
    n_scores : int
        Scores that both runs have.
    contrast : Contrast
        Verdicts that flip and mean scores that moved.
    notes : tuple of str
        What could not be compared.
    """

    names: tuple[str, str]
    settings: tuple[Difference, ...]
    data: tuple[Difference, ...]
    packages: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    code: tuple[Change, ...]
    statuses: tuple[StatusDifference, ...]
    results: RunDifference
    scores: tuple[ScoreDifference, ...]
    n_scores: int
    contrast: Contrast
    notes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was changed: settings, code, data, packages or the environment."""
        return bool(self.settings or self.code or self.data or self.packages or self.environment)

    @property
    def equal(self) -> bool:
        """Whether the same came out: cells, statuses and scores."""
        found = self.results
        return not (self.scores or self.statuses or found.only_before or found.only_after)

    def lines(self) -> Iterator[str]:
        """Yield the comparison as text to be read in a terminal, long lists cut."""
        from bench.comparison.text import lines

        yield from lines(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as values that JSON can hold; undefined numbers are None."""
        whole: dict[str, Any] = _plain(asdict(self) | {"results": None})
        found = self.results
        whole["results"] = {
            "only_before": list(found.only_before),
            "only_after": list(found.only_after),
            "same_recipe": found.same,
            "equal_value": found.equal,
            "changed": {cell: list(nodes) for cell, nodes in found.changed.items()},
        }
        return whole

    def document(self) -> Document:
        """Return the comparison as a document, for HTML, PDF and LaTeX."""
        from bench.comparison.page import document

        return document(self)


def compare(
    before: Path | str, after: Path | str, *, store: Path | str | None = None
) -> Comparison:
    """Compare two finished runs; cells are the same when their slugs are.

    Parameters
    ----------
    before, after : Path
        The folders of the runs.
    store : Path, optional
        The store of both, from which the texts of changed functions come. Without it changed
        steps are named, and their changes are not shown.

    Raises
    ------
    UserError
        One of them is not the folder of a finished run, or its tables are damaged.
    """
    from reports.contrast import contrast
    from reports.evidence import EvidenceError, read
    from reports.findings import findings

    runs = (load_run(Path(before)), load_run(Path(after)))
    notes: list[str] = []
    with _opened(store, notes) as opened:
        made = [read_recipes(run.path) for run in runs]
        results = causes.diff(
            opened,
            *({m.slugs[cell]: keys for cell, keys in m.outputs.items()} for m in made),
            recorded=causes.with_units(made[0].recipes.values(), opened),
            planned=causes.with_units(made[1].recipes.values(), opened),
        )
    try:
        moved = contrast(*(findings(read(run.path)) for run in runs))
    except EvidenceError as cause:
        raise UserError(str(cause)) from cause
    manifests = [run.manifest for run in runs]
    settings = _settings(*runs)
    surroundings = [dict(m.get("environment", {})) for m in manifests]
    packages = [dict(each.pop("packages", {})) for each in surroundings]
    for each in surroundings:
        each.pop("id", None)  # a digest of the rest
    known = {d.name.rpartition(".")[2] for d in settings}
    scores, n_scores = _scores(*runs)
    return Comparison(
        names=(runs[0].path.resolve().name, runs[1].path.resolve().name),
        settings=settings,
        data=tuple(_differences("", *map(_datasets, manifests))),
        packages=tuple(_differences("", *packages)),
        environment=tuple(_differences("", *surroundings)),
        # Packages have a list of their own, and so have the values that the experiment file sets.
        code=tuple(
            change
            for change in results.causes
            if change.kind != "package" and not (change.kind == "input" and change.name in known)
        ),
        statuses=tuple(_statuses(*runs)),
        results=results,
        scores=scores,
        n_scores=n_scores,
        contrast=moved,
        notes=tuple(dict.fromkeys([*notes, *moved.notes])),
    )


@contextmanager
def _opened(store: Path | str | None, notes: list[str]) -> Iterator[Store]:
    """Give the store, or an empty one where there is none."""
    if store is not None and Path(store).is_dir():
        yield Store(Path(store), create=False)
        return
    notes.append(
        "no store"
        + (f" at {store}" if store is not None else " was given")
        + ": changed steps are named, what changed in them is not known"
    )
    with tempfile.TemporaryDirectory(prefix="bench-compare-") as folder:
        yield Store(Path(folder) / "store")


def _settings(before: Run, after: Run) -> tuple[Difference, ...]:
    told = [_experiment(run) | {"mode": run.manifest.get("mode")} for run in (before, after)]
    return tuple(_differences("", *told))


def _experiment(run: Run) -> dict[str, Any]:
    path = run.path / "experiment.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise UserError(f"{path} cannot be read: {cause.strerror}") from cause
    except ValueError as cause:
        raise UserError(f"{path} is not TOML: {one_line(cause)}") from cause


def _datasets(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of each dataset; words about it only where it is another file."""
    return {
        name: {k: v for k, v in facts.items() if k not in _DATASET_TEXT}
        for name, facts in manifest.get("datasets", {}).items()
    }


def _differences(name: str, before: object, after: object) -> Iterator[Difference]:
    """Yield each leaf in which two trees differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for part in [*before, *(p for p in after if p not in before)]:
            yield from _differences(f"{name}.{part}".strip("."), before.get(part), after.get(part))
    elif before != after:
        if isinstance(before, dict) or isinstance(after, dict):
            # A whole table is new or gone: its name says more than its content.
            words = ["" if tree is None else "there" for tree in (before, after)]
        else:
            words = ["" if leaf is None else one_line(leaf, most=200) for leaf in (before, after)]
        yield Difference(name, words[0], words[1])


def _statuses(before: Run, after: Run) -> Iterator[StatusDifference]:
    old, new = (
        {str(r.slug): (str(r.status), str(r.error_message or "")) for r in run.runs.itertuples()}
        for run in (before, after)
    )
    for slug, (status, message) in old.items():
        now, reason = new.get(slug, (status, message))
        if now != status:
            why = message if now == "ok" else reason
            yield StatusDifference(slug, status, now, one_line(why, most=200))


def _scores(before: Run, after: Run) -> tuple[tuple[ScoreDifference, ...], int]:
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
    order = other.assign(minor=minor, size=-size).sort_values(
        ["minor", "size"], kind="stable", na_position="first"
    )
    found = tuple(
        ScoreDifference(str(slug), str(metric), float(old), float(new))
        for slug, metric, old, new in order[["slug", "metric", "before", "after"]].to_numpy()
    )
    return found, len(both)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and value != value:
        return None
    return value

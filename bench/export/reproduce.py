"""A crate run again: what it would run is told first, then what came out other than it says."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cache.codehash import CodeUnit
from bench.cache.records import is_key
from bench.cache.store import Store
from bench.comparison import Comparison, compare
from bench.environment import environment
from bench.errors import UserError, one_line
from bench.export.archive import inside
from bench.export.contents import SOURCES
from bench.export.rocrate import METADATA, WORKFLOW
from bench.runner import Run, load_run, run
from bench.spec.config import read_toml
from bench.spec.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd

    from bench.console import Progress

__all__ = ["Crate", "Reproduction", "inspected", "reproduce"]

_NEEDED = ("manifest.json", "runs.parquet", "predictions.parquet", "scores.parquet", SOURCES)
_MOST = 10  # cells that are listed before their number is


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate that was looked at and in which nothing was run.

    Parameters
    ----------
    folder : Path
        Where it lies.
    manifest : Mapping
        What the run says of itself.
    code : tuple of str
        Files of Python that running it would execute.
    modules : tuple of str
        Installed modules, not of crossfold, that running it would import.
    missing : tuple of str
        Data files that its experiment names and that it does not hold.
    environment : tuple of str
        What is other here than where it ran, a line each.
    """

    folder: Path
    manifest: Mapping[str, Any]
    code: tuple[str, ...]
    modules: tuple[str, ...]
    missing: tuple[str, ...]
    environment: tuple[str, ...]

    @property
    def brings_code(self) -> bool:
        """Whether running it executes anything but crossfold itself."""
        return bool(self.code or self.modules)

    def lines(self) -> Iterator[str]:
        """Yield what will run, as text."""
        counts = self.manifest["counts"]
        yield f"{self.manifest['run_id']}: {counts['cells']:,} cells, {counts['ok']:,} of them ok"
        if not self.brings_code:
            yield "runs the code of crossfold that is installed here, and nothing of the crate's"
        for name in self.code:
            path = self.folder / name
            n_lines = len(path.read_text(encoding="utf-8", errors="replace").splitlines())
            yield f"runs {name} of the crate, {n_lines} lines, sha256 {_sha256(path)[:16]}"
        for name in self.modules:
            yield f"imports the installed module {name}"
        yield from self.environment


def inspected(folder: Path) -> Crate:
    """Look at a crate without running anything of it.

    Parameters
    ----------
    folder : Path
        The folder of the crate, as `archive.opened` gives it.

    Raises
    ------
    UserError
        It is no crate of a run, a file is not the one it was made with, or a path leads outside.
    """
    digests = _digests(folder)
    for name in (WORKFLOW, *_NEEDED):
        if name not in digests:
            raise UserError(f"{folder} is no crate of a run: its {METADATA} lists no {name}")
    for name, digest in digests.items():
        path = inside(folder, name, where=METADATA)
        if not path.is_file():
            raise UserError(f"{folder} lacks {name}, which its {METADATA} lists")
        if _sha256(path) != digest:
            raise UserError(f"{name} in {folder} is not the file that the crate was made with")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    modules, missing = set(), []
    for keys, text in _leaves(read_toml(folder / WORKFLOW)):
        place = f"{WORKFLOW}: {'.'.join(keys)}"
        if keys[-1] in ("module", "base") and not text.endswith(".py"):
            if "." in text and not text.startswith("dataflows."):
                modules.add(text)
        elif text.endswith(".py") or text.startswith(("code/", "data/")) or _leads_out(text):
            path = inside(folder, text, where=place)
            if text in digests:
                continue
            if path.suffix == ".py":
                raise UserError(f"{place} names {text}, which the crate does not list")
            if not path.is_file():  # a crate may be made without its data, to be put there
                missing.append(text)
    code = sorted(name for name in digests if name.endswith(".py"))
    return Crate(
        folder=folder,
        manifest=manifest,
        code=tuple(code),
        modules=tuple(sorted(modules)),
        missing=tuple(missing),
        environment=tuple(_differences(manifest["environment"], environment())),
    )


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of running a crate again.

    Parameters
    ----------
    run_id : str
        The run that was made.
    slugs : tuple of str
        Cells that both have.
    failed : tuple of str
        Cells that went well then and not now, with the cause.
    forecasts : Mapping
        For each cell whose forecasts differ: rows that do, and the largest difference.
    comparison : Comparison
        Scores, code, data and environment.
    """

    run_id: str
    slugs: tuple[str, ...]
    failed: tuple[str, ...]
    forecasts: Mapping[str, tuple[int, float]]
    comparison: Comparison

    @property
    def is_equal(self) -> bool:
        """Whether every cell came out the same to the last bit."""
        return not (self.failed or self.forecasts or len(self.comparison.scores))

    def lines(self) -> Iterator[str]:
        """Yield the outcome as text."""
        n_scores, n_other = self.comparison.n_scores, len(self.comparison.scores)
        yield (
            f"{len(self.slugs):,} cells run again: "
            f"the forecasts of {len(self.forecasts):,} differ, "
            f"{n_other:,} of {n_scores:,} scores differ, {len(self.failed):,} failed"
        )
        yield from self.failed[:_MOST]
        listed = list(self.forecasts.items())
        for slug, (rows, largest) in listed[:_MOST]:
            yield f"    {slug}: {rows:,} forecasts, by up to {largest:.3g}"
        if len(listed) > _MOST:
            yield f"    and {len(listed) - _MOST:,} more cells"
        if not self.is_equal or self.comparison.code:
            yield from self.comparison.lines()


def reproduce(
    crate: Crate,
    *,
    store: Path,
    runs: Path,
    jobs: int,
    progress: Progress,
    where: str = "",
) -> Reproduction:
    """Run a crate again, its own code included, and compare.

    Parameters
    ----------
    crate : Crate
        As `inspected` gave it; whoever calls has asked whether its code may run.
    store, runs : Path
        Where to keep results; nothing is read from the store but what this run made itself, if
        it is new.
    jobs : int
        Worker processes.
    progress : Progress
        Is told what happens.
    where : str
        A filter on the cells.

    Raises
    ------
    UserError
        The crate cannot be run here.
    """
    if crate.missing:
        raise UserError(
            f"the crate was made without its data; put {', '.join(crate.missing)} into "
            f"{crate.folder}"
        )
    with _importable(crate.folder / "code"):
        asked = Experiment.load(crate.folder / WORKFLOW)
        if where:
            asked = asked.filtered(where)
        result = run(asked, jobs=jobs, store=store, runs=runs, progress=progress, report=False)
        _lend_sources(crate.folder / SOURCES, Store(store))
        before, after = load_run(crate.folder), load_run(result.path)
        comparison = compare(crate.folder, result.path, store=store)
    both = set(before.runs["slug"]) & set(after.runs["slug"])
    was = dict(zip(before.runs["slug"], before.runs["status"], strict=True))
    failed = [
        f"    {row.slug} failed: {one_line(row.error_message, most=120)}"
        for row in after.runs.itertuples()
        if row.status != "ok" and was.get(row.slug) == "ok"
    ]
    return Reproduction(
        run_id=result.run_id,
        slugs=tuple(slug for slug in after.runs["slug"] if slug in both),
        failed=tuple(failed),
        forecasts=_forecasts(before, after),
        comparison=comparison,
    )


@contextmanager
def _importable(code: Path) -> Iterator[None]:
    """Let the crate's modules find each other."""
    if not code.is_dir():
        yield
        return
    sys.path.insert(0, str(code))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(code))


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that a crate lists."""
    try:
        graph = json.loads((folder / METADATA).read_text(encoding="utf-8"))["@graph"]
        return {str(each["@id"]): str(each["sha256"]) for each in graph if "sha256" in each}
    except FileNotFoundError as cause:
        raise UserError(f"{folder} is no crate: it has no {METADATA}") from cause
    except (ValueError, KeyError, TypeError) as cause:
        raise UserError(f"{folder / METADATA} cannot be read: {one_line(cause)}") from cause


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _leaves(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*keys, str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, keys)
    elif isinstance(value, str):
        yield keys, value


def _leads_out(text: str) -> bool:
    """Return whether a word would be a path to somewhere else, if it is one."""
    away = text.startswith(("/", "\\", "~")) or ".." in text.replace("\\", "/").split("/")
    return away or re.match(r"[A-Za-z]:[\\/]", text) is not None


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in ("python", "platform", "cpu"):
        if then.get(name) != now.get(name):
            yield f"{name}: {then.get(name)} there, {now.get(name)} here"
    old, new = dict(then.get("packages") or {}), now["packages"]
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name, 'none')} there, {new.get(name, 'none')} here"


def _lend_sources(path: Path, store: Store) -> None:
    """Keep the crate's texts, so that what changed in the code can be shown."""
    held = json.loads(path.read_text(encoding="utf-8"))
    texts = dict(held.get("sources") or {})
    for code, units in dict(held.get("units") or {}).items():
        if is_key(code) and not store.has_units(code):
            told = (
                CodeUnit(name, "function", digest, dict(texts.get(digest) or {}).get("source"))
                for name, digest in units.items()
            )
            store.put_units(code, tuple(told))


def _forecasts(before: Run, after: Run) -> dict[str, tuple[int, float]]:
    """Return, for each cell whose forecasts differ, the rows that do and by how much at most."""
    import numpy as np

    def told(found: Run) -> pd.DataFrame:
        slugs = found.runs[["cell_id", "slug"]].astype(object)
        return found.predictions.astype({"cell_id": object}).merge(slugs, on="cell_id")

    differing: dict[str, tuple[int, float]] = {}
    old = dict(iter(told(before).groupby("slug", sort=False)))
    for slug, new in told(after).groupby("slug", sort=False):
        if slug not in old:
            continue
        sides = [
            frame.drop(columns=["cell_id", "slug"]).dropna(axis="columns", how="all")
            for frame in (old[slug], new)
        ]
        if len(sides[0]) != len(sides[1]) or list(sides[0]) != list(sides[1]):
            differing[str(slug)] = (max(map(len, sides)), float("inf"))
            continue
        first, second = (side.reset_index(drop=True) for side in sides)
        unequal = (first != second) & ~(first.isna() & second.isna())
        if unequal.to_numpy().any():
            numbers = first.select_dtypes("number").columns
            apart = (first[numbers] - second[numbers]).abs().to_numpy()
            largest = np.nanmax(apart, initial=0.0)
            differing[str(slug)] = (int(unequal.any(axis="columns").sum()), float(largest))
    return differing

"""The report of a run: written once for what it shows, and copied where nothing of it changed."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from blake3 import blake3

from bench.cache.filehash import file_hash
from bench.cache.store import DamagedObject, Store

__all__ = ["write_report"]

_FILES = ("report.html", "report.pdf")
# What a report is made from; the table of runs is not here: of a run that computed nothing it
# tells times that were measured before.
_TABLES = ("predictions.parquet", "scores.parquet", "checks.json", "experiment.toml")
_CODE = ("reports", "stats")


def write_report(
    run: Path,
    store: Store,
    *,
    sections: Sequence[str],
    setting: Mapping[str, Any],
    is_new: bool,
) -> None:
    """Write the report of a run into its folder.

    Parameters
    ----------
    run : Path
        The folder, with all tables in it.
    store : Store
        Keeps reports.
    sections : sequence of str
        Names of sections or files of one's own; empty for the usual ones.
    setting : Mapping
        The environment of the run, which a report shows.
    is_new : bool
        Whether anything was computed. If not, an earlier run's report is copied, when tables,
        code and environment are those it was written from; it tells of the run that computed.
    """
    keys = dict(zip(_FILES, _keys(run, sections, setting), strict=True))
    kept = {} if is_new else store.records(keys.values())
    if len(kept) == len(keys):
        try:
            for name, key in keys.items():
                shutil.copyfile(store.file(kept[key]), run / name)
        except DamagedObject:  # it was set aside, and the report is written again
            pass
        else:
            return
    import reports

    document = reports.build(run, sections=sections or None)
    document.to_html(run / "report.html")
    document.to_pdf(run / "report.pdf")
    for name, key in keys.items():
        store.put_file(key, run / name, meta={"node": name})


def _keys(run: Path, sections: Sequence[str], setting: Mapping[str, Any]) -> Iterator[str]:
    made = [(name, file_hash(run / name)) for name in _TABLES]
    own = [(name, file_hash(Path(name)) if Path(name).is_file() else "") for name in sections]
    content = json.dumps([made, own, list(_code()), setting], sort_keys=True)
    for name in _FILES:
        yield blake3(f"{name}:{content}".encode()).hexdigest(length=20)


def _code() -> Iterator[tuple[str, str]]:
    """Yield the files of the packages that make a report; none of them is imported for it."""
    for package in _CODE:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file() and path.suffix != ".pyc":
                    yield f"{package}/{path.relative_to(folder).as_posix()}", file_hash(path)

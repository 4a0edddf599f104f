"""What a crate holds of a run: its files, its code and data, with paths that stay inside."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.cache.importing import own_modules
from bench.cache.packages import OURS
from bench.cache.store import Store
from bench.errors import UserError
from bench.results.recipes import read_recipes
from bench.spec import toml
from bench.spec.catalogue import load_module
from bench.spec.config import read_toml

__all__ = ["SOURCES", "Contents", "gathered"]

SOURCES = "sources.json"
# What a run leaves behind that tells of it; its log is about the machine.
_FILES = (
    *("manifest.json", "runs.parquet", "predictions.parquet", "scores.parquet", "checks.json"),
    *("outputs.parquet", "recipes.parquet", "report.html", "report.pdf"),
)


@dataclass(slots=True)
class Contents:
    """The files of a crate under the names they have in it.

    Attributes
    ----------
    results : list of str
        Tables and reports of the run.
    code, data : list of str
        The user's modules and data files.
    left_out : list of str
        Names of data files that were not to be taken along.
    """

    folder: Path
    tables: dict[str, Any] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def gathered(run: Path, folder: Path, *, store: Store, with_data: bool) -> Contents:
    """Copy what tells of a run into a folder.

    Parameters
    ----------
    run : Path
        The folder of the run.
    folder : Path
        An empty folder.
    store : Store
        Where the sources of the code are.
    with_data : bool
        Whether the user's data files are taken along.
    """
    found = Contents(folder)
    for name in _FILES:
        if (run / name).is_file():
            shutil.copyfile(run / name, folder / name)
            found.results.append(name)
    places: dict[Path, str] = {}
    found.tables = _moved(read_toml(run / "experiment.toml"), found, places, with_data=with_data)
    (folder / "experiment.toml").write_text(toml.written(found.tables), encoding="utf-8")
    _sources(run, folder, store)
    found.results.append(SOURCES)
    return found


def _moved(value: Any, found: Contents, places: dict[Path, str], *, with_data: bool) -> Any:
    """Return tables with each file's path replaced by its name in the crate, and copy the file."""
    if isinstance(value, Mapping):
        return {k: _moved(v, found, places, with_data=with_data) for k, v in value.items()}
    if isinstance(value, list):
        return [_moved(item, found, places, with_data=with_data) for item in value]
    if not isinstance(value, str) or not Path(value).is_absolute():
        return value
    path = Path(value)
    if path in places:
        return places[path]
    if path.is_dir():
        raise UserError(f"{path} is a folder among the data; a crate holds single files")
    if not path.is_file():
        raise UserError(f"{path}, which the run was made from, is no longer there")
    if path.suffix == ".py":
        places[path] = _code(path, found)
        return places[path]
    places[path] = _free(found, "data", path.name)
    if with_data:
        _copy(path, found.folder / places[path])
        found.data.append(places[path])
    else:
        found.left_out.append(places[path])
    return places[path]


def _code(path: Path, found: Contents) -> str:
    """Copy a user's module, and what it imports of the user's own."""
    name = _free(found, "code", path.name)
    _copy(path, found.folder / name)
    found.code.append(name)
    for module in own_modules(load_module(str(path))):
        file = Path(str(module.__file__)) if getattr(module, "__file__", None) else None
        top = module.__name__.partition(".")[0]
        if file is None or file == path or top in OURS or top == "crossfold_user":
            continue
        helper = f"code/{_dotted(module, file)}"
        if helper not in found.code:
            _copy(file, found.folder / helper)
            found.code.append(helper)
    return name


def _dotted(module: ModuleType, file: Path) -> str:
    """Return where a module stands below the folder it is imported from."""
    name = module.__name__.replace(".", "/")
    return f"{name}/__init__.py" if file.name == "__init__.py" else f"{name}.py"


def _free(found: Contents, place: str, name: str) -> str:
    taken = {*found.code, *found.data, *found.left_out}
    stem, suffix = Path(name).stem, Path(name).suffix
    numbered = (f"{place}/{stem}{f'-{n}' if n else ''}{suffix}" for n in range(len(taken) + 1))
    return next(one for one in numbered if one not in taken)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _sources(run: Path, folder: Path, store: Store) -> None:
    """Write the text of all code that took part, as it was when it ran."""
    codes = sorted({recipe.code_hash for recipe in read_recipes(run).recipes.values()})
    units = {code: store.units(code) for code in codes}
    texts = {}
    for name, digest in sorted({pair for held in units.values() for pair in held.items()}):
        text = store.source(digest)
        if text is not None:
            texts[digest] = {"name": name, "source": text}
    content = {"python": sys.version.split()[0], "units": units, "sources": texts}
    (folder / SOURCES).write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")

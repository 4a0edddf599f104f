"""Values in an experiment file, held against what the nodes of a dataflow declare."""

import math
import types
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import msgspec

from bench.errors import UserError, did_you_mean, one_line, unknown
from bench.spec import catalogue
from bench.spec.cell import JSON, Value

__all__ = ["Inputs", "checked", "distinct", "is_path", "named_file", "plain", "settable"]

Inputs = dict[str, catalogue.Input]


@lru_cache(maxsize=1024)
def settable(dataset: str, model: str) -> tuple[Inputs, Inputs]:
    """Return what a dataset's table may set, and what a model's may.

    Whatever base quantities, folds, labels or scores take belongs to the dataset: were it set
    by a model, two models would be scored on different questions.
    """
    names = catalogue.module_names(dataset, model)
    every = {name: catalogue.facts(name) for name in names}
    nodes = frozenset().union(*(facts.nodes for facts in every.values()))
    own: tuple[Inputs, Inputs] = ({}, {})
    # The dataset's side first, so that a name both sides use is the dataset's.
    for of_model in (False, True):
        for name, facts in every.items():
            if of_model != (name == model or name.startswith("dataflows.features.")):
                continue
            for key, value in facts.inputs.items():
                if key not in nodes | catalogue.RESERVED and key not in own[False]:
                    own[of_model].setdefault(key, value)
    return own


def checked(
    given: Mapping[str, Any],
    known: Mapping[str, catalogue.Input],
    complete: bool,
    folder: Path,
    where: str,
    *,
    kind: str,
) -> dict[str, Value]:
    """Return values as the types that the nodes declare, or say which one is wrong."""
    values: dict[str, Value] = {}
    for key, value in given.items():
        if key in catalogue.RESERVED:
            raise UserError(f"{where}: {key} is given by the experiment's axes; remove it here")
        if key not in known and complete:
            raise unknown(kind, key, sorted(known), where=where)
        place = f"{where}.{key}"
        _check_json(value, place)
        declared = known[key].type if key in known else Any
        if is_path(declared) and isinstance(value, str):
            values[key] = named_file(value, folder, place)
            continue
        try:
            typed = msgspec.convert(value, declared)
            values[key] = msgspec.to_builtins(typed)
        except msgspec.ValidationError as cause:
            what = str(cause).partition(" - at `")[0].replace("`", "")
            raise UserError(
                f"{place}: {what[0].lower()}{what[1:]}, found {one_line(repr(value), most=60)}"
            ) from None
        except TypeError:  # a type that only the nodes know: they will say what they think of it
            values[key] = value
    return values


def _check_json(value: Any, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}: {value} is not a finite number")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_json(item, f"{where}.{key}")
    elif isinstance(value, list):
        for item in value:
            _check_json(item, where)
    elif not isinstance(value, str | int | float | bool):
        raise UserError(f'{where}: found a {type(value).__name__}; write it as text, in "..."')


def named_file(value: str, folder: Path, where: str) -> Path:
    """Return a file that a value names, which must be there and not empty."""
    try:
        path = (folder / Path(value).expanduser()).resolve()
        if not path.exists():
            raise UserError(f"{where}: no such file: {path}{_near_file(path)}")
        if not path.is_file():
            raise UserError(f"{where}: {path} is not a file")
        if path.stat().st_size == 0:
            raise UserError(f"{where}: {path} is empty")
    except (OSError, RuntimeError, ValueError) as cause:
        if isinstance(cause, UserError):
            raise
        raise UserError(f"{where}: {one_line(cause)}") from None
    return path


def _near_file(path: Path) -> str:
    try:
        return did_you_mean(path.name, [p.name for p in path.parent.iterdir()])
    except OSError:
        return f"; there is no folder {path.parent}"


def is_path(kind: Any) -> bool:
    """Return whether a declared type takes the path of a file."""
    if get_origin(kind) in (Union, types.UnionType):
        return any(map(is_path, get_args(kind)))
    return isinstance(kind, type) and issubclass(kind, Path)


def plain(value: Value) -> JSON:
    """Return a value as it stands in a file."""
    return str(value) if isinstance(value, Path) else value


def distinct(value: Any, where: str) -> tuple[Any, ...]:
    """Return one value or a list of values as a tuple, none of them twice."""
    values = tuple(value) if isinstance(value, list) else (value,)
    if not values:
        raise UserError(f"{where}: is empty; name at least one")
    seen: set[str] = set()
    for item in map(repr, values):
        if item in seen:
            raise UserError(f"{where}: {one_line(item, most=60)} is named twice")
        seen.add(item)
    return values

"""Datasets and models of an experiment: read from its tables, and written as such."""

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UserError, listed, one_line, unknown
from bench.spec import catalogue
from bench.spec.cell import JSON, Value
from bench.spec.config import (
    DatasetTable,
    ModelTable,
    read_table,
)
from bench.spec.size import read_size, size_text
from bench.spec.values import checked, distinct, named_file, plain, settable

__all__ = [
    "MOST_CELLS",
    "DatasetSpec",
    "Variant",
    "dataset_table",
    "model_table",
    "read_dataset",
    "read_variants",
]

MOST_CELLS = 1_000_000
_NAME = re.compile(r"[\w.+-]{1,60}", re.ASCII)
_LEAST_MEMORY = 100_000_000  # bytes
_OF_MODELS = ("module", "base", "tasks", "timeout", "memory", "grid")


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """A dataset: the module that reads it, and what the module is told.

    Parameters
    ----------
    module : str
        Dotted name, or absolute path of a file.
    inputs : mapping
        Inputs of the module's nodes; files are `pathlib.Path`.
    """

    name: str
    module: str
    inputs: Mapping[str, Value]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A model with a label and parameters.

    Parameters
    ----------
    parameters : tuple of (name, value) pairs
        Sorted by name.
    varied : tuple of str
        Parameters that a grid set, in the grid's order; the label names them.
    timeout : float, optional
        Seconds that a piece of its work may take.
    memory : int, optional
        Bytes that the process of a piece of its work may hold.
    """

    model: str
    label: str
    module: str
    parameters: tuple[tuple[str, JSON], ...]
    tasks: tuple[str, ...]
    varied: tuple[str, ...] = ()
    timeout: float | None = None
    memory: int | None = None


def read_dataset(
    name: str, table: object, targets: tuple[str, ...], folder: Path, where: str
) -> DatasetSpec:
    """Return the dataset that a table stands for, its inputs held against its module."""
    _check_name(name, where)
    if not isinstance(table, Mapping):
        raise UserError(f"{where}: expected a table, found {one_line(repr(table), most=60)}")
    own = {key: table[key] for key in ("file", "time", "module") if key in table}
    inputs = {key: value for key, value in table.items() if key not in own}
    source = read_table(own, DatasetTable, where=where)
    if source.file is not None:
        if source.module is not None:
            raise UserError(f"{where}: has both file and module; name one")
        if source.time is None:
            raise UserError(f'{where}: has a file but no time; add time = "its time column"')
        module = "dataflows.datasets.table"
        named_file(source.file, folder, f"{where}.file")  # said in the words of the file
        inputs = {**inputs, "data_file": source.file, "time_column": source.time}
    elif source.time is not None:
        raise UserError(f"{where}: has a time column but no file; add file")
    else:
        module = catalogue.reference("datasets", source.module or name, folder=folder, where=where)
    facts = catalogue.facts(module)
    if "series" not in facts.nodes and facts.complete:
        raise UserError(f"{where}: {module} has no node series; a dataset module must give it")
    known = settable(module, "dataflows.evaluation")[0]
    values = checked(inputs, known, facts.complete, folder, where, kind="input")
    for needed in known.values():
        asked = needed.name in facts.inputs and needed.required and facts.complete
        if asked and needed.name not in values:
            raise UserError(f"{where}: {needed.name} is missing; {module} asks for it")
    return DatasetSpec(name, module, values, targets)


def read_variants(
    name: str,
    table: Mapping[str, Any],
    datasets: Sequence[DatasetSpec],
    folder: Path,
    where: str,
) -> list[Variant]:
    """Return the variants that a model's table stands for, one for each point of its grid."""
    _check_name(name, where)
    own = {key: table[key] for key in _OF_MODELS if key in table}
    fixed = {key: value for key, value in table.items() if key not in own}
    source = read_table(own, ModelTable, where=where)
    if source.module is not None and source.base is not None:
        raise UserError(f"{where}: has both module and base; name one")
    module = catalogue.reference(
        "models", source.module or source.base or name, folder=folder, where=where
    )
    facts = catalogue.facts(module)
    if "prediction" not in facts.nodes and facts.complete:
        raise UserError(
            f"{where}: {module} has no node prediction; a model module must give it "
            f"(it has {listed(sorted(facts.nodes), most=6)})"
        )
    tasks = facts.tasks
    if source.tasks is not None:
        asked = distinct(source.tasks, f"{where}.tasks")
        for task in asked:
            if task not in facts.tasks:
                raise unknown("task", task, facts.tasks, where=f"{where}.tasks")
        tasks = tuple(task for task in facts.tasks if task in asked)
    known = settable(datasets[0].module, module)[1]
    for key in own.keys() & known.keys() & {"timeout", "memory"}:
        raise UserError(
            f"{where}: {module} has an input {key}, and {key} here is the limit of a model's work; "
            "rename the input"
        )
    both = sorted(fixed.keys() & source.grid.keys())
    if both:
        raise UserError(
            f"{where}: {both[0]} is set and in the grid; take one of them away "
            f"(override the grid as models.{name}.grid.{both[0]}=[...])"
        )
    given = checked(fixed, known, facts.complete, folder, where, kind="parameter")
    if math.prod(len(c) for c in source.grid.values() if isinstance(c, list)) > MOST_CELLS:
        raise UserError(f"{where}.grid: more than {MOST_CELLS:,} variants; narrow the grid")
    grid: dict[str, list[JSON]] = {}
    for key, choices in source.grid.items():
        place = f"{where}.grid"
        if not isinstance(choices, list):
            raise UserError(
                f"{place}.{key}: expected a list of values, found "
                f"{one_line(repr(choices), most=60)}"
            )
        axis = [
            checked({key: c}, known, facts.complete, folder, place, kind="parameter")[key]
            for c in choices
        ]
        grid[key] = list(distinct([plain(value) for value in axis], f"{place}.{key}"))
    memory = None if source.memory is None else _memory(source.memory, f"{where}.memory")
    constant = {key: plain(value) for key, value in given.items()}
    return [
        Variant(
            model=name,
            label=_label(name, dict(zip(grid, choice, strict=True))),
            module=module,
            parameters=tuple(sorted({**constant, **dict(zip(grid, choice, strict=True))}.items())),
            tasks=tasks,
            varied=tuple(grid),
            timeout=source.timeout,
            memory=memory,
        )
        for choice in itertools.product(*grid.values())
    ]


def _memory(text: str, where: str) -> int:
    size = read_size(text, where=where)
    if size < _LEAST_MEMORY:
        raise UserError(
            f"{where}: {text} is less than an interpreter with its packages takes; "
            f"give at least {size_text(_LEAST_MEMORY)}"
        )
    return size


def _label(model: str, choice: Mapping[str, JSON]) -> str:
    if not choice:
        return model
    pairs = (
        f"{key}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for key, value in choice.items()
    )
    return f"{model}[{','.join(pairs)}]"


def _check_name(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{one_line(where)}: a name has at most 60 letters, digits, or . _ + - and nothing else"
        )


def dataset_table(dataset: DatasetSpec) -> dict[str, Any]:
    """Return the table that reads back as a dataset."""
    inputs = {key: plain(value) for key, value in dataset.inputs.items()}
    if dataset.module == "dataflows.datasets.table":
        file, time = inputs.pop("data_file"), inputs.pop("time_column")
        return {"file": file, "time": time, **inputs}
    if dataset.module == f"dataflows.datasets.{dataset.name}":
        return inputs
    return {"module": dataset.module, **inputs}


def model_table(variants: Sequence[Variant]) -> dict[str, Any]:
    """Return the table that reads back as the variants of one model."""
    first = variants[0]
    table: dict[str, Any] = {}
    if first.module != f"dataflows.models.{first.model}":
        table["module"] = first.module
    table["tasks"] = list(first.tasks)
    if first.timeout is not None:
        table["timeout"] = first.timeout
    if first.memory is not None:
        table["memory"] = f"{first.memory}B"
    table |= {key: value for key, value in first.parameters if key not in first.varied}
    if first.varied:
        table["grid"] = {key: _axis(variants, key) for key in first.varied}
    return table


def _axis(variants: Sequence[Variant], key: str) -> list[JSON]:
    """Return the values a grid gives one parameter, in the grid's order."""
    values: list[JSON] = []
    for variant in variants:
        value = dict(variant.parameters)[key]
        if value not in values:
            values.append(value)
    return values

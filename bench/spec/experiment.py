"""An experiment: the axes of an evaluation, every name looked up, ready to become cells."""

import itertools
import json
import math
import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from bench.errors import UserError, did_you_mean, listed, one_line, unknown
from bench.spec import catalogue, filter, toml
from bench.spec.cell import JSON, Cell, Value, cell_seed
from bench.spec.config import (
    Config,
    DatasetTable,
    ModelTable,
    Modes,
    ModeTable,
    read_table,
    read_toml,
)
from bench.spec.size import read_size, size_text

__all__ = ["MODES", "DatasetSpec", "Experiment", "Protocol", "Variant"]

MODES = ("development", "evaluation")

_Inputs = dict[str, catalogue.Input]

_NAME = re.compile(r"[\w.+-]{1,60}", re.ASCII)
_MOST_CELLS = 1_000_000
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


@dataclass(frozen=True, slots=True)
class Protocol:
    """How folds are cut: the first one's training rows, then the test rows of each."""

    n_folds: int
    first_train: int
    test_size: int


@dataclass(frozen=True)
class Experiment:
    """What is evaluated, on what, how, and what decides.

    Examples
    --------
    ``Experiment.load("experiments/weather.toml", mode="evaluation").cells()``
    """

    name: str
    seed: int
    mode: Literal["development", "evaluation"]
    datasets: tuple[DatasetSpec, ...]
    models: tuple[Variant, ...]
    tasks: tuple[str, ...]
    horizons: tuple[int, ...]
    protocol: Protocol
    primary: Mapping[str, str]
    reference: str
    where: str = ""
    sections: tuple[str, ...] = ()
    path: Path | None = field(default=None, compare=False)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        mode: str | None = None,
        overrides: Sequence[str] = (),
        where: str = "",
        outside: bool = False,
    ) -> "Experiment":
        """Read an experiment file.

        Parameters
        ----------
        mode : "development" or "evaluation", optional
            By default the file's ``default_mode``, and without one development.
        overrides : sequence of str
            Dotted overrides such as ``"matrix.horizon=[1,6]"``, applied after the mode's own.
        where : str
            A filter on the cells such as ``"model=lstm and horizon=24"``.
        outside : bool
            Whether data, modules and other files may lie outside the file's folder.

        Raises
        ------
        UserError
            Anything in the file, the overrides or the filter is unknown or out of range.
        """
        path = Path(path)
        read = cls.parse(read_toml(path), path=path, mode=mode, overrides=overrides, where=where)
        home = path.resolve().parent
        for place, file in () if outside else read._files():
            if not file.is_relative_to(home):
                raise UserError(
                    f"{path}: {place}: {file} lies outside the folder of the experiment; "
                    "if that is meant, allow it with --outside"
                )
        return read

    @classmethod
    def parse(
        cls,
        tables: Mapping[str, Any],
        *,
        path: Path,
        mode: str | None = None,
        overrides: Sequence[str] = (),
        where: str = "",
    ) -> "Experiment":
        """Return the experiment that tables stand for; `path` names them and anchors files."""
        whose = str(path)
        laid = [toml.override(text) for text in overrides]
        for table in laid:
            tables = toml.merged(tables, table)
        modes = read_table(
            {key: tables[key] for key in ("default_mode", "mode") if key in tables},
            Modes,
            where=whose,
        )
        chosen = modes.default_mode if mode is None else mode
        for name in [*modes.mode, chosen]:
            if name not in MODES:
                raise unknown("mode", name, MODES, where=whose)
        tables = _expanded(tables, whose)
        for name, table in modes.mode.items():
            special = read_table(table, ModeTable, where=f"{whose}: mode.{name}")
            known = tables.get("models")
            for model in special.models:
                if isinstance(known, Mapping) and model not in known:
                    raise unknown("model", model, known, where=f"{whose}: mode.{name}.models")
        if chosen in modes.mode:
            tables = toml.merged(tables, tables["mode"][chosen])
            for table in laid:  # what is asked for now outranks what the mode says
                tables = _expanded(toml.merged(tables, table), whose)
        config = read_table(tables, Config, where=whose)
        return _resolved(cls, config, chosen, path, where)

    @property
    def targets(self) -> tuple[str, ...]:
        """Targets of all datasets, each once."""
        return tuple(dict.fromkeys(t for dataset in self.datasets for t in dataset.targets))

    @property
    def max_horizon(self) -> int:
        """Largest horizon, which decides the rows of all: a filter does not change it."""
        return max(self.horizons)

    def cells(self) -> tuple[Cell, ...]:
        """Return every cell that the axes and the filter give, always in the same order."""
        return self._cells

    def filtered(self, where: str) -> "Experiment":
        """Return the experiment with only the cells for which a condition holds as well."""
        both = f"({self.where}) and ({where})" if self.where and where else self.where or where
        narrowed = replace(self, where=both)
        narrowed.cells()  # a condition that cannot be read is said now
        return narrowed

    def with_overrides(self, overrides: Sequence[str]) -> "Experiment":
        """Return the experiment with dotted overrides such as ``models.lstm.hidden=64``."""
        path = self.path or Path("experiment")
        return self.parse(self.tables(), path=path, mode=self.mode, overrides=overrides)

    def dataset(self, name: str) -> DatasetSpec:
        """Return a dataset by name."""
        return next(dataset for dataset in self.datasets if dataset.name == name)

    def variant(self, label: str) -> Variant:
        """Return a model variant by label."""
        return self._variants[label]

    def modules_for(self, cell: Cell) -> tuple[str, ...]:
        """Return references of the modules of a cell's dataflow, for `catalogue.load_module`."""
        return catalogue.module_names(
            self.dataset(cell.dataset).module, self.variant(cell.variant).module
        )

    def config_for(self, cell: Cell) -> dict[str, str]:
        """Return the driver's configuration for a cell."""
        return {"task": cell.task, "mode": self.mode}

    def inputs_for(self, cell: Cell) -> dict[str, Value]:
        """Return the values that a cell's dataflow takes from outside."""
        module = self.variant(cell.variant).module
        known = _settable(self.dataset(cell.dataset).module, module)[1]
        return {
            **self.dataset(cell.dataset).inputs,
            **{
                name: Path(value)
                if isinstance(value, str) and name in known and _is_path(known[name].type)
                else value
                for name, value in cell.parameters
            },
            "target": cell.target,
            "horizon": cell.horizon,
            "fold": cell.fold,
            "seed": cell.seed,
            "max_horizon": self.max_horizon,
            "n_folds": self.protocol.n_folds,
            "first_train": self.protocol.first_train,
            "test_size": self.protocol.test_size,
        }

    def tables(self) -> dict[str, Any]:
        """Return the experiment as the tables of a file in which nothing is left to defaults."""
        head: dict[str, Any] = {
            "name": self.name,
            "seed": self.seed,
            "default_mode": self.mode,
        }
        if self.where:
            head["where"] = self.where
        targets = {dataset.name: list(dataset.targets) for dataset in self.datasets}
        same = len(set(map(tuple, targets.values()))) == 1
        return {
            **head,
            "dataset": {dataset.name: _dataset_table(dataset) for dataset in self.datasets},
            "matrix": {
                "target": list(self.targets) if same else targets,
                "task": list(self.tasks),
                "horizon": list(self.horizons),
            },
            "protocol": {
                "n_folds": self.protocol.n_folds,
                "first_train": self.protocol.first_train,
                "test_size": self.protocol.test_size,
                "reference": self.reference,
                "primary": dict(self.primary),
            },
            "models": {
                model: _model_table(tuple(group))
                for model, group in itertools.groupby(self.models, key=lambda v: v.model)
            },
            **({"report": {"sections": list(self.sections)}} if self.sections else {}),
        }

    def to_toml(self) -> str:
        """Return the resolved experiment as text that reads back as the same experiment."""
        return toml.written(self.tables())

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Return every file that is named, and where."""
        for section in self.sections:
            if Path(section).is_absolute():
                yield "report.sections", Path(section)
        for dataset in self.datasets:
            if Path(dataset.module).is_absolute():
                yield f"dataset.{dataset.name}.module", Path(dataset.module)
            for key, value in dataset.inputs.items():
                if isinstance(value, Path):
                    yield f"dataset.{dataset.name}.{key}", value
        for variant in self.models:
            if Path(variant.module).is_absolute():
                yield f"models.{variant.model}.module", Path(variant.module)
            known = _settable(self.datasets[0].module, variant.module)[1]
            for key, value in variant.parameters:
                if isinstance(value, str) and key in known and _is_path(known[key].type):
                    yield f"models.{variant.model}.{key}", Path(value)

    @cached_property
    def _variants(self) -> Mapping[str, Variant]:
        return {variant.label: variant for variant in self.models}

    @cached_property
    def _cells(self) -> tuple[Cell, ...]:
        every = tuple(
            Cell(
                dataset=dataset.name,
                target=target,
                task=task,
                horizon=horizon,
                fold=fold,
                model=variant.model,
                variant=variant.label,
                parameters=variant.parameters,
                seed=cell_seed(
                    self.seed,
                    dataset=dataset.name,
                    target=target,
                    task=task,
                    horizon=horizon,
                    fold=fold,
                    model=variant.model,
                ),
            )
            for dataset in self.datasets
            for target in dataset.targets
            for task in self.tasks
            for horizon in self.horizons
            for variant in self.models
            if task in variant.tasks
            for fold in range(self.protocol.n_folds)
        )
        return filter.select(every, self.where) if self.where else every


def _expanded(tables: Mapping[str, Any], whose: str) -> dict[str, Any]:
    """Return tables with ``models.mine = "file.py"`` written out as a table."""
    models = tables.get("models")
    if not isinstance(models, Mapping):
        return dict(tables)
    full: dict[str, Any] = {}
    for name, table in models.items():
        if not isinstance(table, Mapping | str):
            raise UserError(
                f"{whose}: models.{name}: expected a table of parameters or the path of a module, "
                f"found {one_line(repr(table), most=60)}"
            )
        full[name] = {"module": table} if isinstance(table, str) else table
    return {**tables, "models": full}


def _resolved(
    cls: type[Experiment], config: Config, mode: str, path: Path, where: str
) -> Experiment:
    whose = str(path)
    folder = path.resolve().parent
    tasks = _distinct(config.matrix.task, f"{whose}: matrix.task")
    for task in tasks:
        if task not in catalogue.TASKS:
            raise unknown("task", task, catalogue.TASKS, where=f"{whose}: matrix.task")
    horizons = tuple(sorted(_distinct(config.matrix.horizon, f"{whose}: matrix.horizon")))
    for horizon in horizons:
        if not 1 <= horizon <= 1_000_000:
            raise UserError(
                f"{whose}: matrix.horizon: found {horizon}; a horizon is a number of steps ahead, "
                "at least 1"
            )
    targets = _targets(config, whose)
    datasets = tuple(
        _dataset(name, table, targets[name], folder, f"{whose}: dataset.{name}")
        for name, table in config.dataset.items()
    )
    models = tuple(
        itertools.chain.from_iterable(
            _variants(name, table, datasets, folder, f"{whose}: models.{name}")
            for name, table in config.models.items()
        )
    )
    n_cells = (
        sum(len(d.targets) for d in datasets)
        * len(horizons)
        * config.protocol.n_folds
        * sum(len(set(tasks) & set(variant.tasks)) for variant in models)
    )
    if n_cells == 0:
        raise UserError(
            f"{whose}: no model is meant for {listed(tasks)}; widen matrix.task or models.*.tasks"
        )
    if n_cells > _MOST_CELLS:
        raise UserError(
            f"{whose}: {n_cells:,} cells; at most {_MOST_CELLS:,} are planned, narrow the axes"
        )
    experiment = cls(
        name=config.name,
        seed=config.seed,
        mode="evaluation" if mode == "evaluation" else "development",
        datasets=datasets,
        models=models,
        tasks=tasks,
        horizons=horizons,
        protocol=Protocol(
            config.protocol.n_folds, config.protocol.first_train, config.protocol.test_size
        ),
        primary=_primary(config, tasks, whose),
        reference=_reference(config, models, whose),
        where=config.where or "",
        sections=_sections(config, folder, f"{whose}: report.sections"),
        path=path,
    )
    experiment.cells()
    return experiment.filtered(where) if where else experiment


def _distinct(value: Any, where: str) -> tuple[Any, ...]:
    values = tuple(value) if isinstance(value, list) else (value,)
    if not values:
        raise UserError(f"{where}: is empty; name at least one")
    seen: set[str] = set()
    for item in map(repr, values):
        if item in seen:
            raise UserError(f"{where}: {one_line(item, most=60)} is named twice")
        seen.add(item)
    return values


def _sections(config: Config, folder: Path, where: str) -> tuple[str, ...]:
    """Return sections of the report by name, or by the absolute path of the user's own file."""
    if not config.report.sections:
        return ()
    from reports.sections import ALL, ORDER  # only where they are asked for

    found = []
    for name in _distinct(config.report.sections, where):
        if not name.endswith(".py"):
            if name not in (ALL, *ORDER):
                raise unknown("section", name, (ALL, *ORDER), where=where)
            found.append(name)
            continue
        file = (folder / name).resolve()
        if not file.is_file():
            raise UserError(
                f"{where}: no file {file}; a section is a name or a Python file with a function "
                "section(findings)"
            )
        found.append(str(file))
    return tuple(found)


def _targets(config: Config, whose: str) -> dict[str, tuple[str, ...]]:
    asked = config.matrix.target
    place = f"{whose}: matrix.target"
    if isinstance(asked, dict):
        for name in asked:
            if name not in config.dataset:
                raise unknown("dataset", name, config.dataset, where=place)
        for name in config.dataset:
            if name not in asked:
                raise UserError(f"{place}: names no target for dataset {name}")
        targets = {n: _distinct(t, f"{place}.{n}") for n, t in asked.items()}
    else:
        every = _distinct(asked, place)
        targets = dict.fromkeys(config.dataset, every)
    for name in itertools.chain.from_iterable(targets.values()):
        if not name.isprintable():
            raise UserError(f"{place}: {name!r} has control characters")
    return targets


def _dataset(
    name: str, table: object, targets: tuple[str, ...], folder: Path, where: str
) -> DatasetSpec:
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
        _file(source.file, folder, f"{where}.file")  # said in the words of the file
        inputs = {**inputs, "data_file": source.file, "time_column": source.time}
    elif source.time is not None:
        raise UserError(f"{where}: has a time column but no file; add file")
    else:
        module = catalogue.reference("datasets", source.module or name, folder=folder, where=where)
    facts = catalogue.facts(module)
    if "series" not in facts.nodes and facts.complete:
        raise UserError(f"{where}: {module} has no node series; a dataset module must give it")
    known = _settable(module, "dataflows.evaluation")[0]
    values = _checked(inputs, known, facts.complete, folder, where, kind="input")
    for needed in known.values():
        asked = needed.name in facts.inputs and needed.required and facts.complete
        if asked and needed.name not in values:
            raise UserError(f"{where}: {needed.name} is missing; {module} asks for it")
    return DatasetSpec(name, module, values, targets)


def _variants(
    name: str,
    table: Mapping[str, Any],
    datasets: Sequence[DatasetSpec],
    folder: Path,
    where: str,
) -> list[Variant]:
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
        asked = _distinct(source.tasks, f"{where}.tasks")
        for task in asked:
            if task not in facts.tasks:
                raise unknown("task", task, facts.tasks, where=f"{where}.tasks")
        tasks = tuple(task for task in facts.tasks if task in asked)
    known = _settable(datasets[0].module, module)[1]
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
    given = _checked(fixed, known, facts.complete, folder, where, kind="parameter")
    if math.prod(len(c) for c in source.grid.values() if isinstance(c, list)) > _MOST_CELLS:
        raise UserError(f"{where}.grid: more than {_MOST_CELLS:,} variants; narrow the grid")
    grid: dict[str, list[JSON]] = {}
    for key, choices in source.grid.items():
        place = f"{where}.grid"
        if not isinstance(choices, list):
            raise UserError(
                f"{place}.{key}: expected a list of values, found "
                f"{one_line(repr(choices), most=60)}"
            )
        axis = [
            _checked({key: c}, known, facts.complete, folder, place, kind="parameter")[key]
            for c in choices
        ]
        plain = [_plain(value) for value in axis]
        grid[key] = list(_distinct(plain, f"{place}.{key}"))
    memory = None if source.memory is None else _memory(source.memory, f"{where}.memory")
    constant = {key: _plain(value) for key, value in given.items()}
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


@lru_cache(maxsize=1024)
def _settable(dataset: str, model: str) -> tuple[_Inputs, _Inputs]:
    """Return what a dataset's table may set, and what a model's may.

    Whatever base quantities, folds, labels or scores take belongs to the dataset: were it set
    by a model, two models would be scored on different questions.
    """
    names = catalogue.module_names(dataset, model)
    every = {name: catalogue.facts(name) for name in names}
    nodes = frozenset().union(*(facts.nodes for facts in every.values()))
    own: tuple[_Inputs, _Inputs] = ({}, {})
    # The dataset's side first, so that a name both sides use is the dataset's.
    for of_model in (False, True):
        for name, facts in every.items():
            if of_model != (name == model or name.startswith("dataflows.features.")):
                continue
            for key, value in facts.inputs.items():
                if key not in nodes | catalogue.RESERVED and key not in own[False]:
                    own[of_model].setdefault(key, value)
    return own


def _checked(
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
        if _is_path(declared) and isinstance(value, str):
            values[key] = _file(value, folder, place)
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


def _file(value: str, folder: Path, where: str) -> Path:
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


def _is_path(kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return any(map(_is_path, get_args(kind)))
    return isinstance(kind, type) and issubclass(kind, Path)


def _plain(value: Value) -> JSON:
    return str(value) if isinstance(value, Path) else value


def _label(model: str, choice: Mapping[str, JSON]) -> str:
    if not choice:
        return model
    pairs = (
        f"{key}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for key, value in choice.items()
    )
    return f"{model}[{','.join(pairs)}]"


def _primary(config: Config, tasks: Iterable[str], whose: str) -> dict[str, str]:
    place = f"{whose}: protocol.primary"
    for task, metric in config.protocol.primary.items():
        if task not in catalogue.TASKS:
            raise unknown("task", task, catalogue.TASKS, where=place)
        if metric not in catalogue.METRICS[task]:
            raise unknown("metric", metric, catalogue.METRICS[task], where=f"{place}.{task}")
    return {task: config.protocol.primary.get(task, catalogue.PRIMARY[task]) for task in tasks}


def _reference(config: Config, models: Sequence[Variant], whose: str) -> str:
    """Return the label that others are compared with: what is asked for, else persistence."""
    labels = [variant.label for variant in models]
    asked = config.protocol.reference
    if asked is None:
        return "persistence" if "persistence" in labels else labels[0]
    if asked not in labels:
        raise unknown("model", asked, labels, where=f"{whose}: protocol.reference")
    return asked


def _check_name(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{one_line(where)}: a name has at most 60 letters, digits, or . _ + - and nothing else"
        )


def _dataset_table(dataset: DatasetSpec) -> dict[str, Any]:
    inputs = {key: _plain(value) for key, value in dataset.inputs.items()}
    if dataset.module == "dataflows.datasets.table":
        file, time = inputs.pop("data_file"), inputs.pop("time_column")
        return {"file": file, "time": time, **inputs}
    if dataset.module == f"dataflows.datasets.{dataset.name}":
        return inputs
    return {"module": dataset.module, **inputs}


def _model_table(variants: Sequence[Variant]) -> dict[str, Any]:
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

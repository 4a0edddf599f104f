"""An experiment: the axes of an evaluation, every name looked up, ready to become cells."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from bench.errors import UserError, listed, one_line, unknown
from bench.spec import catalogue, filter, toml
from bench.spec.cell import Cell, Value, cell_seed
from bench.spec.config import (
    Config,
    Modes,
    ModeTable,
    read_table,
    read_toml,
)
from bench.spec.parts import (
    MOST_CELLS,
    DatasetSpec,
    Variant,
    dataset_table,
    model_table,
    read_dataset,
    read_variants,
)
from bench.spec.values import distinct, is_path, settable

__all__ = ["MODES", "DatasetSpec", "Experiment", "Protocol", "Variant"]

MODES = ("development", "evaluation")


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
        return self._by_label[label]

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
        known = settable(self.dataset(cell.dataset).module, module)[1]
        return {
            **self.dataset(cell.dataset).inputs,
            **{
                name: Path(value)
                if isinstance(value, str) and name in known and is_path(known[name].type)
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
            "dataset": {dataset.name: dataset_table(dataset) for dataset in self.datasets},
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
                model: model_table(tuple(group))
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
            known = settable(self.datasets[0].module, variant.module)[1]
            for key, value in variant.parameters:
                if isinstance(value, str) and key in known and is_path(known[key].type):
                    yield f"models.{variant.model}.{key}", Path(value)

    @cached_property
    def _by_label(self) -> Mapping[str, Variant]:
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
    tasks = distinct(config.matrix.task, f"{whose}: matrix.task")
    for task in tasks:
        if task not in catalogue.TASKS:
            raise unknown("task", task, catalogue.TASKS, where=f"{whose}: matrix.task")
    horizons = tuple(sorted(distinct(config.matrix.horizon, f"{whose}: matrix.horizon")))
    for horizon in horizons:
        if not 1 <= horizon <= 1_000_000:
            raise UserError(
                f"{whose}: matrix.horizon: found {horizon}; a horizon is a number of steps ahead, "
                "at least 1"
            )
    targets = _targets(config, whose)
    datasets = tuple(
        read_dataset(name, table, targets[name], folder, f"{whose}: dataset.{name}")
        for name, table in config.dataset.items()
    )
    models = tuple(
        itertools.chain.from_iterable(
            read_variants(name, table, datasets, folder, f"{whose}: models.{name}")
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
    if n_cells > MOST_CELLS:
        raise UserError(
            f"{whose}: {n_cells:,} cells; at most {MOST_CELLS:,} are planned, narrow the axes"
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


def _sections(config: Config, folder: Path, where: str) -> tuple[str, ...]:
    """Return sections of the report by name, or by the absolute path of the user's own file."""
    if not config.report.sections:
        return ()
    from reports.sections import ALL, ORDER  # only where they are asked for

    found = []
    for name in distinct(config.report.sections, where):
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
        targets = {n: distinct(t, f"{place}.{n}") for n, t in asked.items()}
    else:
        every = distinct(asked, place)
        targets = dict.fromkeys(config.dataset, every)
    for name in itertools.chain.from_iterable(targets.values()):
        if not name.isprintable():
            raise UserError(f"{place}: {name!r} has control characters")
    return targets


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

"""What can be named in an experiment: tasks, metrics, and the modules of datasets and models."""

import ast
import hashlib
import importlib
import importlib.machinery
import importlib.util
import inspect
import linecache
import os
import sys
import traceback
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Literal, NoReturn

from bench.errors import UserError, one_line, unknown
from dataflows.ports import TASKS

__all__ = [
    "METRICS",
    "PRIMARY",
    "RESERVED",
    "TASKS",
    "Facts",
    "Input",
    "available",
    "facts",
    "load_module",
    "module_names",
    "reference",
    "summary",
]

Kind = Literal["datasets", "models"]

# The first of a task is its primary metric unless the experiment says otherwise: a proper score.
METRICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "binary": ("log_loss", "brier", "auc", "mcc"),
        "multiclass": ("log_loss", "brier", "macro_f1", "balanced_accuracy"),
        "ordinal": ("rps", "log_loss", "quadratic_kappa", "rank_mae"),
        "continuous": ("rmse", "mae", "rmse_y", "mae_y", "mase", "skill"),
    }
)
PRIMARY: Mapping[str, str] = MappingProxyType({task: names[0] for task, names in METRICS.items()})

# Inputs that the axes and the protocol give; no table of an experiment may set them as parameters.
RESERVED = frozenset(
    {
        "target",
        "horizon",
        "fold",
        "seed",
        "max_horizon",
        "n_folds",
        "first_train",
        "test_size",
        "task",
        "mode",
    }
)


@dataclass(frozen=True, slots=True)
class Input:
    """A value that a module's nodes take from outside."""

    name: str
    type: Any
    required: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a dataflow module says about itself.

    Parameters
    ----------
    inputs
        Arguments of its nodes that are no node of the module, by name.
    tasks
        Tasks it is meant for.
    complete : bool
        False when a decorator makes nodes or inputs that only the compiled graph knows.
    """

    nodes: frozenset[str]
    inputs: Mapping[str, Input]
    tasks: tuple[str, ...]
    complete: bool


@lru_cache(maxsize=8)
def available(kind: Kind) -> tuple[str, ...]:
    """Return the names of the modules that come with crossfold; none of them is imported."""
    _dataflows()
    names: tuple[str, ...] = importlib.import_module(f"dataflows.{kind}").available()
    return names


def summary(kind: Kind, name: str) -> str:
    """Return the sentence a module begins with; nothing is imported."""
    (folder,) = importlib.import_module(f"dataflows.{kind}").__path__
    tree = ast.parse((Path(folder) / f"{name}.py").read_bytes())
    return one_line((ast.get_docstring(tree) or "").split("\n\n")[0])


def reference(kind: Kind, name: str, *, folder: Path, where: str) -> str:
    """Return how a module is referred to: a dotted name, or the absolute path of its file.

    Parameters
    ----------
    name : str
        A name in the catalogue, a file (``my/model.py``, relative to `folder`) or a dotted name
        of an installed module (``mypackage.model``).
    """
    if name.endswith(".py") or "/" in name or os.sep in name:
        path = (folder / Path(name).expanduser()).resolve()
        if path.suffix != ".py":
            raise UserError(f"{where}: {name} is not a Python file; a module ends in .py")
        if not path.is_file():
            raise UserError(f"{where}: no such file: {path}")
        return str(path)
    if name in available(kind):
        return f"dataflows.{kind}.{name}"
    if "." in name:
        return name
    raise unknown(kind.removesuffix("s"), name, available(kind), where=where)


@lru_cache(maxsize=1024)
def module_names(dataset: str, model: str) -> tuple[str, ...]:
    """Return references of the modules that make the dataflow of one dataset and one model."""
    both = {"dataset": load_module(dataset), "model": load_module(model)}
    given = {both["dataset"].__name__: dataset, both["model"].__name__: model}
    return tuple(given.get(m.__name__, m.__name__) for m in _dataflows().modules(**both))


@lru_cache(maxsize=1024)
def load_module(reference: str) -> ModuleType:
    """Import a module by dotted name, or from the file that `reference` is the path of.

    Raises
    ------
    UserError
        The module does not import; the message has the file, the line and the cause.
    """
    # Hamilton looks for every plug-in it knows (seconds) unless told not to before its import.
    os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
    os.environ.setdefault("HAMILTON_TELEMETRY_ENABLED", "false")
    try:
        if reference.endswith(".py"):
            return _from_file(Path(reference))
        return importlib.import_module(reference)
    except Exception as cause:  # a user's module may raise anything on import
        raise UserError(f"{reference}: does not import: {_cause(cause, reference)}") from cause
    except SystemExit as cause:
        raise UserError(f"{reference}: does not import: it calls sys.exit({cause.code})") from cause


@lru_cache(maxsize=1024)
def facts(reference: str) -> Facts:
    """Return what a module says about itself: its nodes, inputs and tasks.

    Raises
    ------
    UserError
        The module does not import, or its ``TASKS`` is not a tuple of task names.
    """
    module = load_module(reference)
    functions = {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and function.__module__ == module.__name__
    }
    nodes = frozenset(_node_name(name, function) for name, function in functions.items())
    inputs: dict[str, Input] = {}
    for function in functions.values():
        types = _types(function)
        for name, parameter in inspect.signature(function).parameters.items():
            if name not in nodes:
                required = parameter.default is inspect.Parameter.empty
                known = inputs.get(name)
                if known is None or (known.required and not required):
                    inputs[name] = Input(name, types.get(name, Any), required)
    return Facts(
        nodes=nodes,
        inputs=MappingProxyType(inputs),
        tasks=_tasks(module, reference),
        complete=not any(_makes_inputs(function) for function in functions.values()),
    )


def _dataflows() -> ModuleType:
    try:
        return importlib.import_module("dataflows")
    except ImportError as cause:
        raise UserError(
            f"crossfold's package dataflows does not import ({one_line(cause)}); "
            'install it with pip install "crossfold[bench]"'
        ) from None


class _Source(importlib.machinery.SourceFileLoader):
    """Runs what stands in the file.

    Python takes what it compiled before for a file whose length and second of change are the
    same, which an edit by a program, or a copy that keeps times, may leave as they were.
    """

    def path_stats(self, path: str) -> NoReturn:
        raise OSError(path)  # nothing to tell compiled code by: none is read, none is kept


def _from_file(path: Path) -> ModuleType:
    """Import a file under a name that is the same in every process and for no other file."""
    digest = hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()
    name = f"crossfold_user.{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    parent = sys.modules.setdefault("crossfold_user", ModuleType("crossfold_user"))
    parent.__path__ = []  # a package without files: only what is put there by hand
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    setattr(parent, name.partition(".")[2], module)
    return module


def _cause(cause: Exception, reference: str) -> str:
    """Return the type, the text and the place of an import's failure, the user's file first."""
    if isinstance(cause, SyntaxError):
        return f"SyntaxError: {one_line(cause.msg)} (line {cause.lineno})"
    frames = traceback.extract_tb(cause.__traceback__)
    linecache.checkcache()
    own = [frame for frame in frames if frame.filename == reference]
    place = f" (line {own[-1].lineno})" if own else ""
    return f"{type(cause).__name__}: {one_line(cause)}{place}"


def _node_name(name: str, function: Any) -> str:
    """Return the node a function gives: ``y__binary`` under ``config.when`` gives ``y``."""
    return name.rpartition("__")[0] if "__" in name and hasattr(function, "resolve") else name


def _makes_inputs(function: Any) -> bool:
    """Whether decorators on a function make nodes or inputs that its signature does not show."""
    return any(
        hasattr(function, lifecycle) for lifecycle in ("generate", "inject", "expand", "dynamic")
    ) or any(
        type(step).__name__ in ("pipe_output", "mutate")
        for step in getattr(function, "transform", ())
    )


def _types(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError):  # Hamilton will say so when it builds the graph
        return {}


def _tasks(module: ModuleType, reference: str) -> tuple[str, ...]:
    tasks = getattr(module, "TASKS", TASKS)
    if not isinstance(tasks, tuple | list) or not tasks:
        raise UserError(f"{reference}: TASKS is {tasks!r}; it must be a tuple of task names")
    for task in tasks:
        if task not in TASKS:
            raise unknown("task", str(task), TASKS, where=f"{reference}: TASKS")
    return tuple(task for task in TASKS if task in tasks)

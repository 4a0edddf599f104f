"""Commands that list what there is."""

from typing import Any

import click

from bench import console
from bench.cli.codes import OK
from bench.cli.group import Group
from bench.cli.named import asked_experiment
from bench.cli.options import asked_options
from bench.console import Grid

__all__ = ["list_"]


@click.group(cls=Group, name="list")
def list_() -> None:
    """List what there is.

    Models, datasets, tasks and metrics of crossfold, or the cells of an experiment.
    """


@list_.command(name="models")
def list_models() -> int:
    """List the models that come with crossfold."""
    return _list_modules("models")


@list_.command(name="datasets")
def list_datasets() -> int:
    """List the datasets that come with crossfold."""
    return _list_modules("datasets")


@list_.command(name="tasks")
def list_tasks() -> int:
    """List the tasks, each with the metric that decides unless an experiment says otherwise."""
    from bench.spec import catalogue

    rows = tuple((task, catalogue.PRIMARY[task]) for task in catalogue.TASKS)
    console.show([Grid("", ("task", "primary metric"), rows, left=2)])
    return OK


@list_.command(name="metrics")
def list_metrics() -> int:
    """List the metrics of each task."""
    from bench.spec import catalogue

    rows = tuple((task, ", ".join(names)) for task, names in catalogue.METRICS.items())
    console.show([Grid("", ("task", "metrics"), rows, left=2)])
    return OK


@list_.command(name="cells")
@asked_options
def list_cells(words: tuple[str, ...], mode: str | None, where: str) -> int:
    """List the cells of an experiment, one id and slug a line."""
    cells = asked_experiment(words, mode, where).cells()
    console.say(*(f"{cell.id}  {cell.slug}" for cell in cells))
    return OK


def _list_modules(kind: Any) -> int:
    from bench.spec import catalogue

    rows = tuple((name, catalogue.summary(kind, name)) for name in catalogue.available(kind))
    console.show([Grid("", (str(kind).removesuffix("s"), ""), rows, left=2)])
    return OK

"""Forecasting as pure Hamilton modules: data, folds, features, labels, models, scores.

A driver by hand is all it takes::

    from hamilton import driver
    import dataflows

    modules = dataflows.modules(dataset="weather", model="xgboost")
    cell = (
        driver.Builder()
        .with_modules(*modules)
        .with_config({"task": "continuous", "mode": "development"})
        .build()
    )
    cell.execute(
        ["best_model", "performance_metrics"],
        inputs=dict(
            target="temp_JFK", horizon=6, max_horizon=24, fold=0, seed=1,
            n_folds=2, first_train=1440, test_size=336,
        ),
    )
"""

from importlib import import_module
from types import ModuleType

__all__ = ["modules"]

_BETWEEN = (
    "dataflows.base",
    "dataflows.splits",
    "dataflows.features.calendar",
    "dataflows.features.lags",
    "dataflows.features.rolling",
    "dataflows.features.own",
    "dataflows.features.assembly",
    "dataflows.labels.binary",
    "dataflows.labels.multiclass",
    "dataflows.labels.ordinal",
    "dataflows.labels.continuous",
    "dataflows.start",
)
_AFTER = ("dataflows.evaluation",)


def modules(*, dataset: str | ModuleType, model: str | ModuleType) -> list[ModuleType]:
    """Modules of one cell, in the order a driver takes them.

    Parameters
    ----------
    dataset, model : str or module
        A name under `dataflows.datasets` or `dataflows.models`, or a module of one's own.
    """
    named = [f"dataflows.datasets.{dataset}" if isinstance(dataset, str) else dataset, *_BETWEEN]
    named += [f"dataflows.models.{model}" if isinstance(model, str) else model, *_AFTER]
    return [import_module(name) if isinstance(name, str) else name for name in named]

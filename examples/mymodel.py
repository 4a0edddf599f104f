"""Half way home: values return to their usual level by a share that training tells.

A model is a Hamilton module that gives `prediction`, one row for each of `test_origins`. What it
asks for by name, it gets: here `base` (what is known of the target at each origin), the training
labels, and `pull`, a parameter that an experiment file may set.
"""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config


@config.when(task="continuous")
def best_hyperparameters__continuous(
    y_train: pd.Series, base: pd.DataFrame, pull: float = 1.0
) -> dict[str, float]:
    """Share of today's distance from the level that is left at the horizon."""
    now = base.loc[y_train.index, "z_now"].to_numpy()
    share = float(now @ y_train.to_numpy() / (now @ now))
    return {"share": pull * share}


@config.when(task="continuous")
def prediction__continuous(
    best_hyperparameters: dict[str, float], base: pd.DataFrame, test_origins: pd.DatetimeIndex
) -> pd.DataFrame:
    """z at the horizon."""
    z = best_hyperparameters["share"] * base.loc[test_origins, "z_now"].to_numpy()
    return pd.DataFrame({"y_pred": z}, index=test_origins)


@config.when_in(task=["binary", "multiclass", "ordinal"])
def prediction__classes(
    y_train: pd.Series, n_classes: int, test_origins: pd.DatetimeIndex
) -> pd.DataFrame:
    """Probability of each class: its share of training, for want of anything better."""
    counts = np.bincount(y_train.to_numpy(), minlength=n_classes) + 0.5
    p = np.tile(counts / counts.sum(), (len(test_origins), 1))
    return pd.DataFrame(p, index=test_origins, columns=[f"p_{k}" for k in range(n_classes)])

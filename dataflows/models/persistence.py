"""Tomorrow is like today: the present value, or the present class with its usual luck."""
# mypy: allow-untyped-decorators

import pandas as pd
from hamilton.function_modifiers import config

from dataflows.models.frequencies import mixed

__all__ = ["prediction__classes", "prediction__continuous"]


@config.when(task="continuous")
def prediction__continuous(base: pd.DataFrame, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    """The present z."""
    return base.loc[test_origins, ["z_now"]].rename(columns={"z_now": "y_pred"})


@config.when_in(task=["binary", "multiclass", "ordinal"])
def prediction__classes(
    class_now: pd.Series, y_train: pd.Series, test_origins: pd.DatetimeIndex, n_classes: int
) -> pd.DataFrame:
    """The present class, as sure as persistence was right in training."""
    return mixed(class_now, y_train, test_origins, n_classes)

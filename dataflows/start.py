"""Where a trained forecast starts: what persistence or the training shares say, before learning."""
# mypy: allow-untyped-decorators

from typing import Any

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config
from numpy.typing import NDArray

from dataflows.models.frequencies import shares

__all__ = ["persistence_errors", "start__binary", "start__multiclass", "start__value"]

_Floats = NDArray[np.floating[Any]]
# Weight of the training shares: nothing is quite impossible, so that log loss stays finite.
_DOUBT = 1e-3


def persistence_errors(
    base: pd.DataFrame, train_origins: pd.DatetimeIndex, horizon: int
) -> np.ndarray:
    """Change of z over the horizon from every training origin, sorted."""
    rows = base.index.get_indexer(train_origins)
    y, scale = base["y_now"].to_numpy(), base["scale"].to_numpy()
    # Training origins are due by the cut, so rows + horizon is within what the fold may see.
    error = (y[rows + horizon] - y[rows]) / scale[rows]
    return np.sort(error[np.isfinite(error)])


@config.when_in(task=["continuous", "ordinal"])
def start__value(base: pd.DataFrame) -> pd.DataFrame:
    """The present z: nothing need be learned to forecast that the value stays."""
    return base[["z_now"]]


@config.when(task="binary")
def start__binary(base: pd.DataFrame, y_train: pd.Series) -> pd.DataFrame:
    """Log odds of the training classes: a value that stays neither rises nor falls."""
    p = shares(y_train.to_numpy(), 2)
    return pd.DataFrame({"odds": np.full(len(base), np.log(p[1] / p[0]))}, index=base.index)


@config.when(task="multiclass")
def start__multiclass(
    base: pd.DataFrame, persistence_errors: np.ndarray, y_train: pd.Series, n_classes: int
) -> pd.DataFrame:
    """Log probabilities of the classes that the present z reaches with the errors of training.

    From z > 0 nothing can rise and end below 0: one class of the four is always out of reach,
    and which one it is follows from the present.
    """
    z_now = base["z_now"].to_numpy()
    low = _share_up_to(-z_now, persistence_errors)  # P(z <= 0)
    falling = _share_up_to(np.zeros_like(low), persistence_errors)  # P(not above the present)
    p = np.column_stack(
        [
            np.minimum(low, falling),
            np.maximum(low - falling, 0.0),
            np.maximum(falling - low, 0.0),
            1.0 - np.maximum(low, falling),
        ]
    )
    log_p = np.log((1.0 - _DOUBT) * p + _DOUBT * shares(y_train.to_numpy(), n_classes))
    names = [f"log_p_{code}" for code in range(n_classes)]
    return pd.DataFrame(log_p, index=base.index, columns=names)


def _share_up_to(value: _Floats, errors: _Floats) -> NDArray[np.float64]:
    """Share of the errors that are not above each value."""
    return np.asarray((np.searchsorted(errors, value, side="right") + 0.5) / (len(errors) + 1.0))

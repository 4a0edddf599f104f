"""The matrix that models learn from, put together from named blocks."""

import numpy as np
import pandas as pd

from dataflows.errors import DataError

__all__ = ["X", "X_test", "X_train"]


def X(  # the field's own name for it
    own_features: pd.DataFrame,
    calendar_features: pd.DataFrame,
    lag_features: pd.DataFrame,
    rolling_features: pd.DataFrame,
    feature_set: str = "own+calendar+lags+rolling",
) -> pd.DataFrame:
    """Every origin's features in single precision; `feature_set` names the blocks, joined by +."""
    blocks = {
        "own": own_features,
        "calendar": calendar_features,
        "lags": lag_features,
        "rolling": rolling_features,
    }
    chosen = feature_set.split("+")
    for name in chosen:
        if name not in blocks:
            raise DataError(
                f"no feature block {name!r} in feature_set {feature_set!r}; "
                f"choose from {', '.join(blocks)}, joined by +"
            )
    parts = [blocks[name] for name in dict.fromkeys(chosen)]
    values = np.concatenate([part.to_numpy(dtype=np.float32) for part in parts], axis=1)
    columns = [column for part in parts for column in part.columns]
    return pd.DataFrame(values, index=own_features.index, columns=columns, copy=False)


def X_train(X: pd.DataFrame, train_origins: pd.DatetimeIndex) -> pd.DataFrame:
    """Features of the training origins."""
    return X.take(X.index.get_indexer(train_origins))


def X_test(X: pd.DataFrame, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    """Features of the test origins."""
    return X.take(X.index.get_indexer(test_origins))

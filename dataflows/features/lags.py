"""Each variable as it stands, and how far it has come over the last rows, in its own scale."""

import numpy as np
import pandas as pd

__all__ = ["lag_features"]

_LAGS = (1, 3, 6, 12, 24, 48, 72, 168)


def lag_features(
    known: pd.DataFrame,
    scales: pd.DataFrame,
    standardised: pd.DataFrame,
    lookback: int = 24,
) -> pd.DataFrame:
    """z of every variable, and its change over the lags that `lookback` allows, divided by s."""
    values, scale = known.to_numpy(), scales.to_numpy()
    blocks, names = [standardised.to_numpy()], [f"{name}_z" for name in known.columns]
    for lag in _LAGS:
        if lag > lookback:
            break
        change = np.full_like(values, np.nan)
        change[lag:] = (values[lag:] - values[:-lag]) / scale[lag:]
        blocks.append(change)
        names += [f"{name}_change_{lag}" for name in known.columns]
    return pd.DataFrame(
        np.concatenate(blocks, axis=1, dtype=np.float32), index=known.index, columns=names
    )

"""How each variable stands to its recent mean, and how restless it has been."""

import numpy as np
import pandas as pd

__all__ = ["rolling_features"]

_WINDOWS = (6, 24, 72)


def rolling_features(known: pd.DataFrame, scales: pd.DataFrame, lookback: int = 24) -> pd.DataFrame:
    """Present value less the trailing mean, and the trailing deviation, both divided by s."""
    scale = scales.to_numpy()
    blocks: list[np.ndarray] = []
    names: list[str] = []
    for window in _WINDOWS:
        if window > lookback and blocks:
            break
        rolling = known.rolling(window, min_periods=max(window // 2, 1))
        blocks += [
            (known - rolling.mean()).to_numpy() / scale,
            rolling.std(ddof=0).to_numpy() / scale,
        ]
        names += [f"{name}_over_mean_{window}" for name in known.columns]
        names += [f"{name}_deviation_{window}" for name in known.columns]
    return pd.DataFrame(
        np.concatenate(blocks, axis=1, dtype=np.float32), index=known.index, columns=names
    )

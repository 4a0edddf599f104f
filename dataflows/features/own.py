"""The target's own recent path in z, and what it did at this phase of earlier seasons."""

import numpy as np
import pandas as pd

__all__ = ["own_features"]

_LAGS = (0, 1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 72, 168)
_SEASONS = 7


def own_features(
    base: pd.DataFrame, season_length: int, horizon: int, lookback: int = 24
) -> pd.DataFrame:
    """Lagged z by the present m and s; at the forecast's phase, last season's value and the mean.

    The value one season before the forecast's time is `season - h` rows old: never in the future.
    """
    y = base["y_now"].to_numpy()
    level, scale = base["level"].to_numpy(), base["scale"].to_numpy()

    def back(rows: int) -> np.ndarray:
        return np.concatenate([np.full(min(rows, len(y)), np.nan), y[: max(len(y) - rows, 0)]])

    columns = {f"own_z_{lag}": (back(lag) - level) / scale for lag in _LAGS if lag <= lookback}
    if season_length > 1:
        age = -horizon % season_length  # rows since this phase of the season was last seen
        seasons = np.stack([back(age + k * season_length) for k in range(_SEASONS)])
        columns["own_season_last"] = (seasons[0] - level) / scale
        columns["own_season_mean"] = (seasons.mean(axis=0) - level) / scale
        # What the same hours did in the past seasons, from the present's phase to the forecast's.
        present = np.stack([back(k * season_length) for k in range(1, _SEASONS + 1)])
        ahead = np.stack([back(age + k * season_length) for k in range(_SEASONS)])
        columns["own_season_change"] = (ahead - present).mean(axis=0) / scale
    # Where the value lies between the extremes of the trailing window it is measured by.
    columns["own_scale"] = np.log(scale)
    return pd.DataFrame(columns, index=base.index, dtype=np.float32)

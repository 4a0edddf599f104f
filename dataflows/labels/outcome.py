"""What came of each origin: the one place that reads the future off the series."""

import pandas as pd

__all__ = ["outcome"]


def outcome(
    series: pd.DataFrame,
    base: pd.DataFrame,
    *,
    target: str,
    horizon: int,
    origins: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Of each origin: `y` at origin + horizon, `z` = (y - m) / s, `y_now`, `scale`.

    `y` is the observation itself, never a carried value: what was not observed is NaN.
    """
    rows = series.index.get_indexer(origins)
    y = series[target].to_numpy()[rows + horizon]
    known = base.to_numpy()[rows]
    y_now, level, scale = (known[:, base.columns.get_loc(c)] for c in ("y_now", "level", "scale"))
    z = (y - level) / scale
    return pd.DataFrame({"y": y, "z": z, "y_now": y_now, "scale": scale}, index=origins, copy=False)

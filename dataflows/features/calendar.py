"""Where an origin stands in its season, week and year: known for ever, so never a leak."""

import numpy as np
import pandas as pd

__all__ = ["calendar_features"]

_DAY = pd.Timedelta(days=1)
_YEAR = pd.Timedelta(days=365.25)


def calendar_features(series: pd.DataFrame, season_length: int) -> pd.DataFrame:
    """Sine and cosine of the phase in the season, and in week and year where they can be told."""
    index = pd.DatetimeIndex(series.index)
    turns: dict[str, np.ndarray] = {}
    if season_length > 1:
        phase = np.arange(len(index)) % season_length / season_length
        turns |= {"season": phase, "half_season": 2 * phase}
    since = (index - index[0].normalize()) / _DAY
    # Less than two years cannot tell a season of the year from a trend.
    if index[-1] - index[0] >= 2 * _YEAR:
        turns["year"] = np.asarray(since / (_YEAR / _DAY))
    if len(index) > 1 and index[1] - index[0] <= _DAY:
        turns["week"] = np.asarray(since / 7 + index[0].day_of_week / 7)
    columns = {}
    for name, turn in turns.items():
        columns[f"{name}_sin"] = np.sin(2 * np.pi * turn)
        columns[f"{name}_cos"] = np.cos(2 * np.pi * turn)
    return pd.DataFrame(columns, index=index, dtype=np.float32)

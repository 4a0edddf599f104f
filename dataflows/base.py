"""What is known of every variable at each time: last value, level, scale, place in between."""

import numpy as np
import pandas as pd

from dataflows.errors import DataError

__all__ = ["base", "known", "levels", "scales", "standardised"]


def known(series: pd.DataFrame, max_gap: int = 6) -> pd.DataFrame:
    """Last observed value, carried forward over at most `max_gap` missing rows.

    Interpolating over a gap would read the value after it, which nobody had at the time.
    """
    return series.ffill(limit=max_gap) if max_gap > 0 else series


def levels(known: pd.DataFrame, season_length: int, level_seasons: int = 7) -> pd.DataFrame:
    """Trailing median m of every variable, the present included."""
    window = _window(season_length, level_seasons)
    return known.rolling(window, min_periods=window // 2).median()


def scales(known: pd.DataFrame, season_length: int, level_seasons: int = 7) -> pd.DataFrame:
    """Trailing standard deviation s of every variable; missing where nothing moved."""
    window = _window(season_length, level_seasons)
    deviation = known.rolling(window, min_periods=window // 2).std(ddof=0)
    # A sum of squares updated row by row leaves dust where a constant stretch should give zero,
    # and a z made with dust is a huge number. Judged against the size of the values, it is zero.
    dust = 1e-6 * known.abs().rolling(window, min_periods=1).max()
    return deviation.where(deviation > dust)


def standardised(known: pd.DataFrame, levels: pd.DataFrame, scales: pd.DataFrame) -> pd.DataFrame:
    """z of every variable: (value - m) / s, all as of the same time."""
    return (known - levels) / scales


def base(
    known: pd.DataFrame, levels: pd.DataFrame, scales: pd.DataFrame, target: str
) -> pd.DataFrame:
    """Of the target at each origin: value, level m, scale s and z; NaN where not known."""
    if target not in known.columns:
        raise DataError(f"no column {target!r} in the data; choose from {', '.join(known.columns)}")
    y_now, level, scale = (frame[target].to_numpy() for frame in (known, levels, scales))
    return pd.DataFrame(
        {"y_now": y_now, "level": level, "scale": scale, "z_now": (y_now - level) / scale},
        index=known.index,
    )


def _window(season_length: int, level_seasons: int) -> int:
    # Seven days of hours; a month of rows where the season is short or absent.
    return int(np.maximum(season_length * level_seasons, 30))

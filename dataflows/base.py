"""What is known of every variable at each time: last value, level, scale, place in between."""

import pandas as pd

from dataflows.errors import DataError

__all__ = ["base", "known", "level_window", "levels", "scales", "standardised"]


def known(series: pd.DataFrame, max_gap: int = 6) -> pd.DataFrame:
    """Last observed value, carried forward over at most `max_gap` missing rows.

    Interpolating over a gap would read the value after it, which nobody had at the time.
    """
    return series.ffill(limit=max_gap) if max_gap > 0 else series


def level_window(season_length: int, level_seasons: int = 7) -> int:
    """Rows that level and scale look back over: seven seasons, 30 rows where seasons are short."""
    return max(season_length * level_seasons, 30)


def levels(known: pd.DataFrame, level_window: int) -> pd.DataFrame:
    """Trailing median m of every variable, the present included."""
    return known.rolling(level_window, min_periods=level_window // 2).median()


def scales(known: pd.DataFrame, level_window: int) -> pd.DataFrame:
    """Trailing standard deviation s of every variable; missing where nothing moved."""
    deviation = known.rolling(level_window, min_periods=level_window // 2).std(ddof=0)
    # A sum of squares updated row by row leaves dust where a constant stretch should give zero,
    # and a z made with dust is a huge number. Judged against the size of the values, it is zero.
    dust = 1e-6 * known.abs().rolling(level_window, min_periods=1).max()
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

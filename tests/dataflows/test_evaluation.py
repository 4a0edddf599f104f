"""Evaluation: forecasts beside outcomes, and the scores of both, against hand-worked values."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dataflows import evaluation
from tests.dataflows.cells import TASKS, answers, hourly, write

INDEX = pd.date_range("2024-01-01", periods=8, freq="h", name="time")


@pytest.fixture
def known() -> dict[str, Any]:
    y = np.array([0.0, 1.0, 3.0, 2.0, np.nan, 6.0, 7.0, 9.0])
    base = pd.DataFrame(
        {"y_now": pd.Series(y).ffill().to_numpy(), "level": 1.0, "scale": 2.0}, index=INDEX
    )
    base["z_now"] = (base["y_now"] - 1) / 2
    series = pd.DataFrame({"y": y}, index=INDEX)
    return {"series": series, "base": base, "target": "y", "horizon": 1}


def test_a_forecast_in_z_is_scored_in_y(known: dict[str, Any]) -> None:
    origins = INDEX[2:6]
    forecast = pd.DataFrame({"y_pred": [0.0, 1.0, 2.0, 3.0], "q_0.5": 0.5}, index=origins)
    found = evaluation.predictions__continuous(forecast, test_origins=origins, **known)
    # Row 4 was not observed, so the origin before it is not scored.
    assert found["origin"].tolist() == [INDEX[2], INDEX[4], INDEX[5]]
    assert found["target_time"].tolist() == [INDEX[3], INDEX[5], INDEX[6]]
    assert found["y_true"].tolist() == [2.0, 6.0, 7.0]
    assert found["y_pred"].tolist() == [1.0, 5.0, 7.0]
    assert found["q_0.5"].tolist() == [2.0] * 3
    assert found["scale"].tolist() == [2.0] * 3

    series, base = known["series"], known["base"]
    scores = evaluation.performance_metrics__continuous(found, series, base, 1, "y", 3)
    values = scores.set_index("metric")["value"]
    assert values["rmse_y"] == pytest.approx(np.sqrt(2 / 3))
    assert values["rmse"] == pytest.approx(np.sqrt(2 / 3) / 2)
    assert values["mae"] == pytest.approx(1 / 3)
    # One-step changes up to row 3 are 1, 2, 1: a mean of 4/3.
    assert values["mase"] == pytest.approx((2 / 3) / (4 / 3))
    # Persistence said 3, 2, 6 for 2, 6, 7: squares 1, 16, 1.
    assert values["skill"] == pytest.approx(1 - np.sqrt(2 / 18))
    assert scores.set_index("metric")["direction"]["skill"] == "higher"
    assert (scores["n"] == 3).all()


def test_class_forecasts_name_the_most_probable(known: dict[str, Any]) -> None:
    origins = INDEX[2:4]
    forecast = pd.DataFrame({"p_0": [0.75, 0.25], "p_1": [0.25, 0.75]}, index=origins)
    found = evaluation.predictions__binary(forecast, test_origins=origins, **known)
    assert found["y_true"].tolist() == [0.0]  # 3 fell to 2; what came of 2 was not observed
    assert found["y_pred"].tolist() == [0.0]
    scores = evaluation.performance_metrics__binary(found).set_index("metric")
    assert scores["value"]["log_loss"] == pytest.approx(-np.log(0.75))
    assert scores["value"]["brier"] == pytest.approx(0.0625)
    # One class in the test window: no curve to measure the area of.
    assert not scores["defined"]["auc"]
    assert np.isnan(scores["value"]["auc"])


def test_nothing_observed_is_undefined_and_not_zero(known: dict[str, Any]) -> None:
    origins = INDEX[3:4]
    forecast = pd.DataFrame({"p_0": [0.5], "p_1": [0.5]}, index=origins)
    found = evaluation.predictions__binary(forecast, test_origins=origins, **known)
    scores = evaluation.performance_metrics__binary(found)
    assert len(found) == 0
    assert not scores["defined"].any()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda frame: frame.iloc[1:], "3 rows that are not the 4 test_origins"),
        (lambda frame: frame.iloc[::-1], "4 rows that are not the 4 test_origins"),
        (lambda frame: frame.rename(columns={"y_pred": "z"}), "columns z; this task needs y_pred"),
        (lambda frame: frame * np.nan, "missing or infinite in 4 of 4 rows"),
    ],
)
def test_a_forecast_that_is_none_is_refused(known: dict[str, Any], change: Any, line: str) -> None:
    origins = INDEX[2:6]
    forecast = pd.DataFrame({"y_pred": [0.0, 1.0, 2.0, 3.0]}, index=origins)
    with pytest.raises(ValueError, match=line):
        evaluation.predictions__continuous(change(forecast), test_origins=origins, **known)


def test_probabilities_that_do_not_sum_are_refused(known: dict[str, Any]) -> None:
    origins = INDEX[2:4]
    forecast = pd.DataFrame({"p_0": [0.5, 0.5], "p_1": [0.4, 0.5]}, index=origins)
    with pytest.raises(ValueError, match="each row must sum to 1"):
        evaluation.predictions__binary(forecast, test_origins=origins, **known)


@pytest.mark.parametrize("task", TASKS)
def test_the_reference_scores_what_it_should(tmp_path, task: str) -> None:
    path = write(hourly(), tmp_path / "a.csv")
    cell = {"model": "persistence", "task": task, "data_file": path, "target": "a"}
    found = answers(["performance_metrics", "predictions"], **cell)
    scores = found["performance_metrics"].set_index("metric")
    assert set(scores["direction"]) <= {"lower", "higher"}
    assert scores.loc[scores["defined"], "value"].notna().all()
    if task == "continuous":
        assert scores["value"]["skill"] == pytest.approx(0.0)

"""The automatic checks: each finds what it is there for, and says so when there is nothing."""

import numpy as np
import pandas as pd
import pytest

from bench.results.checks import Check, ForecastFacts, checks, forecast_facts

TASK = {"continuous": "rmse"}


def cells(*variants: str, targets: int = 2, horizon: int = 1, status: str = "ok") -> pd.DataFrame:
    rows = [
        {
            "cell_id": f"{variant}{target}",
            "slug": f"d.y{target}.{variant}",
            "variant": variant,
            "dataset": "d",
            "target": f"y{target}",
            "task": "continuous",
            "horizon": horizon,
            "fold": 0,
            "status": status,
            "error_type": "ValueError" if status != "ok" else None,
            "error_message": "prediction: no" if status != "ok" else None,
        }
        for variant in variants
        for target in range(targets)
    ]
    return pd.DataFrame(rows)


def scores(**values: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "cell_id": c,
                "metric": "rmse",
                "value": v,
                "direction": "lower",
                "n": 9,
                "defined": True,
            }
            for c, v in values.items()
        ]
    )


def found(
    runs: pd.DataFrame,
    name: str,
    *,
    facts: dict[str, ForecastFacts] | None = None,
    reports: dict[str, dict[str, object]] | None = None,
    table: pd.DataFrame | None = None,
) -> list[Check]:
    every = checks(
        runs,
        scores() if table is None else table,
        facts or {c: ForecastFacts(500, 0, False, c) for c in runs["cell_id"]},
        reports or {},
        primary=TASK,
        reference="persistence" if table is not None else None,
    )
    return [c for c in every if c.check == name]


def predictions(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_facts_of_a_forecast_that_does_not_move():
    (facts,) = forecast_facts(predictions(y_pred=[1.0, 1.0, 1.0]), [3])
    assert (facts.n, facts.n_missing, facts.constant) == (3, 0, True)


def test_a_class_forecast_moves_when_its_probabilities_do():
    still = predictions(y_pred=[1.0, 1.0], p_0=[0.2, 0.2], p_1=[0.8, 0.8])
    moving = predictions(y_pred=[1.0, 1.0], p_0=[0.2, 0.3], p_1=[0.8, 0.7])
    one, other = forecast_facts(pd.concat([still, moving]), [2, 2])
    assert one.constant
    assert not other.constant
    assert forecast_facts(moving, [2]) == [other]


def test_missing_forecasts_are_counted_once_a_row():
    table = predictions(y_pred=[np.nan, 1.0], p_0=[np.nan, 0.5], p_1=[0.1, 0.5])
    (facts,) = forecast_facts(table, [2])
    assert facts.n_missing == 1


def test_a_failed_cell_is_an_error_with_its_cause():
    (check,) = found(cells("lstm", status="failed"), "failed cells", facts={})
    assert check.severity == "error"
    assert "2 cells failed with ValueError" in check.detail
    assert "prediction: no" in check.detail


@pytest.mark.parametrize(
    ("last", "severity"),
    [("2013-07-01 00:00:00+00:00", "info"), ("2013-07-01 01:00:00+00:00", "error")],
)
def test_a_training_outcome_in_the_tested_time_is_an_error(last: str, severity: str):
    report = {"last_train_target": last, "first_test_target": "2013-07-01 01:00:00+00:00"}
    (check,) = found(cells("a", targets=1), "time overlap", reports={"a0": report})
    assert check.severity == severity


def test_models_that_forecast_the_same_are_named():
    runs = cells("a", "b", "c")
    facts = {c: ForecastFacts(500, 0, False, c.replace("b", "a")) for c in runs["cell_id"]}
    (check,) = found(runs, "duplicated models", facts=facts)
    assert check.subject == "a = b"
    assert "2 of 2 cells" in check.detail


@pytest.mark.parametrize(("n", "severity"), [(59, "warning"), (60, "info")])
def test_fewer_than_ten_origins_a_step_ahead_are_too_few(n: int, severity: str):
    runs = cells("a", targets=1, horizon=6)
    (check,) = found(runs, "too few origins", facts={"a0": ForecastFacts(n, 0, False, "")})
    assert check.severity == severity


def test_a_class_absent_from_training_is_told():
    runs = cells("a", targets=1)
    (check,) = found(runs, "classes in training", reports={"a0": {"class_counts": [5, 0, 3]}})
    assert check.severity == "warning"


def test_a_search_that_stops_at_its_edge_is_told():
    runs = cells("a")
    reports = {"a0": {"at_edge": ["max_depth"]}, "a1": {"at_edge": ["max_depth"]}}
    (check,) = found(runs, "search range", reports=reports)
    assert (check.severity, check.subject) == ("warning", "a: max_depth")
    assert "2 of 2 cells" in check.detail


def test_a_model_worse_than_the_reference_is_told_with_both_numbers():
    runs = cells("persistence", "a", "b")
    table = scores(persistence0=1.0, persistence1=1.0, a0=1.5, a1=0.9, b0=0.5, b1=0.6)
    (check,) = found(runs, "worse than the reference", table=table)
    assert check.subject == "a, continuous, horizon 1"
    assert "1.2 against 1 of persistence; worse in 1 of 2" in check.detail

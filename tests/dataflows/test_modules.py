"""The modules of a cell: their order, and a driver by hand as the package shows it."""

from hamilton import driver

import dataflows
from dataflows import ports


def test_data_come_first_and_scores_last() -> None:
    names = [module.__name__ for module in dataflows.modules(dataset="weather", model="linear")]
    assert names[0] == "dataflows.datasets.weather"
    assert names[-2:] == ["dataflows.models.linear", "dataflows.evaluation"]
    assert names.index("dataflows.splits") < names.index("dataflows.features.assembly")


def test_a_module_of_ones_own_takes_the_place_of_a_name() -> None:
    assert dataflows.modules(dataset=ports, model="linear")[0] is ports


def test_a_driver_by_hand_works_as_shown() -> None:
    modules = dataflows.modules(dataset="weather", model="xgboost")
    cell = (
        driver.Builder()
        .with_modules(*modules)
        .with_config({"task": "continuous", "mode": "development"})
        .build()
    )
    found = cell.execute(
        ["best_model", "performance_metrics"],
        inputs={
            "target": "temp_JFK",
            "horizon": 6,
            "max_horizon": 24,
            "fold": 0,
            "seed": 1,
            "n_folds": 2,
            "first_train": 1440,
            "test_size": 336,
        },
    )
    scores = found["performance_metrics"].set_index("metric")["value"]
    # Two months teach when the day warms: a third less error than "it stays as it is".
    assert scores["skill"] > 0.3

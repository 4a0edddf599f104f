"""Nothing up to an origin may depend on what comes after it: overwrite the future and compare."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dataflows import models
from tests.dataflows import leaky, leaky_scaler
from tests.dataflows.cells import HORIZONS, PROTOCOL, TASKS, answers, hourly, write

# The first test origin of fold 0: the last row that training may see.
CUT = PROTOCOL["first_train"] - 1

PAST = ["known", "levels", "scales", "standardised", "base", "X", "class_now"]
FITTED = [
    "train_origins",
    "fit_origins",
    "validation_origins",
    "X_train",
    "y_train",
    "label_edges",
    "persistence_errors",
    "trial_table",
    "best_hyperparameters",
    "best_model",
    "scaled_series",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The table as it is, under -1, and with noise after the origin of each other key."""
    folder = tmp_path_factory.mktemp("tables")
    frame = hourly()
    made = {-1: write(frame, folder / "truth.csv")}
    for origin in (CUT, CUT + 17):
        noisy = frame.copy()
        shape = noisy.iloc[origin + 1 :].shape
        noise = 50 * np.random.default_rng(99).normal(size=shape) - 200
        noisy.iloc[origin + 1 :] = noise
        made[origin] = write(noisy, folder / f"noise_{origin}.csv")
    return made


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to the last bit."""
    if isinstance(one, pd.DataFrame | pd.Series | pd.Index):
        return bool(one.equals(other))
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=True))
    if hasattr(one, "save_raw"):
        return bool(one.save_raw("ubj") == other.save_raw("ubj"))
    if isinstance(one, dict) and one and hasattr(next(iter(one.values())), "numpy"):
        return one.keys() == other.keys() and all(
            np.array_equal(one[name].numpy(), other[name].numpy()) for name in one
        )
    return bool(one == other)


def differences(files: dict[int, Path], origin: int, **cell: Any) -> list[str]:
    """Nodes that tell the noise after `origin` from the truth, in what they say up to it."""
    nodes = [*PAST, *FITTED, "prediction", "predictions"]
    truth = answers(nodes, target="a", data_file=files[-1], **cell)
    noisy = answers(nodes, target="a", data_file=files[origin], **cell)
    until = truth["base"].index[origin]
    found = [
        name
        for name in PAST
        if name in truth and not same(truth[name].loc[:until], noisy[name].loc[:until])
    ]
    found += [
        name
        for name in FITTED
        if name in truth
        and not same(
            *(
                value[name].loc[:until] if name == "scaled_series" else value[name]
                for value in (truth, noisy)
            )
        )
    ]
    if not same(truth["prediction"].loc[:until], noisy["prediction"].loc[:until]):
        found.append("prediction")
    # The noise must be seen by what comes after, or this would hold of a model that sees nothing.
    assert not truth["predictions"].equals(noisy["predictions"])
    return found


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", models.available())
def test_no_value_up_to_an_origin_depends_on_what_follows(
    files: dict[int, Path], model: str, task: str, horizon: int
) -> None:
    for origin in (CUT, CUT + 17):
        assert differences(files, origin, model=model, task=task, horizon=horizon) == []


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", ["xgboost", "lstm"])
def test_the_search_for_hyperparameters_sees_training_only(
    files: dict[int, Path], model: str, task: str
) -> None:
    cell = {"model": model, "task": task, "mode": "evaluation", "n_trials": 2}
    assert differences(files, CUT, horizon=6, **cell) == []


@pytest.mark.parametrize("model", [leaky, leaky_scaler])
def test_a_model_that_looks_ahead_is_caught(files: dict[int, Path], model: Any) -> None:
    found = differences(files, CUT + 17, model=model, task="continuous", horizon=6)
    assert found == ["prediction"]


def test_the_last_training_label_is_the_last_that_is_due(files: dict[int, Path]) -> None:
    # One row earlier and the label of the longest horizon would reach past the cut.
    for horizon in HORIZONS:
        cell = {"model": "persistence", "task": "continuous", "horizon": horizon}
        found = answers(["train_origins", "base"], target="b", data_file=files[-1], **cell)
        last = found["base"].index.get_loc(found["train_origins"][-1])
        assert last + PROTOCOL["max_horizon"] == CUT

"""The trained models: what they learn, what they keep, and that what they keep can be stored."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataflows.models import xgboost as module
from dataflows.training.search import drawn
from stats import metrics
from tests.dataflows.cells import TASKS, answers, hourly, write


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(hourly(900), tmp_path_factory.mktemp("table") / "hourly.csv")


def learned(path: Path, model: str, task: str, **inputs: Any) -> dict[str, Any]:
    nodes = ["prediction", "best_model", "best_hyperparameters", "fit_report", "start", "X_test"]
    nodes += ["base_model", "performance_metrics", "test_origins"]
    protocol = {"first_train": 700, "test_size": 170, "target": "a", "n_folds": 1}
    return answers(nodes, model=model, task=task, data_file=path, **(protocol | inputs))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", ["xgboost", "lstm"])
def test_a_daily_cycle_is_learned(path: Path, model: str, task: str) -> None:
    # Six hours are a quarter of the cycle: the value moves on, and when is known.
    metric = {"continuous": "rmse", "ordinal": "rps"}.get(task, "log_loss")
    scores = [
        learned(path, name, task)["performance_metrics"].set_index("metric")["value"][metric]
        for name in (model, "persistence")
    ]
    assert scores[0] < 0.9 * scores[1]


@pytest.mark.parametrize("task", TASKS)
def test_a_booster_survives_its_storage_format(path: Path, task: str) -> None:
    import xgboost

    found = learned(path, "xgboost", task)
    again = xgboost.Booster()
    again.load_model(bytearray(found["best_model"].save_raw("ubj")))
    latent = [
        module._latent(booster, found["X_test"], found["start"])
        for booster in (found["best_model"], again)
    ]
    np.testing.assert_array_equal(*latent)
    # The margin is the start plus the trees, however it is asked for.
    rows = found["start"].loc[found["test_origins"]].to_numpy()
    matrix = xgboost.DMatrix(found["X_test"].to_numpy(), base_margin=rows, nthread=1)
    other = found["best_model"].predict(matrix, output_margin=True)
    np.testing.assert_allclose(latent[0], other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_weights_survive_their_storage_format(path: Path, task: str) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    state = learned(path, "lstm", task)["best_model"]
    again = safetensors.load(safetensors.save(state))
    assert again.keys() == state.keys()
    assert all((again[name] == state[name]).all() for name in state)
    assert all(value.device.type == "cpu" for value in state.values())


def test_an_ordinal_forecast_grows_one_tree_a_round(path: Path) -> None:
    found = learned(path, "xgboost", "ordinal")
    rounds = found["best_hyperparameters"]["n_rounds"]
    assert len(found["best_model"].get_dump()) == rounds
    assert len(found["base_model"]["cut_points"]) == 4
    assert found["best_hyperparameters"]["spread"] > 0


def test_quantiles_cover_about_what_they_say(path: Path) -> None:
    for model in ("xgboost", "lstm", "linear", "persistence"):
        found = answers(
            ["predictions"],
            model=model,
            task="continuous",
            data_file=path,
            first_train=700,
            test_size=170,
            n_folds=1,
            target="a",
        )["predictions"]
        share = metrics.coverage(found["y_true"], found["q_0.1"], found["q_0.9"])
        assert 0.6 < share < 0.95, model


def test_every_draw_lies_in_the_search_space() -> None:
    rng = np.random.default_rng(0)
    draws = [drawn(module._SPACE, rng) for _ in range(200)]
    assert {draw["max_depth"] for draw in draws} == {3, 4, 5, 6, 7}
    assert all(0.05 <= draw["learning_rate"] <= 0.3 for draw in draws)
    assert all(0.25 <= draw["colsample"] <= 0.8 for draw in draws)


def test_fewer_rounds_are_used_than_allowed_where_validation_says_so(path: Path) -> None:
    found = learned(path, "xgboost", "continuous", n_rounds=500)
    assert found["best_hyperparameters"]["n_rounds"] < 500
    assert found["fit_report"]["chosen"] == found["best_hyperparameters"]
    assert found["best_model"].num_boosted_rounds() == found["best_hyperparameters"]["n_rounds"]

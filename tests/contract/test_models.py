"""What every model owes on every task and dataset, ours or a user's."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dataflows import datasets, models, ports
from tests.dataflows.cells import PROTOCOL, TASKS, answers, graph, hourly, write

TARGETS = {"weather": "humid_LGA", "fx": "JPY", "table": "a"}
# Enough history for the level of each dataset, and no more.
FIRST_TRAIN = {"weather": 400, "fx": 300, "table": 300}
SHARED = (
    "series",
    "season_length",
    "known",
    "levels",
    "scales",
    "standardised",
    "calendar_features",
    "lag_features",
    "rolling_features",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Of each dataset: inputs, and the nodes that all its cells share, computed once."""
    path = write(hourly(), tmp_path_factory.mktemp("table") / "hourly.csv")
    found = {}
    for name in datasets.available():
        inputs = {"data_file": path} if name == "table" else {}
        inputs |= PROTOCOL | {"first_train": FIRST_TRAIN[name], "target": TARGETS[name]}
        if name == "fx":
            pytest.importorskip("currency_converter")
        shared = answers(list(SHARED), model="persistence", task="binary", dataset=name, **inputs)
        found[name] = {"inputs": inputs, "overrides": shared}
    return found


def cell(
    data: dict[str, dict[str, Any]], dataset: str, model: str, task: str, **inputs: Any
) -> dict[str, Any]:
    nodes = ["prediction", "predictions", "performance_metrics", "test_origins", "train_origins"]
    nodes += ["n_classes", "y_train", "X_train", "X_test", "best_model", "fit_report"]
    return answers(
        nodes,
        model=model,
        task=task,
        dataset=dataset,
        overrides=data[dataset]["overrides"],
        **(data[dataset]["inputs"] | inputs),
    )


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", models.available())
@pytest.mark.parametrize("dataset", datasets.available())
def test_a_forecast_for_every_origin_the_same_each_time(
    data: dict[str, dict[str, Any]], dataset: str, model: str, task: str
) -> None:
    first = cell(data, dataset, model, task)
    forecast = first["prediction"]
    assert forecast.index.equals(first["test_origins"])
    assert np.isfinite(forecast.to_numpy()).all()
    if task == "continuous":
        assert "y_pred" in forecast.columns
        quantiles = forecast.filter(like="q_").to_numpy()
        assert (np.diff(quantiles, axis=1) >= 0).all()
    else:
        assert list(forecast.columns) == [f"p_{k}" for k in range(first["n_classes"])]
        assert (forecast.to_numpy() >= 0).all()
        np.testing.assert_allclose(forecast.sum(axis=1), 1.0, atol=1e-6)
    assert first["X_train"].index.equals(first["y_train"].index)

    scored = first["predictions"]
    ahead = scored["target_time"] - scored["origin"]
    assert first["train_origins"][-1] + ahead.iloc[0] < scored["target_time"].min()
    assert scored["origin"].isin(first["test_origins"]).all()

    # A second time, with another cell's fit in between: nothing is carried over.
    cell(data, dataset, model, "binary" if task != "binary" else "ordinal", seed=4)
    second = cell(data, dataset, model, task)
    assert second["prediction"].equals(forecast)
    assert second["performance_metrics"].equals(first["performance_metrics"])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", models.available())
def test_no_model_has_the_evaluation_upstream(model: str, task: str) -> None:
    whole = graph(model=model, task=task)
    upstream, _ = whole.graph.get_upstream_nodes(["prediction"])
    modules = {
        function.__module__ for node in upstream for function in node.originating_functions or ()
    }
    assert f"dataflows.models.{model}" in modules
    assert "dataflows.evaluation" not in modules
    for name in (*ports.DATASET, *ports.FEATURES, *ports.LABELS, *ports.MODEL, *ports.EVALUATION):
        assert name in whole.graph.nodes


@pytest.mark.parametrize("task", TASKS)
def test_all_models_of_a_cell_are_scored_on_the_same_rows(
    data: dict[str, dict[str, Any]], task: str
) -> None:
    rows = [
        cell(data, "table", model, task)["predictions"][["origin", "target_time", "y_true"]]
        for model in models.available()
    ]
    assert all(frame.equals(rows[0]) for frame in rows[1:])


@pytest.mark.parametrize("model", ["xgboost", "lstm"])
def test_a_new_process_gives_the_same_forecast(
    data: dict[str, dict[str, Any]], model: str, tmp_path: Path
) -> None:
    here = cell(data, "table", model, "multiclass")["prediction"]
    path = data["table"]["inputs"]["data_file"]
    script = (
        "from pathlib import Path\n"
        "from tests.dataflows.cells import answers\n"
        f"found = answers(['prediction'], model={model!r}, task='multiclass', target='a',\n"
        f"    data_file=Path({str(path)!r}))\n"
        f"found['prediction'].to_pickle({str(tmp_path / 'there.pkl')!r})\n"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root)
    assert pd.read_pickle(tmp_path / "there.pkl").equals(here)


@pytest.mark.parametrize("model", ["xgboost", "lstm"])
def test_the_seed_is_an_input(data: dict[str, dict[str, Any]], model: str) -> None:
    one = cell(data, "table", model, "continuous", seed=1)["prediction"]
    other = cell(data, "table", model, "continuous", seed=2)["prediction"]
    assert not one.equals(other)


@pytest.mark.parametrize("model", ["xgboost", "lstm"])
def test_the_search_keeps_its_trials(data: dict[str, dict[str, Any]], model: str) -> None:
    inputs = data["table"]["inputs"]
    found = answers(
        ["fit_report", "best_hyperparameters"],
        model=model,
        task="ordinal",
        mode="evaluation",
        n_trials=3,
        **inputs,
    )
    trials = found["fit_report"]["trials"]
    assert len(trials) == 3
    best = min(trials, key=lambda trial: trial["validation_loss"])
    assert found["best_hyperparameters"] == best["hyperparameters"]


def test_importing_every_dataflow_loads_no_heavy_library() -> None:
    names = [f"dataflows.models.{name}" for name in models.available()]
    names += [f"dataflows.datasets.{name}" for name in datasets.available()]
    script = (
        "import sys, importlib\n"
        f"for name in {[*names, 'dataflows.evaluation']!r}: importlib.import_module(name)\n"
        # Not pandera: where it is installed, Hamilton itself imports it with its decorators.
        "heavy = {'torch', 'xgboost', 'sklearn', 'currency_converter'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    root = Path(__file__).resolve().parents[2]
    # Hamilton's own plugins would import what they find.
    environment = {"HAMILTON_AUTOLOAD_EXTENSIONS": "0", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def as_stored(value: Any) -> Any:
    """The same value as a store gives it back: columns one by one, and read-only."""
    if not isinstance(value, pd.DataFrame):
        return value
    columns = {}
    for name, column in value.items():
        array = column.to_numpy(copy=True)
        array.flags.writeable = False
        columns[name] = pd.Series(array, index=value.index, copy=False)
    return pd.DataFrame(columns, copy=False)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", models.available())
def test_a_value_from_the_store_gives_the_same_bits(
    data: dict[str, dict[str, Any]], model: str, task: str
) -> None:
    inputs = data["table"]["inputs"]
    nodes = ["base", "X", "X_train", "X_test", "scaled_series", "present", "start", "label_edges"]
    nodes += ["own_features", "standardised", "known", "y_train", "class_now"]
    fresh = answers(nodes, model=model, task=task, **inputs)
    stored = {name: as_stored(value) for name, value in fresh.items()}
    assert any(
        not value.to_numpy().flags.c_contiguous
        for name, value in stored.items()
        if name in ("X", "base")
    )
    wanted = ["prediction", "predictions", "performance_metrics"]
    one = answers(wanted, model=model, task=task, **inputs)
    other = answers(wanted, model=model, task=task, overrides=stored, **inputs)
    for name in wanted:
        assert one[name].equals(other[name]), name
    upstream = answers(
        ["scaled_series", "own_features"],
        model=model,
        task=task,
        **inputs,
        overrides={"standardised": stored["standardised"], "base": stored["base"]},
    )
    for name, value in upstream.items():
        assert value.equals(fresh[name]), name

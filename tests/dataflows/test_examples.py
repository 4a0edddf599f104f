"""What is shown to a user works: the example's table, model and experiment."""

import importlib.util
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dataflows import datasets, models, splits, suitability
from dataflows.datasets import table
from tests.dataflows.cells import TASKS, answers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def mymodel() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mymodel", ROOT / "examples" / "mymodel.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Hamilton takes a function for a module's own only if it finds that module by name.
    sys.modules["mymodel"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("task", TASKS)
def test_a_module_of_ones_own_is_a_model(mymodel: ModuleType, task: str) -> None:
    found = answers(
        ["prediction", "performance_metrics"],
        model=mymodel,
        task=task,
        data_file=ROOT / "examples" / "sales.csv",
        time_column="date",
        target="umbrellas",
        horizon=7,
        first_train=360,
        test_size=70,
    )
    assert np.isfinite(found["prediction"].to_numpy()).all()
    assert found["performance_metrics"]["defined"].any()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "experiments").glob("*.toml")), ids=lambda p: p.stem
)
def test_every_experiment_names_what_exists(path: Path) -> None:
    experiment = tomllib.loads(path.read_text())
    assert set(experiment["dataset"]) <= set(datasets.available())
    assert set(experiment["models"]) <= set(models.available())
    assert set(experiment["matrix"]["task"]) <= set(TASKS)
    assert experiment["protocol"]["reference"] in experiment["models"]


def test_there_are_240_variants_to_compare() -> None:
    experiment = tomllib.loads((ROOT / "experiments" / "variants.toml").read_text())
    sizes = [
        int(np.prod([len(values) for values in model["grid"].values()]))
        for model in experiment["models"].values()
        if "grid" in model
    ]
    assert sum(sizes) == 240


def test_the_example_has_rows_for_its_protocol() -> None:
    experiment = tomllib.loads((ROOT / "examples" / "sales.toml").read_text())
    series = table.series(ROOT / "examples" / "sales.csv", time_column="date")
    protocol = {
        name: experiment["protocol"][name] for name in ("n_folds", "first_train", "test_size")
    }
    found = suitability.problems(
        splits.series_profile(series, experiment["dataset"]["sales"]["season"]),
        target=experiment["matrix"]["target"],
        horizons=experiment["matrix"]["horizon"],
        **protocol,
    )
    assert found == []

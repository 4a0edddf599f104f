"""Experiments: what a file comes to, in each mode, with overrides and filters."""

import shutil
import tomllib
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.spec.experiment import DatasetSpec, Experiment, Protocol

MODEL = '''\
"""A model of one's own."""

from pathlib import Path

import pandas as pd


def prediction(base: pd.DataFrame, test_origins: pd.DatetimeIndex, weights: Path, size: int = 3,
               rate: float = 0.1, kind: str = "a") -> pd.DataFrame:
    """The present value."""
    return base.loc[test_origins, ["z_now"]].rename(columns={"z_now": "y_pred"})
'''


def test_a_file_comes_to_cells_in_a_fixed_order(small):
    experiment = Experiment.load(small)
    cells = experiment.cells()
    # 2 targets x 2 horizons x 2 folds x (4 variants of binary + 3 of continuous)
    assert len(cells) == 2 * 2 * 2 * 7
    assert len({cell.id for cell in cells}) == len({cell.slug for cell in cells}) == len(cells)
    assert [cell.slug for cell in cells[:3]] == [
        "weather.temp_JFK.binary.h1.f0.persistence",
        "weather.temp_JFK.binary.h1.f1.persistence",
        "weather.temp_JFK.binary.h1.f0.climatology",
    ]
    assert cells == Experiment.load(small).cells()
    assert experiment.protocol == Protocol(n_folds=2, first_train=1440, test_size=336)
    assert experiment.targets == ("temp_JFK", "humid_LGA")
    assert experiment.primary == {"binary": "log_loss", "continuous": "rmse"}
    assert experiment.reference == "persistence"
    assert experiment.mode == "development"


def test_a_grid_gives_labelled_variants_that_share_seeds(small):
    experiment = Experiment.load(small)
    wide = [variant for variant in experiment.models if variant.model == "wide"]
    assert [variant.label for variant in wide] == ["wide[lookback=12]", "wide[lookback=24]"]
    assert [variant.parameters for variant in wide] == [(("lookback", 12),), (("lookback", 24),)]
    assert {variant.module for variant in wide} == {"dataflows.models.persistence"}
    seeds = {c.seed for c in experiment.filtered("model=wide and fold=0 and horizon=1").cells()}
    assert len(seeds) == 4  # 2 targets x 2 tasks, not x 2 variants


def test_a_grid_of_two_axes_is_their_product_in_order(bend):
    path = bend("lookback = [12, 24]", 'lookback = [24, 12]\nfeature_set = ["own", "own+lags"]')
    labels = [v.label for v in Experiment.load(path).models if v.model == "wide"]
    assert labels == [
        "wide[lookback=24,feature_set=own]",
        "wide[lookback=24,feature_set=own+lags]",
        "wide[lookback=12,feature_set=own]",
        "wide[lookback=12,feature_set=own+lags]",
    ]


def test_a_mode_says_what_differs(small):
    experiment = Experiment.load(small, mode="evaluation")
    assert experiment.mode == "evaluation"
    assert experiment.protocol == Protocol(n_folds=3, first_train=1440, test_size=336)
    assert experiment.variant("climatology").tasks == ("binary", "continuous")
    assert experiment.config_for(experiment.cells()[0]) == {"task": "binary", "mode": "evaluation"}


def test_a_protocol_may_be_given_by_the_modes_alone(bend):
    path = bend("n_folds = 2\n", "")
    assert Experiment.load(path, mode="evaluation").protocol.n_folds == 3
    with pytest.raises(UserError, match=r"protocol: n_folds is missing.*here or for a mode"):
        Experiment.load(path)


def test_overrides_outrank_the_file_and_the_mode(small):
    asked = ["protocol.n_folds=5", "matrix.horizon=6", "matrix.task=continuous", "seed=8"]
    experiment = Experiment.load(small, mode="evaluation", overrides=asked)
    assert experiment.protocol.n_folds == 5
    assert experiment.horizons == (6,)
    assert experiment.tasks == ("continuous",)
    assert experiment.seed == 8
    later = Experiment.load(small).with_overrides(["models.wide.grid.lookback=[6]", "seed=9"])
    assert later.seed == 9
    assert [v.label for v in later.models] == ["persistence", "climatology", "wide[lookback=6]"]
    assert later.protocol == Protocol(n_folds=2, first_train=1440, test_size=336)


def test_an_override_may_bring_a_model(small):
    experiment = Experiment.load(small, overrides=["models.drift={}"])
    assert experiment.variant("drift").module == "dataflows.models.drift"


def test_a_filter_narrows_the_cells_and_not_the_rows(small):
    whole = Experiment.load(small)
    some = whole.filtered("model=persistence and horizon=1")
    assert {(c.model, c.horizon) for c in some.cells()} == {("persistence", 1)}
    # The largest horizon decides which rows are used: a filter must not change any number.
    assert some.max_horizon == whole.max_horizon == 6
    assert some == Experiment.load(small, where="model=persistence and horizon=1")
    both = some.filtered("fold=0 or fold=1").filtered("target=temp_JFK")
    assert {(c.model, c.target) for c in both.cells()} == {("persistence", "temp_JFK")}


@pytest.mark.parametrize("mode", ["development", "evaluation"])
@pytest.mark.parametrize("where", ["", "wide and not target=temp_*"])
def test_the_resolved_file_reads_back_as_the_same_experiment(small, tmp_path, mode, where):
    experiment = Experiment.load(small, mode=mode, where=where)
    copy = tmp_path / "elsewhere" / "experiment.toml"
    copy.parent.mkdir()
    copy.write_text(experiment.to_toml(), encoding="utf-8")
    again = Experiment.load(copy)
    assert again == experiment
    assert again.cells() == experiment.cells()
    assert again.to_toml() == experiment.to_toml()


def test_a_file_with_a_time_column_is_a_dataset(bend, tmp_path):
    (tmp_path / "mine.csv").write_text("when,y\n2024-01-01,1\n")
    path = bend("[dataset.weather]", '[dataset.mine]\nfile = "mine.csv"\ntime = "when"')
    experiment = Experiment.load(path)
    (dataset,) = experiment.datasets
    assert dataset == DatasetSpec(
        name="mine",
        module="dataflows.datasets.table",
        inputs={"data_file": tmp_path / "mine.csv", "time_column": "when"},
        targets=("temp_JFK", "humid_LGA"),
    )
    inputs = experiment.inputs_for(experiment.cells()[0])
    assert inputs["data_file"] == tmp_path / "mine.csv"
    again = Experiment.parse(tomllib.loads(experiment.to_toml()), path=Path("/other/place.toml"))
    assert again == experiment


def test_datasets_may_have_targets_of_their_own(bend, tmp_path):
    (tmp_path / "mine.csv").write_text("when,y\n2024-01-01,1\n")
    bend("[dataset.weather]", '[dataset.weather]\n[dataset.mine]\nfile="mine.csv"\ntime="when"')
    path = bend(
        'target = ["temp_JFK", "humid_LGA"]', 'target = {weather = ["temp_JFK"], mine = "y"}'
    )
    experiment = Experiment.load(path)
    assert {(c.dataset, c.target) for c in experiment.cells()} == {
        ("weather", "temp_JFK"),
        ("mine", "y"),
    }
    assert Experiment.parse(tomllib.loads(experiment.to_toml()), path=path) == experiment


def test_a_model_of_ones_own_is_named_by_its_file(bend, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "mine.py").write_text(MODEL)
    (tmp_path / "weights.bin").write_bytes(b"\x01")
    path = bend(
        "[models.persistence]",
        "[models.mine]\nmodule = 'models/mine.py'\nweights = 'weights.bin'\nrate = 1\n"
        "[models.persistence]",
    )
    experiment = Experiment.load(path)
    variant = experiment.variant("mine")
    assert variant.module == str(folder / "mine.py")
    assert dict(variant.parameters) == {"rate": 1.0, "weights": str(tmp_path / "weights.bin")}
    cell = next(cell for cell in experiment.cells() if cell.model == "mine")
    assert experiment.inputs_for(cell)["weights"] == tmp_path / "weights.bin"
    assert experiment.modules_for(cell)[-2] == str(folder / "mine.py")
    assert experiment.modules_for(cell)[0] == "dataflows.datasets.weather"
    assert Experiment.parse(tomllib.loads(experiment.to_toml()), path=path) == experiment


def test_a_path_alone_is_a_model(bend, tmp_path):
    (tmp_path / "mine.py").write_text(MODEL.replace("weights: Path, ", ""))
    path = bend("[models.persistence]", '[models]\nmine = "mine.py"\n[models.persistence]')
    assert Experiment.load(path).variant("mine").module == str(tmp_path / "mine.py")


def test_paths_are_relative_to_the_file_that_names_them(bend, tmp_path, monkeypatch):
    (tmp_path / "mine.csv").write_text("when,y\n2024-01-01,1\n")
    bend("[dataset.weather]", '[dataset.mine]\nfile = "mine.csv"\ntime = "when"')
    elsewhere = tmp_path / "deep" / "er"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    experiment = Experiment.load("../../small.toml")
    assert experiment.datasets[0].inputs["data_file"] == tmp_path / "mine.csv"
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.move(tmp_path / "small.toml", moved)
    with pytest.raises(UserError, match=r"no such file: .*moved/mine\.csv"):
        Experiment.load(moved / "small.toml")


def test_a_module_says_which_tasks_it_is_meant_for(bend, tmp_path):
    text = MODEL.replace("weights: Path, ", "") + '\n\nTASKS = ("continuous",)\n'
    (tmp_path / "mine.py").write_text(text)
    path = bend("[models.persistence]", '[models]\nmine = "mine.py"\n[models.persistence]')
    experiment = Experiment.load(path)
    assert {c.task for c in experiment.cells() if c.model == "mine"} == {"continuous"}


def test_the_inputs_of_a_cell_are_all_that_its_dataflow_takes(small):
    experiment = Experiment.load(small)
    cell = experiment.filtered("variant='wide[lookback=12]' and horizon=1 and fold=1").cells()[0]
    assert experiment.inputs_for(cell) == {
        "lookback": 12,
        "target": "temp_JFK",
        "horizon": 1,
        "fold": 1,
        "seed": cell.seed,
        "max_horizon": 6,
        "n_folds": 2,
        "first_train": 1440,
        "test_size": 336,
    }


def test_sections_of_the_report_are_names_and_files_beside_the_experiment(small, tmp_path):
    small.write_text(small.read_text() + '\n[report]\nsections = ["all", "own/mine.py"]\n')
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text("")
    experiment = Experiment.load(small)
    assert experiment.sections == ("all", str((tmp_path / "own" / "mine.py").resolve()))
    again = tmp_path / "elsewhere" / "again.toml"
    again.parent.mkdir()
    again.write_text(experiment.to_toml())
    assert Experiment.load(again, outside=True) == experiment
    assert experiment.cells() == Experiment.load(again, outside=True).filtered("").cells()

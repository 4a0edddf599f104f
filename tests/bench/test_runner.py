"""The whole road on small data: experiment, plan, workers, store, tables."""

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import Experiment, load_run, plan, run
from bench.cache.lineage import lineage
from bench.cache.store import Store
from bench.console import Quiet
from bench.engine import importers, seats
from bench.errors import UserError
from bench.inquiry import verify
from bench.results.recipes import read_recipes
from bench.runner import RunResult, latest

MODEL = """
import numpy as np
import pandas as pd

TASKS = ("continuous",)

def shrunk(base: pd.DataFrame, weight: float = 0.5) -> pd.Series:
    return base["z_now"] * weight

def prediction(shrunk: pd.Series, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame({"y_pred": shrunk.loc[test_origins].to_numpy()}, index=test_origins)
"""

EXPERIMENT = """
name = "small"
seed = 7
[dataset.walk]
file = "walk.csv"
time = "day"
[matrix]
target = ["a", "b"]
task = ["continuous", "binary"]
horizon = [1, 3]
[protocol]
n_folds = 2
first_train = 200
test_size = 40
[models.persistence]
[models.climatology]
[models.mine]
module = "mymodel.py"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        np.cumsum(rng.normal(size=(320, 2)), axis=0).round(4),
        columns=["a", "b"],
        index=pd.date_range("2020-01-01", periods=320, freq="D", name="day"),
    )
    table.to_csv(tmp_path / "walk.csv")
    (tmp_path / "mymodel.py").write_text(textwrap.dedent(MODEL))
    (tmp_path / "small.toml").write_text(textwrap.dedent(EXPERIMENT))
    return tmp_path


@pytest.fixture
def evaluated(folder: Path) -> Callable[..., RunResult]:
    def result(
        *,
        jobs: int = 1,
        store: str = "store",
        where: str = "",
        report: bool = False,
        **more: str,
    ) -> RunResult:
        experiment = Experiment.load(
            folder / "small.toml", where=where, overrides=[f"{k}={v}" for k, v in more.items()]
        )
        with Quiet() as progress:
            return run(
                experiment,
                jobs=jobs,
                store=folder / store,
                runs=folder / "runs",
                progress=progress,
                report=report,
            )

    return result


def test_every_cell_is_a_row_and_the_tables_meet(evaluated: Callable[..., RunResult]):
    done = evaluated()
    found = load_run(done.path)
    # 2 targets x 2 horizons x 2 folds x (3 continuous + 2 binary models)
    assert len(found.runs) == found.runs["cell_id"].nunique() == 2 * 2 * 2 * 5
    assert (found.runs["status"] == "ok").all()
    assert set(found.predictions["cell_id"]) == set(found.runs["cell_id"])
    assert set(found.scores["cell_id"]) == set(found.runs["cell_id"])
    per_cell = found.predictions.groupby("cell_id", observed=True)["origin"]
    assert per_cell.is_monotonic_increasing.all()
    assert (per_cell.count() == 40).all()
    assert latest(done.path.parent) == done.path.resolve()
    # The series itself was read, checked and stored while planning.
    assert done.counts["computed"] == done.counts["distinct"] - 1 > 0


def test_forecasts_are_those_of_the_model(evaluated: Callable[..., RunResult]):
    found = load_run(evaluated(where="model=persistence and task=continuous").path)
    joined = found.predictions.merge(found.runs[["cell_id", "target", "horizon"]], on="cell_id")
    series = pd.read_csv(found.path.parents[1] / "walk.csv", index_col="day", parse_dates=True)
    for (target, horizon), rows in joined.groupby(["target", "horizon"]):
        now = series[target].reindex(rows["origin"].dt.tz_localize(None)).to_numpy()
        np.testing.assert_allclose(rows["y_pred"], now, rtol=0, atol=1e-9)
        later = rows["origin"] + pd.Timedelta(days=horizon)
        assert (rows["target_time"] == later).all()
        then = series[target].reindex(later.dt.tz_localize(None)).to_numpy()
        np.testing.assert_array_equal(rows["y_true"], then)


def test_a_second_run_computes_nothing_and_gives_the_same_bytes(
    evaluated: Callable[..., RunResult], monkeypatch: pytest.MonkeyPatch
):
    started: list[str] = []

    def interpreter(*words: Any, **more: Any) -> Any:
        started.append(words[1][-1])
        return seats.interpreter(*words, **more)

    monkeypatch.setattr(importers, "interpreter", interpreter)
    first = evaluated(jobs=2)
    assert len(started) == 1  # for the data and for both workers
    assert '"pandas", "pyarrow"]' in started[0]
    second = evaluated()
    assert len(started) == 1
    assert second.counts["computed"] == second.counts["to_compute"] == 0
    for name in ("predictions.parquet", "scores.parquet", "checks.json"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()


def test_a_report_is_copied_where_nothing_of_it_changed(evaluated: Callable[..., RunResult]):
    where = "(model=persistence or model=mine) and task=continuous"
    first, second = (evaluated(report=True, where=where) for _ in range(2))
    assert second.counts["computed"] == 0
    for name in ("report.html", "report.pdf"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()
    assert first.run_id in (second.path / "report.html").read_text()
    third = evaluated(report=True, where=where, **{"protocol.reference": "mine"})
    assert third.counts["computed"] == 0
    assert third.run_id in (third.path / "report.html").read_text()


def test_one_process_or_two_give_the_same_bytes(evaluated: Callable[..., RunResult]):
    one, two = evaluated(jobs=1, store="one"), evaluated(jobs=2, store="two")
    assert one.counts["computed"] == two.counts["computed"]
    for name in ("predictions.parquet", "scores.parquet", "checks.json"):
        assert (one.path / name).read_bytes() == (two.path / name).read_bytes()


def test_a_changed_parameter_costs_its_own_model_only(evaluated: Callable[..., RunResult]):
    evaluated()
    again = evaluated(**{"models.mine.weight": "0.25"})
    # shrunk: 2 targets; prediction, predictions, performance_metrics: 2 x 2 horizons x 2 folds
    assert again.counts["computed"] == 2 + 2 * 2 + 2 * 2 * 2 * 2


def test_another_target_computes_what_is_its_own(evaluated: Callable[..., RunResult]):
    evaluated(where="target=a")
    both = evaluated()
    alone = evaluated(where="target=b", store="other")
    assert both.counts["computed"] < alone.counts["computed"]


def test_a_model_that_fails_is_a_row_with_its_cause(
    folder: Path, evaluated: Callable[..., RunResult]
):
    source = (folder / "mymodel.py").read_text()
    broken = source.replace(
        '    return base["z_now"] * weight',
        '    if base["y_now"].iloc[-1] < -1e9 or weight == 0.5:\n'
        '        raise RuntimeError("no luck\\ntoday")\n'
        '    return base["z_now"] * weight',
    )
    (folder / "broken.py").write_text(broken)
    text = (folder / "small.toml").read_text().replace("mymodel.py", "broken.py")
    (folder / "small.toml").write_text(text)
    done = evaluated()
    runs = load_run(done.path).runs
    failed = runs[runs["status"] == "failed"]
    assert done.n_failed == len(failed) == 8
    assert set(failed["variant"]) == {"mine"}
    assert set(failed["error_type"]) == {"RuntimeError"}
    assert set(failed["error_message"]) == {"shrunk: no luck today"}
    assert (runs.loc[runs["variant"] != "mine", "status"] == "ok").all()
    trace = (done.path / "failures" / f"{failed['slug'].iloc[0]}.txt").read_text()
    assert 'raise RuntimeError("no luck' in trace
    checks = json.loads((done.path / "checks.json").read_text())
    assert any(c["check"] == "failed cells" and c["severity"] == "error" for c in checks)


def test_the_manifest_says_what_was_computed_from_what(evaluated: Callable[..., RunResult]):
    done = evaluated()
    manifest = json.loads((done.path / "manifest.json").read_text())
    assert manifest["counts"]["cells"] == 40
    assert manifest["protocol"]["max_horizon"] == 3
    assert manifest["datasets"]["walk"]["n_rows"] == 320
    assert manifest["primary"] == {"binary": "log_loss", "continuous": "rmse"}
    resolved = Experiment.load(done.path / "experiment.toml", outside=True)
    assert {c.id for c in resolved.cells()} == set(load_run(done.path).runs["cell_id"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"protocol.n_folds": "9"}, "9 folds of 40 origins"),
        ({"matrix.target": '"c"'}, "no numeric column 'c'"),
    ],
)
def test_data_that_cannot_carry_the_experiment_stop_it_before_work(
    folder: Path, change: dict[str, str], message: str
):
    experiment = Experiment.load(
        folder / "small.toml", overrides=[f"{k}={v}" for k, v in change.items()]
    )
    with pytest.raises(UserError, match=message):
        plan(experiment, store=folder / "store")


def test_a_run_keeps_the_recipes_of_its_results(folder: Path, evaluated: Callable[..., RunResult]):
    done = evaluated()
    for file in ("mymodel.py", "walk.csv", "small.toml"):
        (folder / file).unlink()  # what was made stays told
    made = read_recipes(done.path)
    assert list(made.outputs) == list(load_run(done.path).runs["cell_id"])
    assert len(made.recipes) == done.counts["distinct"]
    store = Store(folder / "store")
    cell = made.cell("walk.a.continuous.h1.f0.mine")
    found = lineage(store, made.outputs[cell]["predictions"], planned=made.recipes)
    assert found.unknown == ()
    shrunk = next(r for r in found.recipes.values() if r.node == "shrunk")
    assert shrunk.inputs["weight"] == 0.5
    assert 'return base["z_now"] * weight' in (
        store.source(next(iter(shrunk.units.values()))) or ""
    )
    assert set(made.steps(cell)) >= {r.node for r in found.recipes.values()}


def test_a_run_in_which_every_cell_fails_is_still_a_run(
    folder: Path, evaluated: Callable[..., RunResult]
):
    source = (folder / "mymodel.py").read_text()
    for cause in ("first cause", "second cause"):
        (folder / "mymodel.py").write_text(
            source.replace('    return base["z_now"] * weight', f'    raise ValueError("{cause}")')
        )
        copy = folder / f"{cause.partition(' ')[0]}.py"
        copy.write_text((folder / "mymodel.py").read_text())
        text = (folder / "small.toml").read_text()
        (folder / "small.toml").write_text(
            text.replace("mymodel.py", copy.name).replace("first.py", copy.name)
        )
        done = evaluated(where="model=mine")
        assert done.n_failed == 8
        assert load_run(done.path).scores.empty
        assert cause in (done.path / "checks.json").read_text()
    assert latest(done.path.parent) == done.path.resolve()


def test_what_is_told_beside_the_forecasts_may_fail(
    folder: Path, evaluated: Callable[..., RunResult]
):
    with (folder / "mymodel.py").open("a") as file:
        file.write("\ndef fit_report(shrunk: pd.Series) -> dict:\n    raise ValueError('no')\n")
    assert evaluated(where="model=mine").n_failed == 0


def test_damage_is_mended_and_told(evaluated: Callable[..., RunResult]):
    first = evaluated()
    objects = [f for f in (first.path.parents[1] / "store" / "cas").rglob("*") if f.is_file()]
    for file in objects:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0x01
        file.write_bytes(bytes(data))
    second = evaluated()
    assert second.n_failed == 0
    for name in ("predictions.parquet", "scores.parquet"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()
    events = [json.loads(line) for line in (second.path / "log.jsonl").read_text().splitlines()]
    assert any("damaged" in str(event) for event in events)


def test_verify_compares_every_value_that_the_store_holds(
    folder: Path, evaluated: Callable[..., RunResult]
):
    done = evaluated(where="model=persistence and task=continuous and horizon=1 and target=a")
    made = read_recipes(done.path)
    store = Store(folder / "store")
    held = {
        step.key
        for cell in load_run(done.path).runs["cell_id"]
        for step in made.steps(cell).values()
        if store.record(step.key) is not None
    }
    found = verify(done.path, store=folder / "store", sample=2, seed=0, jobs=1)
    assert found.n_steps == len(held) > 6
    assert not found.differing

"""Confidence sets and tests over horizons are those of stats on the run's tables."""

import numpy as np
import pandas as pd
import pytest

import reports
import stats
from reports.confidence import LEVEL, Draws, confidence_of
from reports.findings import findings
from reports.joint import joint_of

from .conftest import write_run

MODELS = {"good": (0.6, 0.5), "middle": (0.4, 0.2), "persistence": (0.3, 0.2), "bad": (0.0, 0.0)}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(
        tmp_path_factory.mktemp("joint") / "run",
        models=MODELS,
        tasks=("continuous",),
        targets=("a", "b", "c"),
        horizons=(1, 6),
    )


@pytest.fixture(scope="module")
def found(run):
    return findings(reports.read(run))


def losses_of(run, target, horizon):
    """Squared errors by the road of pandas, shape (n_times, n_models)."""
    runs = pd.read_parquet(run / "runs.parquet")
    rows = runs[(runs["target"] == target) & (runs["horizon"] == horizon)]
    merged = pd.read_parquet(run / "predictions.parquet").merge(rows, on="cell_id")
    merged["loss"] = ((merged["y_true"] - merged["y_pred"]) / merged["scale"]) ** 2
    return merged.pivot(index="origin", columns="variant", values="loss").sort_index()


def test_confidence_sets_are_those_of_stats(found, run):
    table = losses_of(run, "b", 6)
    rows = stats.bootstrap_indices(
        len(table), block_length=15, n_draws=500, rng=np.random.default_rng(0)
    )
    expected = stats.model_confidence_set(table.reset_index(drop=True), indices=rows)
    confidence = found.confidence["continuous-6"]
    assert confidence.pvalues["b"] == pytest.approx(
        dict(zip(expected.names, expected.pvalue, strict=True))
    )
    assert sum(p > LEVEL for p in confidence.pvalues["b"].values()) == len(expected.included(LEVEL))
    assert confidence.included("good") == 3
    assert confidence.included("bad") == 0


def test_the_joint_test_of_all_models_is_that_of_stats(found, run):
    expected = stats.multivariate_dm(losses_of(run, "a", 6).to_numpy(), horizon=6)
    assert found.confidence["continuous-6"].alike["a"] == pytest.approx(expected.pvalue)
    assert found.confidence["continuous-6"].told_apart == (3, 3)


def test_a_model_that_stands_twice_does_not_make_the_joint_test_undefined(tmp_path):
    run = write_run(
        tmp_path / "run", models=MODELS, tasks=("continuous",), targets=("a",), horizons=(1,)
    )
    plain = findings(reports.read(run))
    frame = pd.read_parquet(run / "runs.parquet")
    predictions = pd.read_parquet(run / "predictions.parquet")
    scores = pd.read_parquet(run / "scores.parquet")
    again = frame[frame["variant"] == "good"]
    renamed = {cell: f"again{i}" for i, cell in enumerate(again["cell_id"])}
    copies = []
    for table in (frame, predictions, scores):
        copy = table[table["cell_id"].isin(renamed)].assign(
            cell_id=lambda t: t["cell_id"].map(renamed)
        )
        copies.append(pd.concat([table, copy], ignore_index=True))
    copies[0].loc[copies[0]["cell_id"].isin(renamed.values()), "variant"] = "again"
    for name, table in zip(("runs", "predictions", "scores"), copies, strict=True):
        table.to_parquet(run / f"{name}.parquet", index=False)
    twice = findings(reports.read(run)).panels[0]
    assert "again" in twice.forecasts["a"].models
    assert confidence_of(twice, Draws()).alike == pytest.approx(
        plain.confidence["continuous-1"].alike
    )


def test_tests_over_horizons_are_those_of_stats(found, run):
    joint = found.joint["continuous"]
    assert joint.models == ("good", "middle", "bad")
    names = ["persistence", "good", "middle", "bad"]
    cube = np.stack([losses_of(run, "c", h)[names].to_numpy() for h in (1, 6)], axis=2)
    losses = stats.Losses(
        values=cube, models=tuple(names), times=tuple(range(len(cube))), horizons=(1, 6)
    )
    options = {"block_length": 6, "n_draws": 499}
    average = stats.aspa(losses, **options, rng=np.random.default_rng(0)).pvalue
    uniform = stats.uspa(losses, null="any", **options, rng=np.random.default_rng(0)).pvalue
    for told, p in ((joint.tests["c"].average, average), (joint.tests["c"].uniform, uniform)):
        adjusted = stats.holm(np.concatenate([p[0, 1:], p[1:, 0]]))
        assert told["good"] == pytest.approx((adjusted[0], adjusted[3]))
        assert told["bad"] == pytest.approx((adjusted[2], adjusted[5]))
    assert joint.count("good", "better") == 3
    assert joint.count("bad", "worse", "worse on average") == 3


def test_one_horizon_has_no_joint_test(found):
    assert joint_of(found.panels[:1]) is None


def test_a_short_series_has_no_sets(tmp_path):
    run = write_run(
        tmp_path / "run", models=MODELS, tasks=("continuous",), horizons=(24,), n_origins=35
    )
    assert findings(reports.read(run)).confidence["continuous-24"].pvalues == {}

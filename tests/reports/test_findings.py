"""The numbers of a report are those of stats on the run's tables."""

import json

import numpy as np
import pandas as pd
import pytest

import reports
import stats
from reports.evidence import EvidenceError
from reports.findings import findings, ranking_of

from .conftest import TASKS, write_run


@pytest.fixture(scope="module")
def found(run_dir):
    return findings(reports.read(run_dir))


def scores_of(run_dir, task, horizon):
    """The same table by another road: pandas from the files."""
    runs = pd.read_parquet(run_dir / "runs.parquet")
    scores = pd.read_parquet(run_dir / "scores.parquet")
    rows = runs[(runs["task"] == task) & (runs["horizon"] == horizon)]
    merged = rows.merge(scores, on="cell_id")
    return merged.pivot_table(index="target", columns="variant", values="value", aggfunc="mean")


def test_there_is_one_panel_for_each_task_and_horizon(found):
    assert [(p.task, p.horizon) for p in found.panels] == [
        (task, horizon) for task in TASKS for horizon in (1, 6, 24)
    ]


@pytest.mark.parametrize(("task", "horizon"), [("continuous", 6), ("ordinal", 24)])
def test_rank_tests_are_those_of_stats(found, run_dir, task, horizon):
    panel = next(p for p in found.panels if (p.task, p.horizon) == (task, horizon))
    table = scores_of(run_dir, task, horizon)
    friedman, nemenyi = stats.friedman(table), stats.nemenyi(table)
    assert panel.ranking.friedman.statistic == pytest.approx(friedman.statistic)
    assert panel.ranking.iman_davenport.pvalue == pytest.approx(stats.iman_davenport(table).pvalue)
    assert {frozenset(g) for g in panel.ranking.groups} == {frozenset(g) for g in nemenyi.groups()}
    assert panel.ranking.difference == pytest.approx(stats.critical_difference(10, 7, alpha=0.05))
    ranks = table.rank(axis=1).mean()
    assert panel.ranking.ranks == pytest.approx(ranks.to_dict())
    assert list(panel.ranking.ranks.values()) == sorted(ranks)
    assert panel.mean("lstm") == pytest.approx(table["lstm"].mean())
    skill = 1 - table["lstm"].mean() / table["persistence"].mean()
    assert panel.skill("lstm") == pytest.approx(skill)
    interval = panel.saving("lstm", "persistence")
    assert interval.estimate == pytest.approx(skill)
    assert interval.low < skill < interval.high


def test_diebold_mariano_is_that_of_stats_on_pooled_losses(found, run_dir):
    runs = pd.read_parquet(run_dir / "runs.parquet")
    predictions = pd.read_parquet(run_dir / "predictions.parquet")
    where = (runs["task"] == "binary") & (runs["horizon"] == 6) & (runs["target"] == "target_2")
    merged = predictions.merge(runs.loc[where, ["cell_id", "variant"]], on="cell_id")
    merged["loss"] = -np.log(np.where(merged["y_true"] == 1, merged["p_1"], merged["p_0"]))
    losses = merged.pivot(index="origin", columns="variant", values="loss").sort_index()
    expected = stats.diebold_mariano(losses.reset_index(drop=True), horizon=6)
    panel = next(p for p in found.panels if (p.task, p.horizon) == ("binary", 6))
    forecast = panel.forecasts["target_2"]
    assert forecast.models == expected.names
    assert forecast.n_times == 240
    np.testing.assert_allclose(forecast.statistic, expected.statistic, rtol=1e-9)
    np.testing.assert_allclose(forecast.holm, expected.adjusted("holm").pvalue, rtol=1e-7)
    control = expected.names.index("persistence")
    others = [i for i in range(7) if i != control]
    against = stats.holm(expected.pvalue[others, control])
    assert [forecast.against[expected.names[i]] for i in others] == pytest.approx(list(against))


def test_verdicts_count_targets_by_sign_and_significance(found):
    panel = found.panels[1]
    better, like, worse = panel.verdicts("xgboost")
    stat = [f.of("xgboost", "persistence")[0] for f in panel.forecasts.values()]
    p = [f.against["xgboost"] for f in panel.forecasts.values()]
    assert better == sum(s < 0 and q <= 0.05 for s, q in zip(stat, p, strict=True))
    assert worse == sum(s > 0 and q <= 0.05 for s, q in zip(stat, p, strict=True))
    assert better + like + worse == 10


def test_a_failed_fold_is_a_hole_and_its_block_is_dropped(tmp_path):
    run = write_run(
        tmp_path / "run",
        tasks=("continuous",),
        horizons=(1,),
        n_origins=40,
        failed=lambda model, target, _task, _h, fold: (
            (model, target, fold) == ("lstm", "target_3", 1)
        ),
    )
    panel = findings(reports.read(run)).panels[0]
    assert np.isnan(panel.score("target_3", "lstm"))
    assert panel.ranking.left_out == ("target_3",)
    assert len(panel.ranking.blocks) == 9
    assert panel.holes[0].reason == "fold 1 failed: ValueError: no <finite> value"
    # The other models are still compared there, forecast by forecast.
    assert "lstm" not in panel.forecasts["target_3"].models
    assert len(panel.forecasts["target_3"].models) == 6


def test_a_model_without_any_result_is_left_out_and_not_its_blocks(tmp_path):
    run = write_run(
        tmp_path / "run",
        tasks=("binary",),
        horizons=(1,),
        n_origins=40,
        failed=lambda model, *_: model == "drift",
    )
    panel = findings(reports.read(run)).panels[0]
    assert panel.ranking.excluded == ("drift",)
    assert len(panel.ranking.blocks) == 10
    assert "drift" not in panel.ranking.ranks
    assert panel.order[-1] == "drift"


def test_another_reference_stands_in_where_the_asked_one_is_missing(tmp_path):
    run = write_run(
        tmp_path / "run",
        tasks=("binary",),
        horizons=(1,),
        n_origins=40,
        models={"xgboost": (0.5,), "lstm": (0.4,), "climatology": (0.1,)},
    )
    panel = findings(reports.read(run)).panels[0]
    assert panel.reference == "climatology"


def test_two_models_are_ranked_but_not_tested():
    ranking = ranking_of(["a", "b"], ["x", "y"], np.array([[1.0, 2.0], [1.0, 3.0]]), False)
    assert ranking.ranks == {"a": 1.0, "b": 2.0}
    assert not ranking.tested
    assert "at least 3 models on at least 2 targets; here are 2 and 2" in ranking.reason


def test_blocks_that_all_tie_are_ranked_but_not_tested():
    ranking = ranking_of(["a", "b", "c"], ["x", "y"], np.ones((2, 3)), False)
    assert set(ranking.ranks.values()) == {2.0}
    assert not ranking.tested
    assert ranking.reason


def test_higher_scores_win_where_higher_is_better():
    table = np.array([[0.9, 0.5, 0.1]] * 4)
    ranking = ranking_of(["a", "b", "c"], list("wxyz"), table, True)
    assert ranking.models == ("a", "b", "c")
    assert ranking.wins == {"a": 4.0, "b": 0.0, "c": 0.0}


def test_warnings_of_the_statistics_become_notes(tmp_path):
    run = write_run(
        tmp_path / "run", tasks=("continuous",), horizons=(24,), n_folds=1, n_origins=60
    )
    panel = findings(reports.read(run)).panels[0]
    notes = {note for f in panel.forecasts.values() for note in f.notes}
    assert any("24" in note for note in notes)


def test_a_table_of_scores_needs_no_run():
    table = pd.DataFrame(
        {"a": [1.0, 1.1, 0.9, 1.2], "b": [1.5, 1.4, 1.6, 1.7], "c": [2.0, 2.1, 1.9, 2.5]},
        index=["w", "x", "y", "z"],
    )
    found = findings(table)
    assert found.evidence is None
    assert found.panels[0].ranking.models == ("a", "b", "c")
    assert found.panels[0].ranking.friedman.statistic == pytest.approx(
        stats.friedman(table).statistic
    )


@pytest.mark.parametrize("name", ["runs.parquet", "scores.parquet", "manifest.json"])
def test_a_missing_file_is_told(tmp_path, name):
    run = write_run(tmp_path / "run", tasks=("binary",), horizons=(1,), n_origins=10)
    (run / name).unlink()
    with pytest.raises(EvidenceError, match=f"{name} is missing"):
        reports.read(run)


def test_a_folder_that_is_none_is_told(tmp_path):
    with pytest.raises(EvidenceError, match="no run folder at"):
        reports.read(tmp_path / "nowhere")


def test_a_damaged_table_is_told(tmp_path):
    run = write_run(tmp_path / "run", tasks=("binary",), horizons=(1,), n_origins=10)
    (run / "scores.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(EvidenceError, match="cannot be read as Parquet"):
        reports.read(run)


def test_a_table_without_a_column_is_told(tmp_path):
    run = write_run(tmp_path / "run", tasks=("binary",), horizons=(1,), n_origins=10)
    frame = pd.read_parquet(run / "runs.parquet").drop(columns="fold")
    frame.to_parquet(run / "runs.parquet")
    with pytest.raises(EvidenceError, match="no column 'fold'"):
        reports.read(run)


def test_a_task_without_a_primary_metric_is_told(tmp_path):
    run = write_run(tmp_path / "run", tasks=("binary",), horizons=(1,), n_origins=10)
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["primary"] = {"continuous": "rmse"}
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(EvidenceError, match="no primary metric for task 'binary'"):
        findings(reports.read(run))


def test_a_run_without_cells_is_told(tmp_path):
    run = write_run(tmp_path / "run", tasks=("binary",), horizons=(1,), n_origins=10)
    pd.read_parquet(run / "runs.parquet").iloc[:0].to_parquet(run / "runs.parquet")
    with pytest.raises(EvidenceError, match="holds no cells"):
        findings(reports.read(run))

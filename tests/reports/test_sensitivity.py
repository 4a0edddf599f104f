"""Winners under other choices are those that the plain ranking gives."""

import numpy as np
import pandas as pd
import pytest

import reports
import stats
from reports.findings import findings, ranking_of

from .conftest import MODELS, _score, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(
        tmp_path_factory.mktemp("choices") / "run",
        models=dict.fromkeys(MODELS, (0.4,)),
        tasks=("continuous",),
        targets=[f"t{i}" for i in range(6)],
        horizons=(1,),
        n_folds=3,
        n_origins=60,
        failed=lambda model, target, _task, _h, fold: (model, target, fold) == ("drift", "t2", 1),
    )


@pytest.fixture(scope="module")
def found(run):
    runs = pd.read_parquet(run / "runs.parquet")
    scores = pd.read_parquet(run / "scores.parquet")
    rng = np.random.default_rng(7)
    cells = runs.loc[runs["status"] == "ok", "cell_id"]
    more = [
        _score(cell, "mae", value, 60)
        for cell, value in zip(cells, rng.uniform(size=len(cells)), strict=True)
    ]
    higher = [{**row, "metric": "accuracy", "direction": "higher"} for row in more]
    hole = [{**_score(cells.iloc[0], "auc", 0.5, 60), "defined": False}]
    pd.concat([scores, pd.DataFrame(more + higher + hole)]).to_parquet(run / "scores.parquet")
    return findings(reports.read(run))


def tables(run, metric):
    """(n_targets, n_models, n_folds) by the road of pandas."""
    runs = pd.read_parquet(run / "runs.parquet")
    scores = pd.read_parquet(run / "scores.parquet")
    joined = scores[scores["metric"] == metric].merge(runs, on="cell_id")
    return {
        fold: part.pivot(index="target", columns="variant", values="value")
        for fold, part in joined.groupby("fold")
    }


def winner(frame, *, higher=False):
    ranking = ranking_of(tuple(frame.columns), tuple(frame.index), frame.to_numpy(), higher)
    return ranking.models[0]


def test_other_metrics_are_ranked_in_their_own_direction(found, run):
    choice = found.choices["continuous-1"]
    mean = sum(tables(run, "mae").values()) / 3
    assert set(choice.metrics) == {"mae", "accuracy"}  # one undefined cell is no metric
    assert choice.metrics["mae"] == winner(mean)
    assert choice.metrics["accuracy"] == winner(mean, higher=True)


def test_folds_are_left_out_in_turn(found, run):
    folds = tables(run, "rmse")
    choice = found.choices["continuous-1"]
    for fold in folds:
        rest = [table for other, table in folds.items() if other != fold]
        assert choice.folds[f"without fold {fold}"] == winner(sum(rest) / 2)


def test_holes_can_be_treated_otherwise(found):
    panel, choice = found.panels[0], found.choices["continuous-1"]
    assert panel.ranking.left_out == ("t2",)
    table = pd.DataFrame(panel.scores, index=panel.targets, columns=panel.models)
    assert choice.holes["models with holes dropped"] == winner(table.drop(columns="drift"))
    filled = table.apply(lambda row: row.fillna(row["persistence"]), axis=1)
    assert choice.holes["holes filled by the reference"] == winner(filled)


def test_models_and_targets_are_left_out_in_turn(found):
    panel, choice = found.panels[0], found.choices["continuous-1"]
    table = pd.DataFrame(panel.scores, index=panel.targets, columns=panel.models).drop("t2")
    best = panel.ranking.models[0]
    for name in set(panel.models) - {best}:
        mean = table.drop(columns=name).rank(axis=1).mean()
        assert (name in choice.models) == (mean[best] > mean.min() + 1e-9)
    for target in table.index:
        mean = table.drop(target).rank(axis=1).mean()
        assert (target in choice.targets) == (mean[best] > mean.min() + 1e-9)
    audit = stats.pool_dependence(stats.Scores.of(table, blocks=list(table.index)))
    assert choice.flips == audit.fragile_pairs
    assert choice.reversals == audit.reversed_pairs
    assert choice.tried == 2 + 2 + 4 + 2 + 6 + 5


def test_a_clear_winner_stays_the_same_whatever_is_chosen():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.uniform(size=(9, 4)), columns=list("abcd"))
    table["a"] -= 5
    choice = findings(table).choices["all"]
    assert (choice.winner, choice.changed) == ("a", 0)
    section = next(s for s in reports.build(table).sections if s.identifier == "sensitivity")
    assert "none would have made another model the best" in str(section.blocks[0])

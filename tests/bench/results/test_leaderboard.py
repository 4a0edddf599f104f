"""Standings: means over what is paired, ranks of what is complete."""

import pandas as pd
import pytest

from bench.results.leaderboard import standings

PRIMARY = {"continuous": "rmse", "binary": "auc"}


def _tables(values, *, task="continuous", direction="lower", metric="rmse"):
    """`values`: variant -> target -> scores of the folds."""
    rows, scores = [], []
    for variant, targets in values.items():
        for target, folds in targets.items():
            for fold, value in enumerate(folds):
                cell = f"{variant}.{target}.{fold}"
                axes = {"dataset": "d", "task": task, "horizon": 6, "target": target}
                rows.append({"cell_id": cell, **axes, "fold": fold, "variant": variant})
                score = {"cell_id": cell, "value": value, "direction": direction, "n": 9}
                if value is not None:
                    defined = value == value
                    scores.append({**score, "metric": metric, "defined": defined})
                scores.append({**score, "metric": "other", "value": 0.0, "defined": True})
    runs, table = pd.DataFrame(rows), pd.DataFrame(scores)
    return (
        runs.astype(dict.fromkeys(("dataset", "task", "target", "variant"), "category")),
        table.astype({"metric": "category", "value": float}),
    )


def test_folds_are_averaged_before_targets_are_ranked():
    # a: 2 and 4; b: 3 and 1: each is first on one target.
    runs, scores = _tables({"a": {"x": [1, 3], "y": [4, 4]}, "b": {"x": [2, 4], "y": [0, 2]}})
    (board,) = standings(runs, scores, primary=PRIMARY)
    assert (board.dataset, board.task, board.horizon, board.metric) == (
        "d",
        "continuous",
        6,
        "rmse",
    )
    assert board.n_targets == 2
    assert board.table["score"].to_dict() == {"b": 2.0, "a": 3.0}
    assert board.table["rank"].to_dict() == {"a": 1.5, "b": 1.5}


def test_higher_is_better_where_the_metric_says_so():
    runs, scores = _tables(
        {"a": {"x": [0.9]}, "b": {"x": [0.6]}, "c": {"x": [0.6]}},
        task="binary",
        direction="higher",
        metric="auc",
    )
    (board,) = standings(runs, scores, primary=PRIMARY)
    assert board.higher_is_better
    assert board.table.index[0] == "a"
    assert board.table["rank"].to_dict() == {"a": 1.0, "b": 2.5, "c": 2.5}


@pytest.mark.parametrize("hole", [None, float("nan")])
def test_a_model_that_lacks_a_fold_has_no_rank_and_spoils_none(hole):
    runs, scores = _tables(
        {
            "a": {"x": [1, 1], "y": [1, 1]},
            "b": {"x": [0, hole], "y": [0, 0]},
            "c": {"x": [2, 2], "y": [2, 2]},
        }
    )
    (board,) = standings(runs, scores, primary=PRIMARY)
    assert list(board.table.index) == ["a", "c", "b"]
    assert board.table["rank"].dropna().to_dict() == {"a": 1.0, "c": 2.0}
    assert board.table["n"].to_dict() == {"a": 2, "c": 2, "b": 1}


def test_a_task_in_which_everything_failed_still_has_its_models():
    runs, scores = _tables({"a": {"x": [None]}, "b": {"x": [None]}})
    (board,) = standings(runs, scores, primary=PRIMARY)
    assert list(board.table.index) == ["a", "b"]
    assert board.table["rank"].isna().all()


def test_a_run_in_which_everything_failed_has_standings():
    runs, _ = _tables({"a": {"x": [None]}})
    (board,) = standings(runs, pd.DataFrame(), primary=PRIMARY)
    assert board.table["score"].isna().all()

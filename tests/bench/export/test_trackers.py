"""What trackers are told of a run; and without them, how they are had."""

from pathlib import Path

import pandas as pd
import pytest

from bench.errors import UserError
from bench.export.trackers import brought, entries
from bench.runner import Run


def _run(tmp_path: Path) -> Run:
    cells = pd.DataFrame(
        [
            (f"{variant}{target}{fold}", "d", "continuous", 1, variant, target, fold, status)
            for variant, status in (("one", "ok"), ("two", "failed"))
            for target in ("a", "b")
            for fold in (0, 1)
        ],
        columns=["cell_id", "dataset", "task", "horizon", "variant", "target", "fold", "status"],
    ).assign(model="m", parameters='{"depth": 3}')
    good = cells[cells["variant"] == "one"]
    scores = pd.DataFrame(
        {
            "cell_id": good["cell_id"].tolist() * 2,
            "metric": ["rmse"] * 4 + ["mae"] * 4,
            "value": [float(n) for n in range(8)],
            "defined": [True] * 7 + [False],
        }
    )
    return Run(tmp_path, {"experiment": "e", "run_id": "r"}, cells, scores)


def test_a_model_on_a_task_and_horizon_is_one_entry_with_folds_as_steps(tmp_path: Path) -> None:
    one, two = entries(_run(tmp_path))
    assert one.name == "d.continuous.h1.one"
    assert one.parameters == {
        **{"dataset": "d", "task": "continuous", "horizon": "1", "variant": "one", "model": "m"},
        "model.depth": "3",
    }
    assert one.scores[:3] == (("rmse/a", 0, 0.0), ("rmse/a", 1, 1.0), ("rmse/b", 0, 2.0))
    assert len(one.scores) == 7, "an undefined score is no number"
    assert one.failed == 0
    assert two.scores == ()
    assert two.failed == 4


def test_a_tracker_that_is_missing_is_named_with_the_line_that_installs_it() -> None:
    with pytest.raises(UserError, match=r"pip install 'crossfold\[wandb\]'"):
        brought("nothing_of_that_name", extra="wandb")

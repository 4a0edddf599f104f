"""Cells from near are the worst ones, or those asked for, with the numbers of the tables."""

import numpy as np
import pandas as pd
import pytest

import reports
from reports.document import Details, Picture
from reports.findings import findings
from reports.html import page
from stats.figures import course

from .conftest import MODELS, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(
        tmp_path_factory.mktemp("worst") / "run",
        tasks=("continuous", "binary"),
        targets=("a", "b", "c", "d", "e"),
        horizons=(1, 6),
        n_origins=60,
        failed=lambda model, target, *_: (model, target) == ("drift", "e"),
    )


@pytest.fixture(scope="module")
def found(run):
    return findings(reports.read(run))


def table(run, task, horizon):
    runs = pd.read_parquet(run / "runs.parquet").merge(
        pd.read_parquet(run / "scores.parquet"), on="cell_id"
    )
    rows = runs[(runs["task"] == task) & (runs["horizon"] == horizon)]
    return rows.pivot(index=["target", "fold"], columns="variant", values="value"), rows


def test_the_leaders_worst_cell_is_the_one_most_behind_the_reference(found, run):
    for panel in found.panels:
        drill = next(d for d in found.drills if d.panel is panel and "leader" in d.why)
        leader = next(m for m in panel.ranking.models if m != "persistence")
        scores, rows = table(run, panel.task, panel.horizon)
        target, fold = (scores[leader] / scores["persistence"]).idxmax()
        assert (drill.model, drill.target, drill.facts["fold"]) == (leader, target, fold)
        assert drill.cell_id in set(rows["cell_id"])
        assert drill.scores[panel.metric] == pytest.approx(
            (scores[leader][target, fold], scores["persistence"][target, fold])
        )


def test_the_window_is_that_of_the_predictions_around_the_worst_origin(found, run):
    predictions = pd.read_parquet(run / "predictions.parquet")
    for task in ("continuous", "binary"):
        drill = next(d for d in found.drills if d.panel.task == task)
        rows = predictions[predictions["cell_id"] == drill.cell_id].sort_values("origin")
        if task == "continuous":
            loss = ((rows["y_true"] - rows["y_pred"]) / rows["scale"]) ** 2
            said = rows["y_pred"].to_numpy()
            assert np.isnan(drill.level)
        else:
            said = np.where(rows["y_true"] == 1, rows["p_1"], rows["p_0"])
            loss = pd.Series(-np.log(said))
            assert drill.level == 0.5
        worst = int(loss.to_numpy().argmax())
        assert drill.forecast[drill.worst] == pytest.approx(said[worst])
        start = max(0, worst - 24)
        assert drill.forecast == pytest.approx(said[start : worst + 25])
        assert drill.times[drill.worst] == rows["origin"].iloc[worst].strftime("%Y-%m-%d %H:%M")
        assert [row[4] for row in drill.listed] == pytest.approx(sorted(loss)[::-1][:5])


def test_any_cell_can_be_asked_for(run):
    cell = (
        pd.read_parquet(run / "runs.parquet").query("variant == 'climatology'")["cell_id"].iloc[3]
    )
    document = reports.build(run, sections=["cells"], cells=[cell[:12]])
    first = next(b for b in document.sections[0].blocks if isinstance(b, Details))
    assert "climatology" in first.summary
    assert any(isinstance(block, Picture) for block in first.blocks)
    assert f"python -m bench explain {cell}" in page(document)


@pytest.mark.parametrize(
    ("begun", "match"), [("zzz", "no cell of the run begins with"), ("", r"\d+ cells begin with")]
)
def test_a_cell_that_is_none_is_told(run, begun, match):
    with pytest.raises(reports.EvidenceError, match=match):
        reports.build(run, sections=["cells"], cells=[begun])


def test_a_failed_cell_has_no_forecasts_to_show(run):
    runs = pd.read_parquet(run / "runs.parquet")
    cell = runs.loc[runs["status"] != "ok", "cell_id"].iloc[0]
    with pytest.raises(reports.EvidenceError, match="has no forecasts: ValueError: no <finite>"):
        reports.build(run, sections=["cells"], cells=[cell])


def test_models_that_fit_nothing_are_not_looked_for(tmp_path):
    run = write_run(
        tmp_path / "run",
        models=dict(list(MODELS.items())[:4]) | {"naive": (0.0,)},
        tasks=("continuous",),
        targets=("a", "b"),
        horizons=(1,),
        n_origins=40,
    )
    runs = pd.read_parquet(run / "runs.parquet")
    runs.loc[runs["variant"] == "naive", "fit_seconds"] = np.nan
    runs.to_parquet(run / "runs.parquet")
    chosen = findings(reports.read(run)).drills
    assert len(chosen) == 2
    assert "naive" not in {drill.model for drill in chosen}


def test_curves_stay_on_the_canvas_and_keep_their_gaps():
    values = [1.0, float("nan"), 3.0, 2.0]
    figure = course(list("abcd"), {"m" * 90: values}, observed=[0.0, 1.0, 2.0, 3.0], marked=3)
    for label in (m for m in figure.marks if hasattr(m, "extent")):
        left, top, right, bottom = label.extent()
        assert left >= 0
        assert top >= 0
        assert right <= figure.width
        assert bottom <= figure.height
    assert len(figure.marks_of("curve-0")) == 2
    assert len(figure.marks_of("truth")) == 1
    assert figure.rows[2] == ("c", 2.0, 3.0)


def test_a_constant_curve_has_a_scale():
    figure = course(["a", "b"], {"m": [5.0, 5.0]}, marked=0)
    assert [label.text for label in figure.marks_of("scale")][:3] == ["4.5", "5.0", "5.5"]

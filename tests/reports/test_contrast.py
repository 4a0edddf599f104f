"""Two runs' conclusions: each verdict is looked at once, and a change has its direction."""

from dataclasses import replace

import numpy as np
import pytest

import reports
import stats
from reports.contrast import contrast
from reports.findings import findings

from .conftest import MODELS, write_run

SHAPE = {"tasks": ("continuous", "binary"), "horizons": (1, 6), "n_origins": 40}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contrast")
    better = MODELS | {"lstm": (0.80, 0.80, 0.80)}
    return {
        "first": findings(reports.read(write_run(folder / "first", **SHAPE))),
        "again": findings(reports.read(write_run(folder / "again", **SHAPE))),
        "lstm": findings(reports.read(write_run(folder / "lstm", models=better, **SHAPE))),
        "holes": findings(
            reports.read(
                write_run(
                    folder / "holes",
                    failed=lambda model, target, *_: model == "drift" and target == "target_1",
                    **SHAPE,
                )
            )
        ),
        "other": findings(reports.read(write_run(folder / "other", **SHAPE | {"horizons": (12,)}))),
    }


def test_equal_runs_have_nothing_to_tell(made):
    found = contrast(made["first"], made["again"])
    assert (found.flips, found.shifts, found.notes) == ((), (), ())
    assert found.n_scores == 2 * 2 * 7
    # In each of 4 panels: the best, all alike, 21 pairs, and 6 models on 10 targets.
    assert found.n_verdicts == 4 * (1 + 1 + 21 + 60)


def test_a_better_model_leads_and_its_means_fall(made):
    found = contrast(made["first"], made["lstm"])
    assert {shift.model for shift in found.shifts} == {"lstm"}
    assert len(found.shifts) == 4
    for shift in found.shifts:
        assert shift.improved
        assert shift.percent < 0
        assert shift.better + shift.worse <= shift.n_targets == 10
    leaders = [flip for flip in found.flips if flip.kind == "leader"]
    assert leaders
    assert found.flips[: len(leaders)] == tuple(leaders)
    assert all(flip.after.startswith("lstm (") for flip in leaders)
    # Another model's verdict may flip as well, where ranks or Holm's adjustment moved.
    for flip in found.flips:
        if flip.kind in ("pair", "forecast"):
            assert flip.indirect == ("lstm" not in flip.subject)


def test_the_way_back_tells_the_same_with_signs_turned(made):
    there, back = contrast(made["first"], made["lstm"]), contrast(made["lstm"], made["first"])
    assert len(there.flips) == len(back.flips)
    turned = {(s.task, s.horizon): s for s in back.shifts}
    for shift in there.shifts:
        other = turned[shift.task, shift.horizon]
        assert (shift.before, shift.after) == (other.after, other.before)
        assert (shift.better, shift.worse) == (other.worse, other.better)
        assert shift.pvalue == pytest.approx(other.pvalue)
        assert shift.improved != other.improved


def test_p_values_are_holm_over_signed_rank_tests(made):
    found = contrast(made["first"], made["lstm"])
    raw = []
    for shift in found.shifts:
        pair = []
        for source in (made["first"], made["lstm"]):
            panel = next(
                p for p in source.panels if (p.task, p.horizon) == (shift.task, shift.horizon)
            )
            pair.append([panel.score(target, "lstm") for target in panel.targets])
        table = stats.Scores(
            values=np.array(pair).T,
            models=("a", "b"),
            blocks=tuple(range(10)),
            higher_is_better=False,
            declared=True,
        )
        raw.append(float(stats.wilcoxon(table).pvalue[0, 1]))
    assert [shift.pvalue for shift in found.shifts] == pytest.approx(list(stats.holm(raw)))


def test_means_are_over_what_both_have(made):
    found = contrast(made["first"], made["holes"])
    assert found.shifts == ()
    assert any("other targets" in note for note in found.notes)


def test_panels_of_one_run_alone_are_not_compared(made):
    found = contrast(made["first"], made["other"])
    assert (found.n_verdicts, found.n_scores, found.flips, found.shifts) == (0, 0, (), ())


def test_another_metric_or_reference_is_said_and_not_compared(made):
    first = made["first"]
    metric = replace(first, panels=tuple(replace(p, metric="mae") for p in first.panels))
    found = contrast(first, metric)
    assert found.n_scores == 0
    assert any("rmse decided before and mae decides now" in note for note in found.notes)
    reference = replace(first, panels=tuple(replace(p, reference="drift") for p in first.panels))
    found = contrast(first, reference)
    assert not [flip for flip in found.flips if flip.kind == "forecast"]
    assert found.n_verdicts == 4 * (1 + 1 + 21)
    assert any("the reference is drift now" in note for note in found.notes)

"""What the summary says in words is what the tests say in numbers."""

import numpy as np
import pandas as pd
import pytest

import reports
from reports.claims import claims, limits
from reports.document import Model, Note
from reports.findings import findings
from reports.format import percent
from reports.trouble import by_weight, failures, urgent

from .conftest import write_run


def words(parts):
    return "".join(
        part if isinstance(part, str) else part.name if isinstance(part, Model) else part.text
        for part in parts
    )


@pytest.fixture(scope="module")
def found(run_dir):
    return findings(reports.read(run_dir))


def test_a_claim_has_its_size_and_interval(found):
    panel = found.panels[1]
    leader = panel.ranking.models[0]
    saving = panel.saving(leader, "persistence")
    told = next(w for w in map(words, claims(found)) if w.startswith(f"Continuous. {leader} has"))
    assert f"{percent(saving.estimate).removeprefix('+')} at 6 steps" in told
    low, high = (percent(v).removeprefix("+") for v in (saving.low, saving.high))
    assert f"{low} to {high})" in told


def test_models_that_are_not_separable_are_named_as_such(found):
    told = " ".join(map(words, limits(found)))
    for panel in found.panels:
        near = [m for m in panel.ranking.models[1:] if panel.ranking.near_best(m)]
        assert f"That {panel.ranking.models[0]} is better than " in told
        assert near
        for name in near[:4]:
            assert name in told


def test_where_nothing_differs_nothing_is_claimed():
    table = pd.DataFrame(np.random.default_rng(2).uniform(size=(8, 4)), columns=list("abcd"))
    found = findings(table)
    assert not found.panels[0].ranking.iman_davenport.rejects(0.05)
    assert claims(found) == ()
    assert "no difference is shown" in words(limits(found)[0])


def test_a_table_of_scores_has_its_lead_in_units_of_the_score():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.uniform(size=(12, 3)) + np.arange(3), columns=list("abc"))
    found = findings(table, higher_is_better=True)
    lead = found.panels[0].lead("c", "b")
    assert lead.estimate == pytest.approx((table["c"] - table["b"]).mean())
    assert lead.low < lead.estimate < lead.high
    told = words(claims(found)[0])
    assert told.startswith("c has the best average rank, significantly better than that of ")
    assert f"{lead.estimate:.3f} better than that of the next, b" in told


CHECKS = [
    {"check": "worse than the reference", "severity": "warning", "subject": s, "detail": "d"}
    for s in ("naive, binary, horizon 1", "naive = flat", "naive = net", "net, binary, horizon 1")
] + [
    {"check": "time overlap", "severity": "error", "subject": "net.cell", "detail": "d"},
    {"check": "missing forecasts", "severity": "info", "subject": "all", "detail": "d"},
]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    run = write_run(
        tmp_path_factory.mktemp("trouble") / "run",
        models={"naive": (0.1,), "flat": (0.1,), "net": (0.4,), "other": (0.2,)},
        tasks=("binary",),
        targets=("a", "b", "c"),
        horizons=(1,),
        n_origins=30,
        failed=lambda model, target, *_: (model, target) in {("net", "a"), ("other", "b")},
        checks=CHECKS,
    )
    runs = pd.read_parquet(run / "runs.parquet")
    runs.loc[runs["variant"].isin(["naive", "flat"]), "fit_seconds"] = np.nan
    first = runs.index[(runs["variant"] == "net") & (runs["status"] != "ok")][0]
    runs.loc[first, ["status", "error_type", "error_message"]] = ["oom", None, None]
    runs.to_parquet(run / "runs.parquet")
    return findings(reports.read(run))


def test_warnings_about_models_that_fit_nothing_stand_apart(troubled):
    assert troubled.untrained == {"naive", "flat"}
    checks, expected = by_weight(troubled)
    assert [c["subject"] for c in checks] == [
        "net.cell", "naive = net", "net, binary, horizon 1", "all",
    ]  # fmt: skip
    assert [c["subject"] for c in expected] == ["naive, binary, horizon 1", "naive = flat"]
    assert len(urgent(troubled)) == 3


def test_failures_are_told_by_cause_and_first_of_all(troubled):
    causes = failures(troubled)
    assert [(c.text, c.cells) for c in causes] == [("ValueError: no <finite> value", 3), ("oom", 1)]
    assert causes[0].models == {"net": 1, "other": 2}
    document = reports.build(troubled.evidence)
    notes = [b for b in document.sections[0].blocks if isinstance(b, Note)]
    assert words(notes[0].parts).startswith(
        "4 cells without a result. 3 × ValueError: no <finite> value; 1 × oom"
    )
    assert notes[0].tone == "error"
    assert "1 error of the automatic checks: time overlap" in words(notes[1].parts)
    checks = next(s for s in document.sections if s.identifier == "checks")
    assert checks.blocks[0].name == "causes"

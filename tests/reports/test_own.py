"""A user's own sections, long tables, and run folders by path become reports in one line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import reports
import stats
from reports.document import Table
from reports.html import page

from .conftest import write_run

EXAMPLE = Path(__file__).parents[2] / "examples" / "mysection.py"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(
        tmp_path_factory.mktemp("own") / "run",
        tasks=("continuous",),
        targets=("a", "b", "c"),
        horizons=(1,),
        n_origins=40,
    )


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "own.py"
        path.write_text(text)
        return path

    return write


def test_the_example_shows_scores_by_fold(run, tmp_path):
    document = reports.build(run, sections=["summary", str(EXAMPLE)])
    assert [s.identifier for s in document.sections] == ["summary", "folds"]
    (table,) = [b for b in document.sections[1].blocks if isinstance(b, Table)]
    runs = pd.read_parquet(run / "runs.parquet").merge(
        pd.read_parquet(run / "scores.parquet"), on="cell_id"
    )
    means = runs.pivot_table(index="variant", columns="fold", values="value")
    for row in table.rows:
        assert [e.value for e in row.entries[1:]] == pytest.approx(list(means.loc[row.model]))
    assert 'id="t-folds-continuous-1"' in page(document)
    assert document.to_pdf(tmp_path / "own.pdf").read_bytes().startswith(b"%PDF")
    document.to_latex(tmp_path / "latex")
    assert (tmp_path / "latex" / "tables" / "folds-continuous-1.csv").is_file()


def test_all_stands_for_every_section(run):
    document = reports.build(run, sections=["all", EXAMPLE])
    names = [s.identifier for s in document.sections]
    assert names[0] == "summary"
    assert names[-2:] == ["references", "folds"]


HEAD = "from reports.document import *\n"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("def section(:", r"cannot be run: SyntaxError"),
        ("import no_such_module", r"cannot be run: ModuleNotFoundError: .*line 1"),
        ("x = 1", r"has no function section\(findings\)"),
        (
            "def section(findings):\n    return findings.nothing",
            r"failed: AttributeError: .*line 2",
        ),
        ("def section(findings):\n    return ['text']", r"gave a list; it must give"),
        (HEAD + "def section(f): return Section('summary', 'S', ())", "two sections are named"),
        (HEAD + "def section(f): return Section('a b', 'S', ())", "identifier 'a b' must be"),
        (
            HEAD + "def section(f): return Section('x', 'S', (Paragraph('text'),))",
            "stands where a tuple of parts is needed",
        ),
        (HEAD + "def section(f): return Section('x', 'S', ('text',))", "a str is no block"),
        (
            HEAD + "def section(f): return Section('x', 'S', (Paragraph((Model('who'),)),))",
            "names a model 'who' that is not compared",
        ),
    ],
)
def test_a_section_that_does_not_work_is_told_in_one_line(run, written, text, match):
    with pytest.raises(reports.SectionError, match=match) as caught:
        reports.build(run, sections=["summary", written(text)])
    assert "\n" not in str(caught.value)


def test_a_section_without_anything_to_say_is_left_out(run, written):
    document = reports.build(run, sections=["summary", written("def section(f): return None")])
    assert len(document.sections) == 1


def test_a_missing_section_file_is_told(run, tmp_path):
    with pytest.raises(reports.SectionError, match="no section file at"):
        reports.build(run, sections=[tmp_path / "nowhere.py"])


def test_a_run_folder_does_not_run_code_by_itself(run, written):
    path = written("raise SystemExit('must not be run')")
    evidence = reports.read(run)
    evidence.manifest["sections"] = ["summary", str(path)]
    document = reports.build(evidence)
    assert [s.identifier for s in document.sections] == ["summary", "own-sections"]
    assert str(path) in page(document)


def test_a_long_table_is_pivoted_in_its_own_order():
    rows = [
        {"data": d, "method": m, "acc": a}
        for d, scores in {"z": (0.9, 0.8, 0.7), "a": (0.5, 0.6, 0.4), "m": (0.8, 0.7, 0.6)}.items()
        for m, a in zip(("zeta", "alpha", "mu"), scores, strict=True)
    ]
    options = {"blocks": "data", "models": "method", "scores": "acc"}
    document = reports.build(
        pd.DataFrame(rows), **options, higher_is_better=True, title="Accuracy of three methods"
    )
    wide = pd.DataFrame(rows).pivot(index="data", columns="method", values="acc")
    assert document.targets == ("z", "a", "m")
    assert document.title == "Accuracy of three methods"
    from reports.findings import findings

    assert document.keys == findings(wide).keys
    with pytest.raises(ValueError, match=r"columns are data, method, acc"):
        reports.build(pd.DataFrame(rows), **{**options, "scores": "accuracy"})
    with pytest.raises(ValueError, match=r"block 'z' has several scores of model 'zeta'"):
        reports.build(pd.DataFrame(rows + rows[:1]), **options)
    with pytest.raises(ValueError, match="scores= is missing"):
        reports.build(pd.DataFrame(rows), blocks="data", models="method")
    rows[0]["data"] = None
    with pytest.raises(ValueError, match="column 'data' has empty rows"):
        reports.build(pd.DataFrame(rows), **options)


def test_what_is_neither_a_run_nor_a_table_is_told(run, tmp_path):
    table = tmp_path / "scores.csv"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(reports.EvidenceError, match=r"is a file; give the folder of a run"):
        reports.build(table)
    with pytest.raises(reports.EvidenceError, match="blocks= is for a table of scores"):
        reports.build(run, blocks="data")
    with pytest.raises(stats.StatsError, match="a table of numbers is needed"):
        reports.build(None)
    with pytest.raises(stats.StatsError, match="0 rows and 2 columns; a report needs"):
        reports.build(pd.DataFrame({"x": [], "y": []}, dtype=float))
    with pytest.raises(stats.StatsError, match="2 rows and 0 columns"):
        reports.build(pd.DataFrame(index=["a", "b"]))
    with pytest.raises(stats.StatsError, match="two rows are named 'a'; average folds"):
        reports.build(pd.DataFrame({"x": [1.0, 2.0], "y": [1.0, 2.0]}, index=["a", "a"]))
    with pytest.raises(stats.StatsError, match="two models are named 'x'"):
        reports.build(pd.DataFrame([[1.0, 2.0]], columns=["x", "x"]))
    with pytest.raises(stats.StatsError, match="model 'x' is inf"):
        reports.build(pd.DataFrame({"x": [np.inf, 2.0], "y": [1.0, 2.0]}))
    with pytest.raises(stats.StatsError, match="column 'x' has dtype"):
        reports.build(pd.DataFrame({"x": ["a", "b"], "y": [1.0, 2.0]}))


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"only": [1.0, 2.0, 3.0]}),
        pd.DataFrame([[1.0, 2.0, 3.0]]),
        pd.DataFrame(np.ones((6, 4))),
        pd.DataFrame(np.full((3, 3), np.nan)),
        pd.DataFrame([[1.0, np.nan, 3.0], [2.0, 1.0, np.nan], [1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]),
        pd.DataFrame(np.eye(5, 4), columns=["模型" * 30, "مرحبا", "🚀" * 20, "x" * 200]),
        {"a": [1.0, 2.0, 3.0], "b": [2.0, 3.0, 4.0], "": [0.0, 1.0, 5.0]},
    ],
    ids=["one model", "one block", "all ties", "all holes", "holes", "any script", "empty name"],
)
def test_odd_tables_make_a_report(table, tmp_path):
    document = reports.build(table)
    assert page(document).rstrip().endswith("</html>")
    assert document.to_pdf(tmp_path / "odd.pdf").read_bytes().startswith(b"%PDF")
    assert document.to_latex(tmp_path / "odd") == tmp_path / "odd"

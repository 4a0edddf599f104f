"""The page: self-contained, escaped, linked to its sources, and the same bytes every time."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import reports
from reports.findings import findings
from reports.format import decimal
from reports.html import page
from stats.figures import critical_difference, svg

from .conftest import HOSTILE, write_run

VOID = {"meta", "link", "input", "br", "wbr", "hr", "img"}


class Page(HTMLParser):
    """Every element with its attributes; complains about unbalanced tags."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    def attribute(self, name):
        return [attrs[name] for _, attrs in self.elements if name in attrs]


@pytest.fixture(scope="module")
def document(run_dir):
    return reports.build(reports.read(run_dir))


@pytest.fixture(scope="module")
def text(document):
    return page(document)


@pytest.fixture(scope="module")
def hostile(hostile_document):
    return page(hostile_document)


def test_the_page_is_balanced_html(text):
    Page(text)


def test_identifiers_are_unique_and_links_lead_somewhere(text):
    parsed = Page(text)
    identifiers = parsed.attribute("id")
    assert len(identifiers) == len(set(identifiers))
    for href in parsed.attribute("href"):
        assert href == "data:," or href.removeprefix("#") in identifiers, href


def test_nothing_is_fetched_from_anywhere(text):
    parsed = Page(text)
    assert not parsed.attribute("src")
    assert "@import" not in text
    assert "url(" not in text
    for match in re.finditer(r"https?://[^\s\"'<)]+", text):
        assert match.group() == "http://www.w3.org/2000/svg"


def test_the_policy_allows_exactly_the_style_and_script_inside(text):
    policy = next(
        attrs["content"]
        for tag, attrs in Page(text).elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    for kind in ("style", "script"):
        inside = re.findall(rf"<{kind}>(.*?)</{kind}>", text, flags=re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_no_inline_style_or_handler_is_needed(text):
    for tag, attrs in Page(text).elements:
        assert "style" not in attrs, tag
        assert not [name for name in attrs if name.startswith("on")], tag


def test_equal_evidence_gives_equal_bytes(run_dir, text):
    assert page(reports.build(reports.read(run_dir))) == text


def test_writing_gives_the_path_and_leaves_nothing_else(document, text, tmp_path):
    path = document.to_html(tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_default_experiment_stays_below_a_megabyte(text):
    assert len(text.encode()) < 1_000_000


def test_hostile_names_stay_text(hostile):
    parsed = Page(hostile)
    for tag, attrs in parsed.elements:
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        assert tag != "img"
    assert sum(tag == "script" for tag, _ in parsed.elements) == 1
    shown = " ".join(parsed.texts)
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7*7 }}" in shown
    assert "\u202e" not in hostile
    assert "\x07" not in hostile


def test_hostile_names_are_no_identifiers(hostile):
    for value in Page(hostile).attribute("id"):
        assert re.fullmatch(r"[A-Za-z0-9-]+", value), value


def test_numbers_on_the_page_are_those_of_the_findings(run_dir, text):
    found = findings(reports.read(run_dir))
    rows = re.findall(
        r"<tr data-m=.*?</tr>", text.split('id="t-leaderboard"')[1].split("</table>")[0]
    )
    assert len(rows) == 84
    told = iter(rows)
    for panel in found.panels:
        for place, model in enumerate(panel.order):
            row = re.sub(r"<[^>]*>", "|", next(told))
            cells = [cell for cell in row.split("|") if cell]
            assert cells[0] == panel.task
            assert cells[1] == str(panel.horizon)
            assert cells[2] == str(place + 1)
            assert cells[3] == model
            assert cells[4] == decimal(panel.ranking.ranks[model], 2)
            assert cells[6] == f"{panel.mean(model):.3f}"


def test_every_score_leads_to_its_cells(run_dir, text):
    runs = pd.read_parquet(run_dir / "runs.parquet")
    by_target = text.split('id="t-scores-by-target"')[1].split("</table>")[0]
    links = re.findall(r"<a href=#(c[\d-]+)>", by_target)
    assert len(links) == 7 * 4 * 3 * 10
    cells = dict(re.findall(r"<td id=(c[\d-]+) class=code>(.*?)</td>", text, flags=re.DOTALL))
    assert set(links) == set(cells)
    first = runs[(runs["task"] == "continuous") & (runs["horizon"] == 1)]
    first = first[(first["target"] == "target_0") & (first["variant"] == "lstm")]
    wanted = [cell[:8] for cell in first.sort_values("fold")["cell_id"]]
    assert any(
        [line.split()[1] for line in shown.split("\n")] == wanted for shown in cells.values()
    )


def test_diagrams_show_the_average_ranks(run_dir, text):
    found = findings(reports.read(run_dir))
    for panel in found.panels:
        picture = text.split(f'id="f-cd-{panel.key}"')[1].split("</svg>")[0]
        for model, rank in panel.ranking.ranks.items():
            key = found.keys[model]
            assert re.search(
                rf'class="value" data-m="{key}"[^>]*>{decimal(rank, 2)}</text>', picture
            )
        assert f"CD = {panel.ranking.difference:.2f}" in picture


def test_failures_and_holes_are_shown(tmp_path):
    run = write_run(
        tmp_path / "run",
        tasks=("continuous",),
        horizons=(1,),
        n_origins=40,
        failed=lambda model, target, *_: (model, target) == ("lstm", "target_3"),
    )
    shown = " ".join(Page(page(reports.build(reports.read(run)))).texts)
    assert "2 cells without a result" in shown
    assert "ValueError: no <finite> value" in shown
    assert "1 target left out because a compared model has no complete result there: target_3" in (
        shown
    )


def test_many_variants_get_two_levels_and_intervals(tmp_path):
    rng = np.random.default_rng(5)
    models = {f"{f}/{i}": (0.4 + 0.05 * rng.normal(),) for f in "abc" for i in range(20)}
    run = write_run(
        tmp_path / "run",
        models=models,
        families={name: name[0] for name in models},
        tasks=("continuous",),
        horizons=(1,),
        n_folds=1,
        n_origins=30,
    )
    text = page(reports.build(reports.read(run)))
    Page(text)
    assert 'id="f-cd-continuous-1"' in text
    assert 'id="f-mcb-continuous-1"' in text
    assert "They were chosen after looking" in text


def test_a_table_of_scores_becomes_a_report():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(12, 5)) + np.arange(5), columns=list("vwxyz"))
    text = page(reports.build(table))
    Page(text)
    assert "forecasts" not in re.findall(r'<section class="chapter" id="([^"]+)"', text)


@pytest.mark.parametrize("k", [1, 2])
def test_few_models_make_a_report_without_tests(k):
    table = pd.DataFrame(np.ones((3, k)) + np.arange(k), columns=list("ab")[:k])
    text = page(reports.build(table))
    Page(text)
    assert "Not tested" in text


def test_sections_can_be_chosen_and_unknown_ones_are_told(run_dir):
    evidence = reports.read(run_dir)
    document = reports.build(evidence, sections=["references", "summary"])
    assert [s.identifier for s in document.sections] == ["references", "summary"]
    with pytest.raises(ValueError, match="no section is named 'nonsense'; sections are summary"):
        reports.build(evidence, sections=["nonsense"])


def test_a_figure_alone_is_a_file_of_well_formed_xml():
    names = [*HOSTILE[:6], "plain"]
    figure = critical_difference(names, [1.0 + i for i in range(7)], groups=[names[:3]])
    root = ElementTree.fromstring(svg.document(figure))
    shown = ["".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any(HOSTILE[0][:10] in text for text in shown)
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "line", "polyline", "circle", "text"}


def test_skill_by_horizon_shows_the_skill_of_the_findings(document, run_dir):
    found = findings(reports.read(run_dir))
    section = next(s for s in document.sections if s.identifier == "horizons")
    figure = section.blocks[1].blocks[0].figure
    panels = [panel for panel in found.panels if panel.task == "continuous"]
    for model, *values in figure.rows:
        assert values == pytest.approx([panel.skill(model) for panel in panels])


def test_cost_compares_models_by_time_and_rank(document, run_dir):
    runs = pd.read_parquet(run_dir / "runs.parquet")
    seconds = runs.groupby("variant")[["fit_seconds", "predict_seconds"]].mean().sum(axis=1)
    section = next(s for s in document.sections if s.identifier == "cost")
    assert {row[0]: row[1] for row in section.blocks[0].figure.rows} == pytest.approx(
        seconds.to_dict()
    )


def test_scores_of_thousands_of_blocks_stay_readable():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(3000, 6)), columns=list("abcdef"))
    document = reports.build(table)
    text = page(document)
    assert "Scores by block are left out" in text
    assert len(text) < 200_000


@pytest.mark.parametrize(
    "shape",
    [
        {"failed": lambda *_: True},
        {"targets": ("only",)},
        {"models": {"lonely": (0.3,)}},
        {"models": {"a": (0.3,), "b": (0.2,)}, "n_folds": 1},
        {"n_origins": 2, "n_folds": 1},
        {"failed": lambda model, target, *_: model == "lstm" and target != "target_1"},
        {"failed": lambda _model, target, *_: target == "target_0"},
    ],
    ids=[
        "all failed",
        "one target",
        "one model",
        "two models",
        "two origins",
        "thin",
        "dead target",
    ],
)
def test_odd_runs_make_a_report(tmp_path, shape):
    run = write_run(
        tmp_path / "run",
        **{"tasks": ("continuous", "ordinal"), "horizons": (1, 6), "n_origins": 30} | shape,
    )
    document = reports.build(reports.read(run))
    Page(page(document))
    assert document.to_pdf(tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_times_with_a_zone_and_names_as_numbers_are_read(tmp_path):
    run = write_run(tmp_path / "run", tasks=("continuous",), horizons=(1,), n_origins=30)
    frame = pd.read_parquet(run / "predictions.parquet")
    frame["origin"] = frame["origin"].dt.tz_localize("UTC").astype("datetime64[us, UTC]")
    frame.to_parquet(run / "predictions.parquet")
    zoned = findings(reports.read(run)).panels[0].forecasts["target_0"]
    assert zoned.n_times == 60


def test_two_data_sets_make_blocks_with_both_names(tmp_path):
    run = write_run(tmp_path / "run", tasks=("continuous",), horizons=(1,), n_origins=30)
    runs = pd.read_parquet(run / "runs.parquet")
    runs.loc[runs["target"] >= "target_5", "dataset"] = "rates"
    runs.to_parquet(run / "runs.parquet")
    targets = findings(reports.read(run)).targets
    assert targets[0] == "weather/target_0"
    assert targets[-1] == "rates/target_9"

"""The page in a real browser: sorts, filters, lights up, and asks nobody for anything."""

import base64
import json
import os
import struct
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import reports

from .browser import CHROMIUM, Browser
from .conftest import write_run

# The accessibility checker of the browser's own world: a script, and no package of Python's.
AXE = Path(os.environ.get("CROSSFOLD_AXE", "node_modules/axe-core/axe.min.js"))

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the PATH")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def report(run_dir, tmp_path_factory):
    return reports.build(reports.read(run_dir)).to_html(
        tmp_path_factory.mktemp("page") / "report.html"
    )


@pytest.fixture
def page(browser, report):
    browser.open(report)
    return browser


def visible(page, table):
    return page.run(
        f"Array.from(document.querySelectorAll('#t-{table} tbody tr'))"
        ".filter(row => !row.hidden).map(row => Array.from(row.cells)"
        ".filter(cell => !cell.hidden).map(cell => cell.textContent))"
    )


def choose(page, control, value):
    page.run(
        f"(() => {{const node = document.getElementById('{control}'); node.value = '{value}';"
        "node.dispatchEvent(new Event('change')); node.dispatchEvent(new Event('input'))})()"
    )


def test_opening_it_asks_nobody_and_complains_of_nothing(page, report):
    page.run("1")
    asked = [
        event["params"]["request"]["url"]
        for event in page.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if url not in (report.as_uri(), "data:,")] == []
    messages = [
        event
        for event in page.events
        if event.get("method")
        in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    ]
    assert messages == []


def test_a_click_on_a_head_sorts_by_number(page):
    heads = page.run(
        "Array.from(document.querySelectorAll('#t-leaderboard th[scope=col]'))"
        ".map(head => head.textContent)"
    )
    for column, reverse in (("Skill", False), ("Skill", True), ("Time", False), ("Avg rank", True)):
        at = heads.index(column)
        page.run(f"document.querySelectorAll('#t-leaderboard th[scope=col]')[{at}].click()")
        if reverse and column == "Avg rank":
            page.run(f"document.querySelectorAll('#t-leaderboard th[scope=col]')[{at}].click()")
        values = page.run(
            f"Array.from(document.querySelectorAll('#t-leaderboard tbody tr')).map(row => "
            f"row.cells[{at}].dataset.v || row.cells[{at}].textContent)"
        )
        numbers = [
            float(v.split(" ")[0].replace("−", "-"))
            for v in values
            if v[-1].isdigit() or v.endswith(("%", "s"))
        ]
        assert len(numbers) > 60
        assert numbers == sorted(numbers, reverse=reverse)


def test_the_keyboard_sorts_too(page):
    page.run(
        "(() => {const head = document.querySelector('#t-cost th[scope=col]'); head.focus();"
        "head.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))})()"
    )
    names = [row[0] for row in visible(page, "cost")]
    assert names == sorted(names)
    assert page.run("document.querySelector('#t-cost th').getAttribute('aria-sort')") == "ascending"


def test_filters_keep_what_is_asked_for(page):
    choose(page, "by-task", "1")
    choose(page, "by-horizon", "24")
    rows = visible(page, "leaderboard")
    assert {(row[0], row[1]) for row in rows} == {("binary", "24")}
    assert len(rows) == 7
    groups = page.run(
        "Array.from(document.querySelectorAll('#ranks .group')).filter(g => !g.hidden)"
        ".map(g => g.id)"
    )
    assert groups == ["ranks-binary-24"]
    choose(page, "by-model", "NAIVE seas")
    assert [row[3] for row in visible(page, "leaderboard")] == ["seasonal_naive"]
    assert page.run("document.getElementById('shown').textContent") == "1 of 84 rows"
    choose(page, "by-target", "2")
    assert len(visible(page, "scores-by-target")[0]) == 4
    choose(page, "by-target", "")
    assert len(visible(page, "scores-by-target")[0]) == 13


@pytest.mark.parametrize("event", ["pointerover", "focusin"])
def test_pointing_at_a_model_lights_up_its_group_everywhere(page, run_dir, event):
    found = reports.findings.findings(reports.read(run_dir))
    panel = found.panels[0]
    model = panel.ranking.models[0]
    key = found.keys[model]
    page.run(
        f"document.querySelector('#t-cost tr[data-m=\"{key}\"] th').dispatchEvent("
        f"new Event('{event}', {{bubbles: true}}))"
    )
    lit = page.run(
        f"Array.from(document.querySelectorAll('#f-cd-{panel.key} text.name.on'))"
        ".map(node => node.textContent)"
    )
    friends = {name for group in panel.ranking.groups if model in group for name in group}
    assert set(lit) == friends
    assert page.run(f"document.querySelectorAll('tr.lit[data-m=\"{key}\"]').length") > 12
    page.run(f"document.querySelector('h1').dispatchEvent(new Event('{event}', {{bubbles: true}}))")
    assert page.run("document.querySelectorAll('.lit, .on, .dim').length") == 0


def test_a_number_leads_into_folded_details(page):
    page.run("document.querySelector('#t-scores-by-target td a').click()")
    page.run("window.dispatchEvent(new HashChangeEvent('hashchange'))")
    assert page.run("document.querySelector('td:target').closest('details').open") is True


def test_the_button_switches_light_and_dark(page):
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.run(paper)
    page.run("document.getElementById('theme').click()")
    assert page.run(paper) != before
    page.run("document.getElementById('theme').click()")
    assert page.run(paper) == before


def test_a_phone_scrolls_in_one_direction_only(page):
    page.call(
        "Emulation.setDeviceMetricsOverride",
        width=375,
        height=700,
        deviceScaleFactor=1,
        mobile=True,
    )
    try:
        assert page.run("document.documentElement.scrollWidth") <= 375
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")


def test_without_scripts_everything_is_there(browser, report):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(report)
        root = browser.call("DOM.getDocument")["root"]["nodeId"]

        def count(selector):
            found = browser.call("DOM.querySelectorAll", nodeId=root, selector=selector)
            return len(found["nodeIds"])

        assert count("#t-leaderboard tbody tr") == 84
        assert count("#ranks .wide svg.cf") == 12
        assert count("html.js") == 0
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_hostile_names_run_nothing(browser, tmp_path):
    names = [
        "<script>window.hit=1</script>",
        '"><img src=x onerror=window.hit=1>',
        "</title></template><svg onload=window.hit=1>",
        "plain",
    ]
    run = write_run(
        tmp_path / "run",
        models={name: (0.3 + 0.1 * i,) for i, name in enumerate(names)},
        tasks=("continuous",),
        horizons=(1, 2),
        targets=names,
        n_origins=30,
        failed=lambda model, target, *_: (model, target) == (names[0], names[1]),
        checks=[{"check": n, "severity": "error", "subject": n, "detail": n} for n in names],
    )
    runs = pd.read_parquet(run / "runs.parquet")
    runs["parameters"] = json.dumps({name: name for name in names})
    runs["error_message"] = runs["error_message"].where(runs["status"] == "ok", names[1])
    runs.to_parquet(run / "runs.parquet")
    scores = pd.read_parquet(run / "scores.parquet")
    pd.concat([scores, *(scores.assign(metric=name) for name in names)]).to_parquet(
        run / "scores.parquet"
    )
    browser.open(reports.build(run, title=names[2]).to_html(tmp_path / "hostile.html"))
    browser.run("document.querySelectorAll('details').forEach(node => { node.open = true; })")
    choose(browser, "by-model", "script")
    assert browser.run("window.hit") is None
    assert browser.run("document.images.length") == 0
    assert browser.run("document.scripts.length") == 1
    problems = [e for e in browser.events if e.get("method") == "Log.entryAdded"]
    assert problems == []
    shown = browser.run("document.querySelector('#t-leaderboard').textContent")
    assert all(name in shown for name in names)


def test_hostile_columns_of_a_table_run_nothing(browser, tmp_path):
    names = ["<img src=x onerror=window.hit=1>", "{{ 1 }}", "=cmd", "\u202eevil", "x" * 200]
    table = pd.DataFrame(
        np.random.default_rng(0).uniform(size=(8, 5)), columns=names, index=[*"abcdefg", names[0]]
    )
    browser.open(reports.build(table).to_html(tmp_path / "table.html"))
    assert browser.run("window.hit") is None
    assert browser.run("document.images.length") == 0
    saved = saved_as(browser, "#t-scores-by-target", "CSV")
    assert '"\'=cmd"' in saved["text"]


def saved_as(page, figure, kind):
    """Name and content of what a figure's button gives to be kept."""
    page.run(
        "window.saved = null; HTMLAnchorElement.prototype.click = function () {"
        "window.saved = {name: this.download, href: this.href}; }"
    )
    page.run(
        f"Array.from(document.querySelectorAll('{figure} .tools button'))"
        f".find(node => node.textContent === 'Save {kind}').click()"
    )
    found = page.run(
        "new Promise(done => { const wait = () => window.saved ? done(window.saved)"
        " : setTimeout(wait, 20); wait(); })"
    )
    head, _, data = found["href"].partition(",")
    return {"name": found["name"], "head": head, "text": unquote(data)}


def test_figures_can_be_kept_as_svg_png_and_numbers(page, run_dir):
    svg = saved_as(page, "#f-cd-continuous-1", "SVG")
    assert svg["name"] == "cd-continuous-1.svg"
    root = ElementTree.fromstring(svg["text"])
    assert "var(" not in svg["text"]
    assert any("xgboost" in "".join(node.itertext()) for node in root)
    png = saved_as(page, "#f-cd-continuous-1", "PNG")
    assert png["name"] == "cd-continuous-1.png"
    data = base64.b64decode(png["text"])
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) >= (1700, 200)
    assert len(data) > 10_000
    numbers = saved_as(page, "#f-cd-continuous-1", "CSV")
    panel = reports.findings.findings(reports.read(run_dir)).panels[0]
    told = dict(line.split(",")[:2] for line in numbers["text"].splitlines()[1:])
    assert {name: float(rank) for name, rank in told.items()} == pytest.approx(panel.ranking.ranks)


def test_a_phone_gets_narrow_figures(page):
    shown = (
        "Array.from(document.querySelectorAll('#f-cd-continuous-1 svg'))"
        ".filter(svg => svg.getClientRects().length).map(svg => svg.viewBox.baseVal.width)"
    )
    assert page.run(shown) == [860]
    page.call(
        "Emulation.setDeviceMetricsOverride",
        width=360,
        height=700,
        deviceScaleFactor=1,
        mobile=True,
    )
    try:
        assert page.run(shown) == [340]
        assert page.run("document.documentElement.scrollWidth") <= 360
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")


def test_cells_from_near_are_filtered_with_the_rest(page):
    choose(page, "by-task", "2")
    shown = page.run(
        "Array.from(document.querySelectorAll('#cells > details')).filter(d => !d.hidden)"
        ".map(d => d.querySelector('summary').textContent)"
    )
    assert shown
    assert all(title.startswith("multiclass") for title in shown)
    assert {row[0] for row in visible(page, "cells")} == {"multiclass"}


def test_folded_details_are_printed(page):
    page.call("Page.printToPDF")
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    assert page.run("document.querySelectorAll('#cells details:not([open])').length") == 0
    assert page.run("document.querySelectorAll('#lineage details[open]').length") == 0
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert page.run("document.querySelectorAll('#cells details[open]').length") == 0


@pytest.mark.skipif(
    not AXE.is_file(), reason="needs axe-core: `nox -s browser`, or its path in CROSSFOLD_AXE"
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(page, scheme):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.call("Emulation.setEmulatedMedia", features=[feature])
    try:
        page.run("document.querySelectorAll('details').forEach(node => { node.open = true; })")
        page.run(AXE.read_text(encoding="utf-8") + ";0")
        found = page.run(
            "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations"
            ".map(v => `${v.id} (${v.impact}): ${v.nodes[0].html.slice(0, 200)}`))"
        )
        assert found == []
    finally:
        page.call("Emulation.setEmulatedMedia", features=[])

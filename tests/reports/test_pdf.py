"""The PDF: tagged, the same bytes every time, and nothing in it is read as markup."""

import re
import shutil
import subprocess
import sys
import unicodedata

import pytest

import reports
from reports import typeface
from reports.document import (
    Anchor,
    Column,
    Document,
    Entry,
    Group,
    Items,
    Model,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
)
from reports.pdf import printed
from reports.typeface import printable
from stats.figures import critical_difference
from stats.figures.text import clean

from .conftest import HOSTILE

SCRIPTS = ("模型", "日本語", "한국어", "مرحبا", "שלום", "नमस्ते", "สวัสดี", "🚀", "evil مرحبا_1 (模)")


@pytest.fixture
def alone(monkeypatch):
    """Only the shipped face, whatever is installed."""
    monkeypatch.setattr(typeface, "_folders", tuple)
    typeface._others.cache_clear()
    yield
    typeface._others.cache_clear()


@pytest.fixture
def every():
    """The faces for other scripts."""
    if not typeface._folders():
        pytest.skip("needs the faces of pip install 'crossfold[fonts]'")


def text_of(pdf, tmp_path):
    """The text as a reader's program finds it, one string a page."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext of poppler is not installed")
    path = tmp_path / "read.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True
    )
    return done.stdout.replace("\u200b", "").split("\f")[:-1]


def squeezed(text):
    """Without the spaces and line ends that a layout may put anywhere."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def table(name, n_rows, n_columns=3, words="x"):
    return Table(
        name,
        (f"Caption of {name}.",),
        tuple(Column(f"head{i}", "number" if i else "text") for i in range(n_columns)),
        tuple(
            Row(tuple(Entry(f"{words}{row}.{i}") for i in range(n_columns)))
            for row in range(n_rows)
        ),
    )


def document(*blocks, **changes):
    section = Section("first", "First chapter", blocks)
    fields = {"title": "t", "subtitle": "s", "sections": (section,), "keys": {}} | changes
    return Document(**fields)


@pytest.fixture(scope="module")
def full(run_dir):
    return printed(reports.build(reports.read(run_dir)))


def test_equal_evidence_gives_equal_bytes(run_dir, full):
    assert printed(reports.build(reports.read(run_dir))) == full


def test_it_is_tagged_and_says_that_it_is_accessible(full):
    assert full.startswith(b"%PDF-1.7")
    for needed in (
        b"/StructTreeRoot",
        b"/Outlines",
        b"/Lang",
        b"pdfuaid:part",
        b"/DisplayDocTitle",
    ):
        assert needed in full, needed


def test_only_shipped_fonts_are_used(full):
    fonts = {name.split(b"+")[-1] for name in re.findall(rb"/BaseFont\s*/([^\s/>]+)", full)}
    assert fonts
    assert {re.match(rb"(SourceSans3|DejaVuSansMono)", name) is not None for name in fonts} == {
        True
    }


def test_pages_show_title_contents_chapters_and_numbers(run_dir, full, tmp_path):
    built = reports.build(reports.read(run_dir))
    pages = text_of(full, tmp_path)
    assert "What can be claimed." in pages[0]
    first = "".join(pages[:2])
    assert "What cannot be claimed." in first
    assert "Contents" in first
    for section in built.sections:
        assert section.title in first
        assert section.title in "".join(pages[2:]) or section.identifier == "summary"
    everything = squeezed("".join(pages))
    for kind, held in (("Table", Table), ("Figure", Picture)):
        count = len(list(_all(built.sections, held)))
        for number in range(1, count + 1):
            assert f"{kind}{number}." in everything
        assert f"{kind}{count + 1}." not in everything


def _all(parts, kind):
    for part in parts:
        if isinstance(part, kind):
            yield part
        yield from _all(getattr(part, "blocks", ()), kind)


def test_the_cells_of_every_table_are_on_paper(run_dir, full, tmp_path):
    built = reports.build(reports.read(run_dir))
    everything = squeezed("".join(text_of(full, tmp_path)))
    for found in _all(built.sections, Table):
        if found.name.startswith("cells"):  # two lines a cell, which a layout reads across
            continue
        for row in found.rows:
            for entry in row.entries:
                if len(entry.text) <= 18:  # longer ones wrap, and are read line by line
                    assert squeezed(entry.text) in everything, (found.name, entry.text)


@pytest.mark.parametrize("made", ["full", "hostile"])
def test_a_checker_finds_nothing_against_pdf_ua(made, full, hostile_document):
    page = pytest.importorskip("page", reason="needs page-validation, which checks PDF/UA")
    found = page.validate_pdf_bytes(full if made == "full" else printed(hostile_document))
    assert found.profile == page.ValidationProfile.PDF_UA_1
    assert found.rules.total > 100
    assert [(f.rule_id if hasattr(f, "rule_id") else str(f)) for f in found.failures] == []
    assert found.is_compliant


def test_other_scripts_are_set_in_faces_of_their_own(every, tmp_path):
    figure = critical_difference([*SCRIPTS, "b"], list(range(1, len(SCRIPTS) + 2)))
    rows = tuple(Row((Entry(name), Entry(name, tone="code"))) for name in SCRIPTS)
    blocks = (
        Paragraph(tuple(Model(name) for name in SCRIPTS)),
        Table("t", SCRIPTS, (Column("a", "text"), Column("b", "text")), rows),
        Picture("f", figure, SCRIPTS),
    )
    pdf = printed(document(*blocks, title=SCRIPTS[0]))
    assert printed(document(*blocks, title=SCRIPTS[0])) == pdf
    everything = squeezed("".join(text_of(pdf, tmp_path)))
    assert "[U+" not in everything
    assert "□" not in everything
    for name in ("模型", "日本語", "한국어", "🚀"):  # the others come in the order they are drawn
        assert everything.count(name) >= 4, name
    fonts = set(re.findall(rb"/BaseFont\s*/[A-Z]+\+([^\s/>-]+)", pdf))
    assert {b"NotoSansArabic", b"NotoSansHebrew", b"NotoSansThai", b"NotoEmoji"} <= fonts


def test_usual_text_is_set_alike_whatever_faces_are_installed(every, monkeypatch):
    usual = document(Paragraph(("ünïcode ≤ χ² ▲",)), table("t", 3))
    pdf = printed(usual)
    monkeypatch.setattr(typeface, "_folders", tuple)
    assert printed(usual) == pdf


def test_a_name_from_right_to_left_leaves_the_words_around_it_in_place():
    assert typeface.isolated("שלום 1") == "\u2068שלום 1\u2069"
    assert typeface.isolated("模型 1") == "模型 1"


def test_hostile_names_stay_text(hostile_document, alone, tmp_path):
    everything = squeezed("".join(text_of(printed(hostile_document), tmp_path)))
    assert squeezed("<script>alert(1)") in everything
    assert "{{7*7}}{%raw%}" in everything
    assert "[U+6A21][U+578B][U+1F680]" in everything
    assert "\x07" not in everything
    assert "\u202e" not in everything


@pytest.mark.parametrize(
    "name",
    [
        *HOSTILE,
        '#eval("1+1")',
        '"#panic()',
        '#import "@preview/x:0.1.0"',
        "*bold* _it_ `raw` = head",
        "<label> @ref //comment /*",
        "\\u{41} ~ -- ... $a$ [b] #",
        ']#read("/etc/passwd")',
        "",
        " ",
    ],
)
def test_a_name_is_printed_letter_by_letter(name, alone, tmp_path):
    # Bidirectional text comes back in the order it is drawn; the code points do not.
    blocks = (
        Paragraph((name,)),
        Group("g", name, (Items(((name, "item"),)),)),
        Table("t", (name,), (Column(name, "text", note=name),), (Row((Entry(name),)),)),
        Picture("f", critical_difference([name, "b"], [1.2, 1.8], title=name), (name,)),
    )
    pages = text_of(printed(document(*blocks, title=name, subtitle=name)), tmp_path)
    found = squeezed("".join(pages))
    # Lines may break inside; each piece of the name that stays together is there.
    for piece in re.findall(r"\S{1,12}", printable(clean(name))):
        assert squeezed(piece) in found, piece


def test_characters_without_a_glyph_are_named(alone):
    assert printable("模\u0301") == "[U+6A21]\u0301"
    assert printable("e\u0301 ▲ − χ² ≤") == "e\u0301 ▲ − χ² ≤"
    assert printable("\ufffd模", single=True) == "□□"


@pytest.mark.parametrize("n_rows", [3, 30, 150])
def test_numbers_of_pages_and_tables_are_right_however_short_the_summary(n_rows, tmp_path):
    summary = Section("summary", "Summary", (Paragraph(("Short.",)), table("glance", 4)))
    chapter = Section("next", "Next chapter", (table("a", n_rows), table("b", n_rows)))
    pages = text_of(printed(document(sections=(summary, chapter))), tmp_path)
    for number, page in enumerate(pages, 1):
        assert re.search(rf"^\s*{number} ?/ ?{len(pages)}\s*$", page, re.M), number
        if number > 1:
            assert page.lstrip().startswith("t · comparison report")
    everything = "".join(pages)
    assert [everything.count(f"Table {i}. ") for i in range(1, 5)] == [1, 1, 1, 0]
    places = re.findall(r"Next chapter[^\n\d]+(\d+)\s", pages[0])
    assert len(places) == 1
    assert "Table 2. " in pages[int(places[0]) - 1]


def test_long_tables_repeat_their_head(tmp_path):
    pages = text_of(printed(document(table("long", 150))), tmp_path)
    holding = [page for page in pages if re.search(r"x\d+\.1", page)]
    assert len(holding) >= 3
    assert all("head1" in page for page in holding)


def test_short_tables_stay_on_one_page(tmp_path):
    pages = text_of(
        printed(document(*(table(f"t{i}", 20, words=f"w{i}x") for i in range(6)))), tmp_path
    )
    for i in range(6):
        assert sum(f"w{i}x" in page for page in pages) == 1


def test_wide_tables_are_cut_into_parts_that_repeat_their_first_column(tmp_path):
    pages = text_of(printed(document(table("wide", 4, 60))), tmp_path)
    everything = "".join(pages)
    for column in range(60):
        assert f"head{column}" in everything
        assert re.search(rf"x3\.{column}\b", everything)
    assert len(re.findall(r"x3\.0\b", everything)) >= 2


def test_no_word_leaves_the_page(hostile_document, full, tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext of poppler is not installed")
    for name, pdf in (("hostile", printed(hostile_document)), ("full", full)):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf)
        done = subprocess.run(
            ["pdftotext", "-bbox", str(path), "-"], check=True, capture_output=True, text=True
        )
        edges = [float(x) for x in re.findall(r'xMax="([\d.]+)"', done.stdout)]
        assert edges
        assert max(edges) <= 595.3 - 56.0  # A4 without its margin of 20 mm, with rounding


def test_links_without_a_place_are_plain_text(tmp_path):
    pages = text_of(printed(document(Paragraph((Anchor("nowhere", "gone"),)))), tmp_path)
    assert "nowhere" in "".join(pages)


@pytest.mark.parametrize("sections", [(), (Section("a", "A", ()),)])
def test_nothing_to_say_is_a_document_as_well(sections):
    assert printed(document(sections=sections)).startswith(b"%PDF")


def test_writing_gives_the_path_and_leaves_nothing_else(tmp_path):
    path = document(Paragraph(("word",))).to_pdf(tmp_path / "report.pdf")
    assert [p.name for p in tmp_path.iterdir()] == ["report.pdf"]
    assert path.read_bytes().startswith(b"%PDF")


def test_without_the_compiler_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ImportError, match="pip install"):
        printed(document())

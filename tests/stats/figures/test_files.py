"""Every figure becomes a file of each format, the same bytes each time."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest

from stats.errors import OptionError, StatsWarning
from stats.figures import critical_difference
from stats.figures.files import FORMATS, content

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

FIGURE = critical_difference(
    ["a_1", "b & c", "<d>"], [1.2, 2.1, 2.7], groups=[["a_1", "b & c"]], difference=1.0
)
MAGIC = {
    "svg": b"<svg ",
    "pdf": b"%PDF-",
    "png": b"\x89PNG",
    "tex": b"\\documentclass",
    "csv": b"m",
}


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_is_what_its_name_says_and_the_same_each_time(ending, tmp_path):
    path = FIGURE.save(tmp_path / "deep" / f"figure.{ending.upper()}")
    data = path.read_bytes()
    assert data.startswith(MAGIC[ending])
    assert data == content(FIGURE, ending)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["svg", "pdf", "png", "tex"])
def test_dark_is_another_picture(ending):
    assert content(FIGURE, ending, theme="dark") != content(FIGURE, ending)


def test_a_pdf_holds_text_in_the_shipped_face_and_no_date():
    data = content(FIGURE, "pdf")
    assert b"SourceSans3" in data
    assert b"/Type3" not in data  # outlines that publishers refuse
    assert b"CreationDate" not in data


def test_settings_of_a_notebook_leave_a_file_as_it_is():
    plain = content(FIGURE, "png")
    with matplotlib.rc_context({"savefig.bbox": "tight", "text.usetex": True, "font.size": 30}):
        assert content(FIGURE, "png") == plain


def test_numbers_are_those_of_the_figure():
    rows = list(csv.reader(io.StringIO(content(FIGURE, "csv").decode())))
    assert rows[0] == list(FIGURE.columns)
    assert [row[0] for row in rows[1:]] == [row[0] for row in FIGURE.rows]
    assert float(rows[1][1]) == FIGURE.rows[0][1]


def test_an_svg_is_well_formed_and_says_what_it_shows():
    root = ET.fromstring(content(FIGURE, "svg"))
    texts = {element.tag.rpartition("}")[2]: element.text for element in root}
    assert texts["title"] == FIGURE.title
    assert "<d>" in texts["desc"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("figure.gif", {}, "one of .svg, .pdf, .png, .tex, .csv; got 'gif'"),
        ("figure", {}, "got ''"),
        ("figure.svg", {"theme": "blue"}, "no theme 'blue'; there are light, dark"),
    ],
)
def test_what_cannot_be_written_is_told(name, options, message, tmp_path):
    with pytest.raises(OptionError, match=message):
        FIGURE.save(tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_characters_without_a_glyph_are_boxes_and_told():
    figure = critical_difference(["模型", "b", "c"], [1.0, 2.0, 3.0])
    with pytest.warns(StatsWarning, match=r"2 characters are drawn as boxes.*U\+578B"):
        content(figure, "pdf")

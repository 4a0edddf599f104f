"""Widths of text are those of the font, and an upper bound for its usual replacements."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.figures.text import clean, shorten, shortened, text_width

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


def test_widths_are_those_of_dejavu_sans():
    font_tools = pytest.importorskip("fontTools.ttLib")
    matplotlib = pytest.importorskip("matplotlib")
    font = font_tools.TTFont(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")
    cmap, advances, unit = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    for text in ("average rank", "CD = 3.93", "wind_speed_JFK", "α × β ≥ Я", "WWW/mmm@100 %"):
        expected = sum(advances[cmap[ord(c)]][0] for c in text) / unit * 13.0
        assert text_width(text, 13.0) == pytest.approx(expected, abs=0.01 * len(text))


def test_marks_that_take_no_room_have_no_width():
    assert text_width("e\u0301", 10.0) == text_width("e", 10.0)
    assert text_width("\u200b", 10.0) == 0.0


def test_wide_scripts_are_wide():
    assert text_width("模型", 10.0) == 20.0
    assert text_width("🚀", 10.0) > text_width("m", 10.0)


@given(TEXT, st.floats(20.0, 400.0))
def test_a_shortened_text_fits_and_keeps_both_ends(text, limit):
    short = shorten(text, 12.0, limit)
    assert text_width(short, 12.0) <= limit or short == "…"
    if short != text:
        head, _, tail = short.partition("…")
        assert text.startswith(head)
        assert text.endswith(tail)


def test_shortening_keeps_as_much_as_fits():
    text = "x" * 100
    short = shorten(text, 10.0, 100.0)
    one_more = short.replace("…", "x…")
    assert text_width(one_more, 10.0) > 100.0


@given(TEXT)
def test_a_cleaned_text_stands_on_one_line_of_xml(text):
    shown = clean(text)
    assert "\n" not in shown
    assert all(ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0 for c in shown)
    assert clean(shown) == shown


def test_marks_that_turn_the_direction_of_writing_are_made_visible():
    assert clean("abc\u202edef") == "abc\ufffddef"
    assert clean("نموذج") == "نموذج"


NAMES = [
    f"xgboost/learning_rate={rate}/max_depth={depth}/subsample=0.8/n_rounds={rounds}"
    for rate in (0.05, 0.1)
    for depth in (3, 6)
    for rounds in (20, 60)
]


def test_names_that_differ_in_the_middle_show_what_differs():
    assert shortened(NAMES, 12.0, 150.0)[:2] == ["xgboost…0.05…3…20", "xgboost…0.05…3…60"]
    assert shortened(NAMES, 12.0, 100.0)[:2] == ["…0.05…3…20", "…0.05…3…60"]
    assert shortened(NAMES[:1], 12.0, 150.0) == [shorten(NAMES[0], 12.0, 150.0)]


def test_names_that_cannot_be_told_apart_by_words_are_numbered():
    names = ["a" * 30 + middle + "b" * 30 for middle in "xyz"]
    assert [text[-3:] for text in shortened(names, 12.0, 150.0)] == [" #1", " #2", " #3"]


@given(st.lists(TEXT | st.sampled_from(NAMES), max_size=9, unique=True), st.floats(60.0, 400.0))
def test_no_two_shortened_names_look_alike(texts, limit):
    texts = [text for text in map(clean, texts) if text_width(text, 12.0) > 0]
    shown = shortened(texts, 12.0, limit)
    assert len(set(shown)) == len(set(texts))
    assert all(text_width(text, 12.0) <= limit for text in shown)

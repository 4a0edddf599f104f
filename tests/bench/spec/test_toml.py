"""TOML text: what is written reads back, and overrides mean what they say."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.spec.toml import merged, override, written

KEYS = st.text(min_size=1, max_size=8).filter(lambda text: "\x00" not in text)
SCALARS = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
TABLES = st.recursive(
    st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3), max_size=4),
    lambda inner: st.dictionaries(KEYS, inner | SCALARS, max_size=3),
    max_leaves=10,
)


@given(TABLES)
def test_what_is_written_reads_back(tables):
    try:
        text = written(tables)
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair is no text of any file
        return
    assert tomllib.loads(text) == tables


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("matrix.horizon=[1,6]", {"matrix": {"horizon": [1, 6]}}),
        ("matrix.horizon = 6", {"matrix": {"horizon": 6}}),
        ("models.lstm.rate=1e-3", {"models": {"lstm": {"rate": 1e-3}}}),
        ("matrix.task=binary", {"matrix": {"task": "binary"}}),
        ("matrix.task=[binary, ordinal]", {"matrix": {"task": ["binary", "ordinal"]}}),
        ('matrix.task=["binary"]', {"matrix": {"task": ["binary"]}}),
        ("x=[1, a]", {"x": [1, "a"]}),
        ("x=true", {"x": True}),
        ("dataset.mine.file=../data/x.csv", {"dataset": {"mine": {"file": "../data/x.csv"}}}),
        ('models."a b".x=1', {"models": {"a b": {"x": 1}}}),
        ("m.grid={hidden=[1,2]}", {"m": {"grid": {"hidden": [1, 2]}}}),
        ('name="a=b"', {"name": "a=b"}),
    ],
)
def test_an_override_means(text, table):
    assert override(text) == table


@pytest.mark.parametrize(
    "text", ["", "x", "=1", "x=", "x=[1", "x=[1,,2]", 'x="a', "a b=1", "x=1\ny=2", "x={", "x=a b"]
)
def test_what_is_no_override_is_said_in_one_line(text):
    with pytest.raises(UserError, match="override") as caught:
        override(text)
    assert str(caught.value).isprintable()


@given(st.text(max_size=40))
def test_any_text_is_an_override_or_a_mistake(text):
    try:
        assert isinstance(override(text), dict)
    except UserError as mistake:
        assert str(mistake).isprintable()  # noqa: PT017 - both outcomes are right, traces are not


def test_merging_changes_neither_table():
    base, top = {"a": {"b": 1, "c": 2}}, {"a": {"c": 3}, "d": 4}
    assert merged(base, top) == {"a": {"b": 1, "c": 3}, "d": 4}
    assert base == {"a": {"b": 1, "c": 2}}
    assert top == {"a": {"c": 3}, "d": 4}

"""The filter language: what it keeps, and what it says about what it cannot read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.spec.cell import Cell
from bench.spec.filter import select

CELLS = tuple(
    Cell("weather", target, task, horizon, fold, model, label, parameters, 1)
    for target in ("temp_JFK", "humid_LGA")
    for task in ("binary", "ordinal")
    for horizon in (1, 6, 24)
    for model, label, parameters in (
        ("naive", "naive", ()),
        ("lstm", "lstm[hidden=16,kind=a b]", (("hidden", 16), ("kind", "a b"))),
        ("lstm", "lstm[hidden=32,kind=c]", (("hidden", 32), ("kind", "c"))),
    )
    for fold in (0, 1)
)


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("model=lstm", lambda c: c.model == "lstm"),
        ("model==lstm", lambda c: c.model == "lstm"),
        ("model!=lstm", lambda c: c.model != "lstm"),
        ("model=lstm and horizon=24", lambda c: c.model == "lstm" and c.horizon == 24),
        ("model=naive AND horizon>=6", lambda c: c.model == "naive" and c.horizon >= 6),
        ("horizon<6 or horizon>6", lambda c: c.horizon != 6),
        ("horizon<=6", lambda c: c.horizon <= 6),
        ("horizon in (1, 24)", lambda c: c.horizon in (1, 24)),
        ("horizon in {1}", lambda c: c.horizon == 1),
        ("not fold=1", lambda c: c.fold == 0),
        ("not not fold=1", lambda c: c.fold == 1),
        (
            "task=binary or task=ordinal and fold=0",  # and binds before or
            lambda c: c.task == "binary" or (c.task == "ordinal" and c.fold == 0),
        ),
        ("(task=binary or task=ordinal) and fold=0", lambda c: c.fold == 0),
        ("target=temp_*", lambda c: c.target == "temp_JFK"),
        ("target=?umid_LGA", lambda c: c.target == "humid_LGA"),
        ("target='temp_JFK'", lambda c: c.target == "temp_JFK"),
        ('variant="lstm[hidden=16,*"', lambda c: "hidden=16" in c.variant),
        ("hidden=16", lambda c: ("hidden", 16) in c.parameters),
        ("hidden>16", lambda c: ("hidden", 32) in c.parameters),
        ("hidden=16.0", lambda c: ("hidden", 16) in c.parameters),
        ('kind="a b"', lambda c: ("kind", "a b") in c.parameters),
        ("naive", lambda c: c.model == "naive"),
        ("temp_JFK.ordinal", lambda c: c.target == "temp_JFK" and c.task == "ordinal"),
        ("  model = lstm  ", lambda c: c.model == "lstm"),
    ],
)
def test_a_condition_keeps(condition, kept):
    assert select(CELLS, condition) == tuple(filter(kept, CELLS))


def test_square_brackets_mean_themselves():
    with pytest.raises(UserError, match="keeps none"):
        select(CELLS, 'variant="[ln]*"')


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("modle=lstm", 'unknown key "modle"; did you mean "model"?'),
        ("zzz=1", 'unknown key "zzz"; keys: dataset, target, task, horizon'),
        ("model=lstmm", r'keeps none of 72 cells; did you mean "lstm"\?'),
        ("horizon=7", 'no horizon is "7", there are 1, 6, 24'),
        ("model=", "ends where a value was expected"),
        ("=lstm", 'has "=" where a key'),
        ("model=lstm horizon=1", 'has "horizon" where and, or'),
        ("model=lstm and", "ends where a key"),
        ("and model=lstm", 'has the word "and" where a key'),
        ("(model=lstm", r'misses "\)" at its end'),
        ("model=lstm)", r'has "\)" where and'),
        ("horizon in 1", 'misses "{" before "1"'),
        ("horizon in (1", r'misses "\)"'),
        ("horizon in ()", r'has "\)" where a value'),
        ("horizon<many", 'compares horizon< with "many", which is not a number'),
        ("model='lstm", 'unexpected "\'" at character 7'),
        ("(" * 41 + "fold=1" + ")" * 41, "too many brackets"),
        ("x" * 2001, "2001 characters"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(condition, said):
    with pytest.raises(UserError, match=said) as caught:
        select(CELLS, condition)
    assert "\n" not in str(caught.value)


@given(st.text(st.sampled_from("model=<>!()\"'{} andornti,*16hz\x00\n"), max_size=60) | st.text())
def test_any_text_is_a_condition_or_a_mistake(condition):
    try:
        kept = select(CELLS, condition)
    except UserError as mistake:
        assert str(mistake).isprintable()  # noqa: PT017 - both outcomes are right, traces are not
    else:
        assert kept

"""A function's name changes when, and only when, what it does may change."""

import pytest

from bench.cache.codehash import UnhashableCode, code_hash, code_units


def _made(text: str, name: str = "node") -> object:
    space: dict[str, object] = {"__name__": "made"}
    exec(compile(text, "made.py", "exec"), space)
    return space[name]


def _hash(text: str) -> str:
    return code_hash(_made(text))  # type: ignore[arg-type]


NODE = """
SCALE = 2.0

def _helper(value):
    return value * SCALE

def node(x):
    return _helper(x) + 1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [("SCALE = 2.0", "SCALE = 3.0"), ("value * SCALE", "value / SCALE"), ("+ 1", "+ 2")],
)
def test_an_edit_that_counts(old: str, new: str) -> None:
    assert _hash(NODE) != _hash(NODE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return value", '    """Say it."""\n    # why\n    return value'),
        ("(x):", "(x: int) -> float:"),
    ],
)
def test_an_edit_that_does_not_count(old: str, new: str) -> None:
    assert _hash(NODE) == _hash(NODE.replace(old, new))


def test_the_units_name_what_took_part() -> None:
    units = code_units(_made(NODE))  # type: ignore[arg-type]
    assert [(unit.name, unit.kind) for unit in units] == [
        ("made.node", "function"),
        ("made._helper", "function"),
        ("made.SCALE", "constant"),
    ]


def test_the_clock_is_refused() -> None:
    with pytest.raises(UnhashableCode, match=r"uses time\.time"):
        _hash("import time\ndef node():\n    return time.time()\n")

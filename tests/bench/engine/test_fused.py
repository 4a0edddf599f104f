"""A step's value is the same, or refused alike, fused with its reader or through the store."""

from pathlib import Path

import pytest

from bench.cache.store import Store
from bench.engine.plan import Request, merged
from tests.bench.engine.test_odd_steps import flow_in, ran, value

HEAD = "import pandas as pd\nimport numpy as np\n"
READS = {
    "attrs of a frame": (
        "def made() -> pd.DataFrame:\n    frame = pd.DataFrame({'a': [1]})\n"
        "    frame.attrs['unit'] = 'K'\n    return frame\n"
        "def out(made: pd.DataFrame) -> str:\n    return str(made.attrs.get('unit'))\n"
    ),
    "a list changed in place": (
        "def made() -> list:\n    return [1]\n"
        "def first(made: list) -> int:\n    made.append(2)\n    return len(made)\n"
        "def out(first: int, made: list) -> str:\n    return f'{first} {made}'\n"
    ),
    "a dict changed in place": (
        "def made() -> dict:\n    return {'a': [1]}\n"
        "def first(made: dict) -> int:\n    made['a'].append(2)\n    return 1\n"
        "def out(first: int, made: dict) -> str:\n    return f'{first} {made}'\n"
    ),
    "a frame changed in place": (
        "def made() -> pd.DataFrame:\n    return pd.DataFrame({'a': [1]})\n"
        "def first(made: pd.DataFrame) -> int:\n    made.loc[0, 'a'] = 5\n    made['b'] = 1\n"
        "    return int(made['a'].iloc[0])\n"
        "def out(first: int, made: pd.DataFrame) -> str:\n    return f'{first} {made.to_dict()}'\n"
    ),
    "an array changed in place": (
        "def made() -> np.ndarray:\n    return np.array([1.0])\n"
        "def out(made: np.ndarray) -> str:\n    try:\n        made[0] = 2\n"
        "    except ValueError:\n        return 'read-only'\n    return 'changed'\n"
    ),
    "an array that is not contiguous": (
        "def made() -> np.ndarray:\n    return np.arange(6.0).reshape(2, 3)[:, ::2]\n"
        "def out(made: np.ndarray) -> str:\n    return f'{made.sum()} {made.shape}'\n"
    ),
}


def _both(tmp_path: Path, source: str) -> list[tuple[object, list[str]]]:
    """Return what `out` gives in a chunk of its own dataflow, and from a stored `made`."""
    spec = flow_in(tmp_path, HEAD + source)
    found = []
    for name, wanted in (("fused", [("out",)]), ("stored", [("made",), ("out",)])):
        store = Store(tmp_path / name)
        messages = []
        for asked in wanted:
            graph = merged([Request("a", spec, {}, asked)])
            outcome = ran(graph, store)
            messages += [failure.error_message for failure in outcome.failures.values()]
        held = None if messages else value(graph, store, 0, "out")
        found.append((held, messages))
    return found


@pytest.mark.parametrize("name", list(READS))
def test_a_value_is_the_same_fused_or_stored(name: str, tmp_path: Path) -> None:
    (fused, why), (stored, also) = _both(tmp_path, READS[name])
    assert not why
    assert not also
    assert fused == stored


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("dict", "{'a': open}"),
        ("list", "[object()]"),
        ("pd.DataFrame", "pd.DataFrame({'a': [1, 'x', None]})"),
    ],
)
def test_what_cannot_be_kept_is_refused_fused_or_stored(
    kind: str, text: str, tmp_path: Path
) -> None:
    source = (
        f"def made() -> {kind}:\n    return {text}\ndef out(made: {kind}) -> int:\n    return 1\n"
    )
    (_, fused), (_, stored) = _both(tmp_path, source)
    assert len(set(fused + stored)) == 1, (fused, stored)
    assert "made gives what cannot be kept" in fused[0]


def test_what_is_declared_an_object_is_made_again_where_it_is_needed(tmp_path: Path) -> None:
    source = (
        "def made() -> object:\n    return [object()]\n"
        "def out(made: object) -> int:\n    return 1\n"
    )
    spec = flow_in(tmp_path, HEAD + source)
    store = Store(tmp_path / "store")
    graph = merged([Request("a", spec, {}, ("out",))])
    assert not ran(graph, store).failures
    assert value(graph, store, 0, "out") == 1

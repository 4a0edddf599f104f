"""What is imported beforehand is what the code of a chunk will import."""

from pathlib import Path

import pytest

from bench.cache.store import Store
from bench.engine.graph import FlowSpec
from bench.engine.needs import Needs
from bench.engine.plan import Chunk, Request, merged, schedule

LIGHT = ("pandas", "pyarrow")


def needs_of(tmp_path: Path, **modules: str) -> tuple[Needs, dict[str, Chunk]]:
    """Needs of modules that each give one output, and the chunk of each by name."""
    requests = []
    for name, text in modules.items():
        file = tmp_path / f"{name}.py"
        file.write_text(text)
        requests.append(Request(name, FlowSpec((str(file),), (), str(file)), {"a": 1}, (name,)))
    graph = merged(requests)
    chunks = [c for wave in schedule(graph, Store(tmp_path / "store")).waves for c in wave]
    names = {graph.instances[c.outputs[-1]].name: c for c in chunks}
    return Needs(graph, chunks), names


def test_a_chunk_that_needs_tables_only_does_not_ask_for_what_others_need(tmp_path: Path):
    needs, chunks = needs_of(
        tmp_path,
        table="def table(a: int) -> int:\n    return a\n",
        trained="def trained(a: int) -> int:\n    import xgboost\n    return a + bool(xgboost)\n",
        solved="def solved(a: int) -> int:\n    from scipy import linalg\n"
        "    return a + len(linalg.__name__)\n",
    )
    everything = ("pandas", "pyarrow", "scipy", "xgboost")
    assert needs.sets == (LIGHT, everything)
    assert needs(chunks["table"]) == LIGHT
    assert needs(chunks["trained"]) == needs(chunks["solved"]) == everything


@pytest.mark.parametrize("line", ["import scipy.linalg", "from scipy.linalg import solve"])
def test_what_a_module_imports_at_its_top_is_needed_by_all_its_steps(tmp_path: Path, line: str):
    text = f"{line}\ndef step(a: int) -> int:\n    return a\n"
    needs, chunks = needs_of(tmp_path, step=text)
    assert needs.sets == (needs(chunks["step"]),) == (("pandas", "pyarrow", "scipy"),)


def test_nothing_is_needed_for_nothing(tmp_path: Path):
    assert Needs(merged([]), ()).sets == ()
    needs, _ = needs_of(tmp_path, table="def table(a: int) -> int:\n    return a\n")
    assert needs.sets == (LIGHT,)

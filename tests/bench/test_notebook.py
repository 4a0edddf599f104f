"""A driver of one's own gets the cache of runs: the same keys, the same values, nothing stale."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hamilton import driver
from hamilton.io.materialization import to

from bench import cached
from bench.cache.codehash import UnhashableCode
from bench.cache.lineage import lineage
from bench.cache.store import Store
from bench.engine.graph import FlowSpec
from bench.engine.plan import Request, merged
from bench.notebook import Cached
from bench.spec.catalogue import load_module

ARITHMETIC = Path(__file__).resolve().parents[1] / "modules" / "arithmetic.py"

FLOW = """\
from pathlib import Path


def _helped(x: float) -> float:
    return x + 1


def text(file: Path) -> str:
    return file.read_text().strip()


def number(text: str, offset: float = 1.0) -> float:
    return _helped(float(text)) + offset


def rounded(number: float) -> int:
    return round(number)


def last(rounded: int) -> dict:
    return {"last": rounded * 2}
"""

Make = Callable[[str], ModuleType]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """Make a module of a text, each time anew."""

    def module(text: str) -> ModuleType:
        path = tmp_path / "flow.py"
        path.write_text(text)
        found = ModuleType("notebook_flow")
        sys.modules["notebook_flow"] = found
        exec(compile(text, str(path), "exec"), found.__dict__)
        return found

    yield module
    sys.modules.pop("notebook_flow", None)


@pytest.fixture
def seen(tmp_path: Path) -> Cached:
    return cached(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "number.txt"
    path.write_text("1.0\n")
    return path


def executed(module: ModuleType, seen: Cached, wanted: str, **more: Any) -> Any:
    dr = driver.Builder().with_modules(module).with_adapters(seen).build()
    return dr.execute([wanted], **more)[wanted]


def test_a_second_execution_serves_every_node(made: Make, seen: Cached, file: Path):
    for _ in range(2):
        assert executed(made(FLOW), seen, "last", inputs={"file": file}) == {"last": 6}
    assert seen.computed == []
    assert seen.served == ["text", "number", "rounded", "last"]


def test_an_edited_helper_computes_what_rests_on_it(made: Make, seen: Cached, file: Path):
    executed(made(FLOW), seen, "last", inputs={"file": file})
    edited = FLOW.replace("return x + 1", "return x + 2")
    assert executed(made(edited), seen, "last", inputs={"file": file}) == {"last": 8}
    assert seen.served == ["text"]
    assert seen.computed == ["number", "rounded", "last"]


def test_an_edit_that_leaves_the_value_costs_its_own_node(made: Make, seen: Cached, file: Path):
    executed(made(FLOW), seen, "last", inputs={"file": file})
    edited = FLOW.replace("return x + 1", "return 1 + x")
    assert executed(made(edited), seen, "last", inputs={"file": file}) == {"last": 6}
    assert seen.computed == ["number"]
    assert seen.served == ["text", "rounded", "last"]


def test_a_file_counts_by_its_content(made: Make, seen: Cached, file: Path, tmp_path: Path):
    executed(made(FLOW), seen, "last", inputs={"file": file})
    file.write_text("7.0\n")
    assert executed(made(FLOW), seen, "last", inputs={"file": file}) == {"last": 18}
    other = tmp_path / "other.txt"
    other.write_text("1.0\n")
    assert executed(made(FLOW), seen, "last", inputs={"file": other}) == {"last": 6}
    assert seen.computed == ["text"]  # it might tell the name; what follows from it does not


def test_a_default_counts_like_the_same_value_given(made: Make, seen: Cached, file: Path):
    executed(made(FLOW), seen, "last", inputs={"file": file})
    executed(made(FLOW), seen, "last", inputs={"file": file, "offset": 1.0})
    assert seen.computed == []
    executed(made(FLOW), seen, "last", inputs={"file": file, "offset": 2.0})
    assert seen.computed == ["number", "rounded", "last"]


def test_an_override_counts_by_its_content(made: Make, seen: Cached):
    module = made(FLOW)
    assert executed(module, seen, "last", overrides={"number": 4.2}) == {"last": 8}
    assert seen.computed == ["rounded", "last"]
    assert executed(module, seen, "last", overrides={"number": 5.1}) == {"last": 10}
    assert executed(module, seen, "last", overrides={"number": 4.2}) == {"last": 8}
    assert seen.computed == []


def test_keys_are_those_of_a_run(seen: Cached):
    module = load_module(str(ARITHMETIC))
    inputs = {"a": 1.0, "seed": 3}
    assert executed(module, seen, "seeded", inputs=inputs) == 13.0
    spec = FlowSpec((str(ARITHMETIC),), (), str(ARITHMETIC))
    graph = merged([Request("one", spec, inputs, ("seeded",))])
    for key in graph.instances:
        assert seen.store.record(key) is not None
    found = lineage(seen.store, graph.wanted[0]["seeded"])
    assert set(found.recipes) == set(graph.instances)
    assert all(recipe.units for recipe in found.recipes.values())


def test_what_cannot_be_stored_is_made_each_time_and_what_follows_is_served(seen: Cached):
    module = load_module(str(ARITHMETIC))
    for _ in range(2):
        assert executed(module, seen, "first_of_pair", inputs={"a": 1.0}) == 4.0
    assert seen.computed == ["pair"]
    assert seen.served == ["start", "left", "first_of_pair"]


def test_files_are_saved_each_time(made: Make, seen: Cached, file: Path, tmp_path: Path):
    target = tmp_path / "last.json"
    dr = driver.Builder().with_modules(made(FLOW)).with_adapters(seen).build()
    for _ in range(2):
        dr.materialize(
            to.json(id="saved", dependencies=["last"], path=str(target)), inputs={"file": file}
        )
        assert json.loads(target.read_text()) == {"last": 6}
        target.unlink()
    assert seen.computed == ["saved"]
    assert "last" in seen.served


def test_a_damaged_value_is_computed_again(made: Make, seen: Cached, file: Path):
    long = FLOW.replace("file.read_text().strip()", 'file.read_text().strip() + " " * 9000')
    executed(made(long), seen, "last", inputs={"file": file})
    for entry in seen.store.entries("cas"):
        Path(entry.path).write_bytes(b"x" * entry.stat().st_size)
    assert executed(made(long), seen, "last", inputs={"file": file}) == {"last": 6}
    assert seen.computed == ["text"]
    assert "is set aside" in seen.store.warnings[0]


def test_hidden_state_is_refused_by_name(made: Make, seen: Cached):
    module = made("import time\n\n\ndef now() -> float:\n    return time.time()\n")
    with pytest.raises(UnhashableCode, match=r"notebook_flow\.now uses time\.time"):
        executed(module, seen, "now")


def test_the_store_is_the_one_that_is_named(tmp_path: Path):
    assert cached(str(tmp_path / "s")).store.root == tmp_path / "s"
    assert Store(tmp_path / "s", create=False).keys() == []

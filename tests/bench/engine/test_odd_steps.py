"""Steps that change their inputs, share their code, draw at random, or are edited in a run."""

import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from bench.cache.store import Store
from bench.engine.execute import Outcome, execute
from bench.engine.graph import FlowSpec
from bench.engine.plan import Graph, Request, merged


def flow_in(folder: Path, source: str, name: str = "flow.py") -> FlowSpec:
    (folder / name).write_text(source)
    return FlowSpec((str(folder / name),), (), str(folder / name))


def ran(graph: Graph, store: Store, *, packages: tuple[str, ...] = (), jobs: int = 1) -> Outcome:
    outcome = Outcome()
    execute(
        graph,
        store,
        outcome,
        jobs=jobs,
        packages=lambda chunk: packages,
        environment="test",
        begun=lambda wave, waves, chunks: None,
        watch=lambda chunk, answer: None,
    )
    return outcome


def value(graph: Graph, store: Store, request: int, name: str) -> object:
    record = store.record(graph.wanted[request][name])
    assert record is not None
    return store.load(record)


def test_a_step_that_changes_its_input_does_not_change_what_is_kept(tmp_path: Path):
    spec = flow_in(
        tmp_path,
        "import time\nimport pandas as pd\n"
        "def slow() -> pd.DataFrame:\n    time.sleep(0.15)\n    return pd.DataFrame({'x': [1.0]})\n"
        "def user(slow: pd.DataFrame) -> float:\n"
        "    slow['x'] *= 100\n    return float(slow['x'].iloc[0])\n"
        "def other(slow: pd.DataFrame) -> float:\n    return float(slow['x'].iloc[0])\n",
    )
    store = Store(tmp_path / "store")
    ran(merged([Request("a", spec, {}, ("user",))]), store)
    graph = merged([Request("b", spec, {}, ("other", "slow"))])
    ran(graph, store)
    assert value(graph, store, 0, "other") == 1.0
    frame = value(graph, store, 0, "slow")
    assert isinstance(frame, pd.DataFrame)
    assert frame["x"].iloc[0] == 1.0


def test_code_edited_between_plan_and_work_is_a_failure_not_a_wrong_value(tmp_path: Path):
    spec = flow_in(tmp_path, "def out(a: int) -> int:\n    return a + 1\n")
    graph = merged([Request("a", spec, {"a": 1}, ("out",))])
    flow_in(tmp_path, "def out(a: int) -> int:\n    return a + 1000\n")
    store = Store(tmp_path / "store")
    outcome = ran(graph, store)
    (failure,) = outcome.failures.values()
    assert "code was changed while the run was going on" in failure.error_message
    assert store.record(graph.wanted[0]["out"]) is None


def test_a_file_rewritten_between_plan_and_work_is_a_failure_not_a_wrong_value(tmp_path: Path):
    spec = flow_in(
        tmp_path,
        "from pathlib import Path\ndef out(data_file: Path) -> str:\n"
        "    return data_file.read_text()\n",
    )
    data = tmp_path / "data.txt"
    data.write_text("1")
    graph = merged([Request("a", spec, {"data_file": data}, ("out",))])
    data.write_text("2")
    store = Store(tmp_path / "store")
    (failure,) = ran(graph, store).failures.values()
    assert "data.txt was changed while the run was going on" in failure.error_message
    assert store.record(graph.wanted[0]["out"]) is None


def test_steps_of_equal_code_and_different_name_keep_apart(tmp_path: Path):
    spec = flow_in(
        tmp_path,
        "def one(a: int) -> int:\n    return a + 1\ndef two(a: int) -> int:\n    return a + 1\n"
        "def sums(one: int, two: int) -> int:\n    return one + two\n"
        "def product(one: int, two: int) -> int:\n    return one * two\n",
    )
    graph = merged([Request(n, spec, {"a": 2}, (n,)) for n in ("sums", "product")])
    store = Store(tmp_path / "store")
    assert not ran(graph, store).failures
    assert [value(graph, store, 0, "sums"), value(graph, store, 1, "product")] == [6, 9]


def test_what_a_step_draws_does_not_depend_on_what_else_runs(tmp_path: Path):
    source = (
        "import numpy as np\nfrom hamilton.function_modifiers import tag\n"
        "@tag(hidden='random')\ndef first() -> float:\n    return float(np.random.random())\n"
        "@tag(hidden='random')\n"
        "def second(first: float) -> float:\n    return first + float(np.random.random())\n"
        "def third(first: float) -> float:\n    return first\n"
    )
    spec = flow_in(tmp_path, source)
    alone = merged([Request("a", spec, {}, ("second",))])
    both = merged([Request("a", spec, {}, ("second",)), Request("b", spec, {}, ("third",))])
    stores = [Store(tmp_path / name) for name in ("one", "two")]
    ran(alone, stores[0])
    ran(both, stores[1])
    assert value(alone, stores[0], 0, "second") == value(both, stores[1], 0, "second")


def test_a_step_that_another_process_computes_is_waited_for(tmp_path: Path):
    spec = flow_in(
        tmp_path,
        "def shared(a: int) -> int:\n    return a + 1\n"
        "def one(shared: int) -> int:\n    return shared\n"
        "def two(shared: int) -> int:\n    return -shared\n",
    )
    graph = merged([Request(n, spec, {"a": 1}, (n,)) for n in ("one", "two")])
    store = Store(tmp_path / "store")
    shared = next(key for key, i in graph.instances.items() if i.name == "shared")
    held = threading.Event()

    def elsewhere() -> None:
        with Store(store.root).claim(shared) as mine:
            assert mine
            held.set()
            time.sleep(6)

    other = threading.Thread(target=elsewhere)
    other.start()
    assert held.wait(5)
    outcome = ran(graph, store)
    other.join()
    assert not outcome.failures
    assert [value(graph, store, 0, "one"), value(graph, store, 1, "two")] == [2, -2]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_package_that_breaks_on_import_costs_only_who_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
):
    (tmp_path / "crossfold_broken_library.py").write_text("raise OSError('libgomp is missing')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    spec = flow_in(tmp_path, "def out(a: int) -> int:\n    return a + 1\n")
    graph = merged([Request(str(a), spec, {"a": a}, ("out",)) for a in range(3)])
    store = Store(tmp_path / "store")
    assert not ran(graph, store, packages=("crossfold_broken_library",), jobs=jobs).failures


def test_an_exception_that_cannot_be_told_is_still_a_row(tmp_path: Path):
    spec = flow_in(
        tmp_path,
        "class Mute(Exception):\n    def __str__(self):\n        raise ValueError('no words')\n"
        "def out(a: int) -> int:\n    raise Mute\n",
    )
    outcome = ran(merged([Request("a", spec, {"a": 1}, ("out",))]), Store(tmp_path / "store"))
    (failure,) = outcome.failures.values()
    assert (failure.step, failure.error_type) == ("out", "Mute")

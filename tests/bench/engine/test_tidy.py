"""What a step leaves behind does not reach the next one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cache.store import Store
from bench.engine.execute import task
from bench.engine.graph import FlowSpec
from bench.engine.importers import Importers
from bench.engine.keeper import Keeper
from bench.engine.plan import Request, merged, schedule
from bench.engine.task import Answer

CARELESS = Path(__file__).resolve().parents[2] / "modules" / "careless.py"
STEPS = [
    "folder",
    "folder_gone",
    "environment",
    "numpy_errors",
    "pandas_options",
    "filters",
    "thread",
    "handlers",
    "language",
    "path",
    "generators",
    "collector",
    "streams",
    "closed",
]


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    importers = Importers()
    made = Keeper((), importers)
    yield made
    made.close()
    importers.close()


def computed(keeper: Keeper, folder: Path, step: str, **inputs: int) -> object:
    """The value of a step, in a store of its own so that it is computed each time."""
    store = Store(folder / "store")
    spec = FlowSpec((str(CARELESS),), (), str(CARELESS))
    graph = merged([Request(step, spec, inputs, (step,))])
    for wave in schedule(graph, store).waves:
        for chunk in wave:
            answer = Answer.read(keeper.answer(task(chunk, graph, store, "test")))
            assert answer.status == "computed", answer
    record = store.record(graph.wanted[0][step])
    assert record is not None
    return store.load(record)


@pytest.fixture(scope="module")
def undisturbed(keeper: Keeper, tmp_path_factory: pytest.TempPathFactory) -> object:
    return computed(keeper, tmp_path_factory.mktemp("first"), "state", m=1)


@pytest.mark.parametrize("step", STEPS)
def test_the_next_step_finds_the_process_as_it_was(
    keeper: Keeper, undisturbed: object, tmp_path: Path, step: str
):
    assert computed(keeper, tmp_path / "one", step, n=1) == 1
    assert computed(keeper, tmp_path / "two", "state", m=1) == undisturbed


def test_the_state_is_told_in_full(undisturbed: object):
    # Each careless step changes something that `state` tells, or the test above proves nothing.
    assert isinstance(undisturbed, dict)
    assert undisturbed["threads"] == 1
    assert undisturbed["environment"]["CARELESS"] == ""
    assert not undisturbed["timer"]
    assert not undisturbed["blocked"]

"""A keeper answers for every task, whatever the task does to its process."""

import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.cache.store import Store
from bench.engine import keeper as module
from bench.engine.execute import task
from bench.engine.graph import FlowSpec
from bench.engine.importers import Importers
from bench.engine.keeper import Keeper
from bench.engine.keepers import Keepers
from bench.engine.plan import Graph, Request, merged, schedule
from bench.engine.seats import CAN_COPY
from bench.engine.task import Answer, Task

DEADLY = Path(__file__).resolve().parents[2] / "modules" / "deadly.py"


@contextlib.contextmanager
def keeping(*packages: str, copied: bool = CAN_COPY) -> Iterator[Keeper]:
    with contextlib.closing(Importers()) as importers:
        made = Keeper(packages, importers if copied else None)
        with contextlib.closing(made):
            yield made


@pytest.fixture(params=[CAN_COPY, False], ids=["copied", "alone"], scope="module")
def keeper(request: pytest.FixtureRequest) -> Iterator[Keeper]:
    with keeping(copied=request.param) as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def tasks(store: Store, step: str, **inputs: object) -> list[Task]:
    spec = FlowSpec((str(DEADLY),), (), str(DEADLY))
    graph: Graph = merged([Request(step, spec, {"n": 1, **inputs}, (step,))])
    return [task(c, graph, store, "test") for wave in schedule(graph, store).waves for c in wave]


def answered(
    keeper: Keeper,
    store: Store,
    step: str,
    *,
    timeout: float | None = None,
    memory: int | None = None,
    **inputs: object,
) -> Answer:
    (asked,) = tasks(store, step, **inputs)
    return Answer.read(keeper.answer(replace(asked, timeout=timeout, memory=memory)))


def pid(keeper: Keeper, store: Store, n: int) -> int:
    (asked,) = tasks(store, "pid", n=n)
    assert Answer.read(keeper.answer(asked)).status == "computed"
    record = store.record(asked.outputs[0])
    assert record is not None
    return int(store.load(record))


def gone(pids: Path) -> bool:
    numbers = [int(line) for line in pids.read_text().split()]
    for _ in range(100):
        if not any(psutil.pid_exists(n) for n in numbers):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("segfault", "SIGSEGV (compiled code used memory that is not its own)"),
        ("exits", "ended itself with exit code 3"),
    ],
)
def test_a_death_is_told_with_its_cause_and_its_step(
    keeper: Keeper, store: Store, step: str, why: str
):
    answer = answered(keeper, store, step)
    assert (answer.status, answer.error_type, answer.step) == ("failed", "WorkerDied", step)
    assert why in answer.error_message
    if step == "segfault":
        assert "about to read address 0" in answer.output
        assert "string_at" in answer.output  # where it was, from the fault handler
    assert answered(keeper, store, "fine").status == "computed"


@pytest.mark.parametrize("step", ["hangs", "hangs_in_c"])
def test_a_step_that_hangs_is_ended_and_tells_where_it_was(keeper: Keeper, store: Store, step: str):
    begin = time.monotonic()
    answer = answered(keeper, store, step, timeout=0.5)
    assert time.monotonic() - begin < 60
    assert (answer.status, answer.error_type, answer.step) == ("timeout", "TimeLimit", step)
    assert "0.5 s" in answer.error_message
    assert f"in {step}" in answer.output
    assert answered(keeper, store, "fine", n=2).status == "computed"


def test_a_step_that_grows_is_ended_at_its_limit(keeper: Keeper, store: Store):
    answer = answered(keeper, store, "grows", memory=600_000_000, timeout=120)
    assert (answer.status, answer.error_type, answer.step) == ("oom", "MemoryLimit", "grows")
    assert "600.0 MB" in answer.error_message
    assert 570 < answer.peak_mb < 2000


@pytest.mark.skipif(not CAN_COPY, reason="elsewhere the peak is that of the whole process")
def test_the_memory_of_a_task_is_its_own_and_not_that_of_one_before(keeper: Keeper, store: Store):
    child = pid(keeper, store, 20)
    small, large, after = (
        answered(keeper, store, step, n=n).peak_mb
        for step, n in (("fine", 21), ("fills", 22), ("fine", 23))
    )
    assert pid(keeper, store, 24) == child
    assert large > small + 250
    assert after < small + 50


@pytest.mark.parametrize("copied", [CAN_COPY, False])
def test_a_stop_while_the_child_is_started_is_heard(
    store: Store, monkeypatch: pytest.MonkeyPatch, copied: bool
):
    with keeping(copied=copied) as keeper:
        start = keeper._started

        def started():
            seat = start()
            keeper._seat = None  # as `stop` sees it until the child is there
            keeper.stop()
            return seat

        monkeypatch.setattr(keeper, "_started", started)
        assert answered(keeper, store, "hangs").status == "stopped"


def test_keepers_that_were_killed_take_no_work(store: Store):
    keepers = Keepers()
    keepers.kill()
    (asked,) = tasks(store, "hangs")
    assert Answer.read(keepers.kept(asked)).status == "stopped"
    keepers.close()


def test_a_stray_kill_costs_nothing(keeper: Keeper, store: Store, tmp_path: Path):
    answer = answered(keeper, store, "killed_once", flag=str(tmp_path / "flag"))
    assert answer.status == "computed"


def test_what_steps_print_never_gets_between_keeper_and_child(keeper: Keeper, store: Store):
    assert answered(keeper, store, "writes_everywhere").status == "computed"
    assert answered(keeper, store, "closes_all").status in ("computed", "served", "failed")
    assert answered(keeper, store, "fine", n=3).status == "computed"


@pytest.mark.parametrize("step", ["leaves_process", "forks_and_dies"])
def test_what_a_step_starts_does_not_outlive_it(store: Store, tmp_path: Path, step: str):
    with keeping() as made:
        answered(made, store, step, pids=str(tmp_path / "pids"))
    assert gone(tmp_path / "pids")


def test_a_child_serves_until_a_step_leaves_a_thread_behind(keeper: Keeper, store: Store):
    first = pid(keeper, store, 1)
    assert pid(keeper, store, 2) == first
    assert answered(keeper, store, "leaves_thread", n=5).status == "computed"
    assert pid(keeper, store, 3) != first


def test_a_child_goes_when_its_keeper_does(store: Store):
    with keeping() as made:
        child = pid(made, store, 7)
        assert psutil.pid_exists(child)
        assert os.getpgid(child) != os.getpgid(0)  # Ctrl-C in a terminal does not reach it
        made.close()
        assert not psutil.pid_exists(child)


def test_a_keeper_serves_again_until_it_lacks_a_package(store: Store):
    (asked,) = tasks(store, "fine")
    assert pickle.loads(pickle.dumps(asked)) == asked == Task.read(asked.text())
    with contextlib.closing(Keepers()) as keepers:
        assert Answer.read(keepers.kept(asked)).status == "computed"
        assert Answer.read(keepers.kept(asked)).status == "served"
        (keeper,) = keepers._idle
        before = pid(keeper, store, 1)
        for n, packages in ((2, ("bench.errors", "dataflows.ports")), (3, ("json",))):
            (other,) = tasks(store, "pid", n=n)
            keepers.kept(replace(other, packages=packages))
            record = store.record(other.outputs[0])
            assert record is not None
            assert (store.load(record) == before) == (n == 2)
        assert keepers._idle == [keeper]
    assert not keeper.seated


@pytest.mark.skipif(not CAN_COPY, reason="children are no copies here")
@pytest.mark.parametrize("times", [2, 3])
def test_a_child_that_goes_with_its_template_is_no_fault_of_its_task(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
):
    monkeypatch.setattr(module, "LOSSES", 3)
    with keeping() as made:
        answer = answered(made, store, "orphaned", flag=str(tmp_path / "flag"), times=times)
    if times == 2:
        assert answer.status == "computed"
        return
    assert (answer.status, answer.error_type, answer.step) == ("failed", "WorkerDied", "orphaned")
    why = f"the process, or the one that it is copied from, was killed {times} times"
    assert answer.error_message == why


def test_a_machine_that_starts_no_process_fails_no_task(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with keeping() as made:
        answer = answered(made, store, "fine")
        assert (answer.status, answer.error_type) == ("unstarted", "WorkerNotStarted")
        monkeypatch.undo()
        assert answered(made, store, "fine").status == "computed"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Take Ctrl-C as in the foreground: a program in the background is given no handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_leaves_no_work_under_way(store: Store):
    (asked,) = tasks(store, "hangs")
    threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with contextlib.closing(Keepers()) as keepers:
        with pytest.raises(KeyboardInterrupt):
            keepers.kept(asked)
        (fine,) = tasks(store, "fine", n=4)
        assert Answer.read(keepers.kept(fine)).status == "computed"


def test_an_input_that_is_no_plain_value_is_an_answer(keeper: Keeper, store: Store):
    (asked,) = tasks(store, "fine")
    answer = Answer.read(keeper.answer(replace(asked, inputs={"n": object()})))
    assert (answer.status, answer.error_type) == ("failed", "Unstorable")

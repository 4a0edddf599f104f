"""Packages are imported once for all keepers, and whoever dies takes nobody else along."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.cache.store import Store
from bench.engine.execute import task
from bench.engine.graph import FlowSpec
from bench.engine.importers import Importers
from bench.engine.keeper import Keeper
from bench.engine.keepers import Keepers
from bench.engine.plan import Request, merged, schedule
from bench.engine.seats import CAN_COPY, WorkerNotStarted
from bench.engine.task import Answer, Task

pytestmark = pytest.mark.skipif(not CAN_COPY, reason="children are no copies here")

ROOT = Path(__file__).resolve().parents[3]
DEADLY = ROOT / "tests" / "modules" / "deadly.py"
WAITING = """
import time
from pathlib import Path
while not Path({flag!r}).exists():
    time.sleep(0.01)
"""
# A command whose one step hangs, for tests that kill it.
COMMAND = """
import sys
from pathlib import Path
from bench.cache.store import Store
from bench.engine.keepers import Keepers
from tests.bench.engine.test_importers import a_task

if __name__ == "__main__":
    keepers = Keepers()
    keepers.prepare(("json", "wave"))
    keepers.kept(a_task(Store(Path(sys.argv[1])), "hangs", ("json",)))
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def importers() -> Iterator[Importers]:
    with contextlib.closing(Importers()) as made:
        yield made


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are imported from."""
    (tmp_path / "library").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "library"))
    return tmp_path / "library"


def a_task(
    store: Store, step: str, packages: tuple[str, ...] = (), n: int = 1, **inputs: object
) -> Task:
    spec = FlowSpec((str(DEADLY),), (), str(DEADLY))
    graph = merged([Request(step, spec, {"n": n, **inputs}, (step,))])
    ((chunk,),) = schedule(graph, store).waves
    return task(chunk, graph, store, "test", packages)


def child_for(keeper: Keeper | Keepers, store: Store, asked: Task) -> psutil.Process:
    """Let a keeper compute; return the process that did."""
    text = keeper.answer(asked) if isinstance(keeper, Keeper) else keeper.kept(asked)
    assert Answer.read(text).status == "computed"
    record = store.record(asked.outputs[0])
    assert record is not None
    return psutil.Process(int(store.load(record)))


def child_of(keeper: Keeper | Keepers, store: Store, n: int, *packages: str) -> psutil.Process:
    return child_for(keeper, store, a_task(store, "pid", packages, n))


def ours() -> list[psutil.Process]:
    """Return the processes that import for this one."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            if "template.main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def until(holds: object, *, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_packages_are_imported_once_for_two_keepers(store: Store, library: Path, tmp_path: Path):
    (library / "counted.py").write_text(
        f"import os\nwith open({str(tmp_path / 'pids')!r}, 'a') as file:\n"
        "    print(os.getpid(), file=file)\n"
    )
    with contextlib.closing(Importers()) as importers, ThreadPoolExecutor(2) as threads:
        keepers = [Keeper(("counted",), importers) for _ in range(2)]
        asked = [a_task(store, "pid", ("counted",), n) for n in range(2)]
        children = list(threads.map(child_for, keepers, [store] * 2, asked))
        assert len({c.pid for c in children}) == 2
        (importer,) = (tmp_path / "pids").read_text().split()
        assert [c.parent().parent().pid for c in children] == [int(importer)] * 2
        for keeper in keepers:
            keeper.close()


def test_light_work_does_not_wait_for_heavy_packages(store: Store, library: Path, tmp_path: Path):
    flag = tmp_path / "flag"
    (library / "slow_package.py").write_text(WAITING.format(flag=str(flag)))
    with contextlib.closing(Keepers()) as keepers:
        keepers.prepare(("json",))
        keepers.prepare(("json", "slow_package"))
        light = child_of(keepers, store, 1, "json")
        assert child_of(keepers, store, 2, "json") == light
        threading.Timer(0.3, flag.touch).start()
        heavy = child_of(keepers, store, 3, "json", "slow_package")
        assert flag.exists()
        assert not light.is_running()
        assert child_of(keepers, store, 4, "json") == heavy  # it does not change back


def test_what_has_more_packages_serves_for_fewer(store: Store, importers: Importers):
    importers.prepare(("json", "wave"))
    (process,) = importers._importers
    until(lambda: process.lives() and process.ready)
    with contextlib.closing(Keeper(("json",), importers)) as keeper:
        child = child_of(keeper, store, 1, "json")
        assert child.parent().parent().pid == process.pid
    assert importers._importers == [process]


def test_a_process_that_is_killed_as_it_imports_is_started_again(
    store: Store, importers: Importers
):
    killed: list[int] = []
    done = threading.Event()

    def kill() -> None:
        while len(killed) < 3 and not done.wait(0.05):
            for process in ours():
                if process.pid not in killed:
                    process.kill()
                    killed.append(process.pid)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        with contextlib.closing(Keeper(("torch",), importers)) as made:
            child_of(made, store, 1, "torch")
    finally:
        done.set()
        thread.join()
    assert len(killed) == 3


def test_children_go_on_when_what_imported_for_them_is_killed(store: Store, importers: Importers):
    with contextlib.closing(Keeper(("json",), importers)) as keeper:
        child = child_of(keeper, store, 1)
        made = child.parent()
        made.parent().kill()
        until(lambda: not ours())
        assert child_of(keeper, store, 2) == child
        child.kill()
        second = child_of(keeper, store, 3)  # of the same template
        assert second.parent() == made
        made.kill()
        until(lambda: not second.is_running())
        assert child_of(keeper, store, 4).parent() != made
        assert len(ours()) == 1


def test_a_template_that_is_killed_costs_its_keeper_alone(store: Store, importers: Importers):
    one, two = (Keeper(("json",), importers) for _ in range(2))
    with contextlib.closing(one), contextlib.closing(two):
        first, second = child_of(one, store, 1), child_of(two, store, 2)
        first.parent().kill()
        until(lambda: not first.is_running())
        assert child_of(two, store, 3) == second
        third = child_of(one, store, 4)
        assert third.parent().parent() == second.parent().parent()


def test_nothing_is_left_after_the_end(store: Store):
    before, descriptors = set(psutil.Process().children()), psutil.Process().num_fds()
    keepers = Keepers()
    child_of(keepers, store, 1, "json")
    child_of(keepers, store, 2, "json", "wave")
    made = set(psutil.Process().children(recursive=True)) - before
    assert len(made) == 4  # two that import, a template and its child
    keepers.close()
    assert not [p for p in made if psutil.pid_exists(p.pid)]
    assert psutil.Process().num_fds() == descriptors


@pytest.mark.parametrize("importers_first", [False, True])
def test_nothing_outlives_a_command_that_is_killed(tmp_path: Path, importers_first: bool):
    (tmp_path / "command.py").write_text(COMMAND)
    words = [sys.executable, str(tmp_path / "command.py"), str(tmp_path / "store")]
    with subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        command = psutil.Process(process.pid)
        until(lambda: len(command.children(recursive=True)) == 4)
        family = command.children(recursive=True)
        if importers_first:
            for importer in command.children():
                importer.kill()
            time.sleep(0.2)
            assert sum(p.is_running() and p.status() != "zombie" for p in family) == 2
        command.kill()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_packages_that_start_threads_are_imported_by_each_child(
    store: Store, library: Path, importers: Importers
):
    (library / "threaded.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    with contextlib.closing(Keeper(("threaded",), importers)) as keeper:
        assert child_of(keeper, store, 1, "threaded").ppid() == os.getpid()
    assert not ours()
    with contextlib.closing(Keeper(("json",), importers)) as keeper:
        assert child_of(keeper, store, 2, "json").ppid() != os.getpid()


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 4)"])
def test_a_package_that_ends_who_imports_it_costs_only_who_needs_it(
    store: Store, library: Path, importers: Importers, end: str
):
    (library / "deadly_package.py").write_text(
        f"import os, sys\nprint('no such device', file=sys.stderr, flush=True)\n{end}\n"
    )
    with pytest.raises(WorkerNotStarted, match=r"has ended: no such device"):
        importers.template(("deadly_package",))
    with contextlib.closing(Keeper(("deadly_package",), importers)) as keeper:
        child_of(keeper, store, 1, "deadly_package")


@pytest.mark.parametrize("what", ["close", "kill"])
def test_an_import_under_way_ends_with_the_keepers(
    store: Store, library: Path, tmp_path: Path, what: str
):
    (library / "endless.py").write_text(WAITING.format(flag=str(tmp_path / "never")))
    with contextlib.closing(Keepers()) as keepers, ThreadPoolExecutor(1) as threads:
        keepers.prepare(("endless",))
        time.sleep(1.5)
        begin = time.monotonic()
        if what == "kill":
            answer = threads.submit(keepers.kept, a_task(store, "fine", ("endless",)))
            time.sleep(0.5)
            keepers.kill()
            assert Answer.read(answer.result()).status == "stopped"
        keepers.close()
        assert time.monotonic() - begin < 5  # after 10 s it would be killed
    assert not ours()


def test_keepers_that_were_used_lately_stay(store: Store):
    with contextlib.closing(Keepers()) as keepers:
        child = child_of(keepers, store, 1, "json")
        keepers.close(idle=60.0)
        assert child_of(keepers, store, 2, "json") == child
        keepers.close(idle=0.0)
        assert not child.is_running()
        assert not ours()


def test_a_task_says_what_it_needs(store: Store):
    asked = replace(a_task(store, "fine"), packages=("json", "wave"))
    assert Task.read(asked.text()).packages == ("json", "wave")


def test_a_child_that_went_with_its_template_is_dead_before_the_next_begins(
    store: Store, importers: Importers, tmp_path: Path
):
    """The next one removes what it was writing, if it finds it dead and not as a zombie."""
    asked = a_task(store, "finds_last", note=str(tmp_path / "note"))
    with contextlib.closing(Keeper((), importers)) as keeper:
        assert Answer.read(keeper.answer(asked)).status == "computed"
    record = store.record(asked.outputs[0])
    assert record is not None
    assert store.load(record) == "dead"

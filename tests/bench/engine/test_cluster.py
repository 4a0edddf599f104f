"""Work on a Dask cluster over TCP: right values, faults that cost their cell, clear refusals."""

import importlib.util
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.cache.locks import claimed
from bench.cache.store import Store
from bench.cli import main
from bench.engine import remote, visit
from bench.engine.cluster import ClusterLost, connected
from bench.engine.execute import Outcome, execute, task
from bench.engine.plan import Chunk, keep_code, schedule
from bench.engine.task import Answer
from bench.environment import environment
from bench.errors import UserError

pytest.importorskip("distributed", reason="distributed is in the extra dask")

from bench.engine import ondask
from tests.clusters import Dask, graph_of, ran

MODULES = Path(__file__).resolve().parents[2] / "modules"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    cluster.join()
    cluster.join()
    yield cluster
    cluster.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Dask]:
    """A cluster that a test may break."""
    cluster = Dask(tmp_path)
    yield cluster
    cluster.close()


def test_workers_give_every_value_and_leave_nothing_behind(dask: Dask, tmp_path: Path):
    store = Store(tmp_path / "store")
    graph = graph_of(
        MODULES / "arithmetic.py", *(("seeded", {"a": 1.0, "seed": s}) for s in range(8))
    )
    with connected("dask", dask.address, jobs=1) as cluster:
        outcome = ran(graph, store, cluster)
    assert not outcome.failures
    assert outcome.computed == set(graph.instances)
    records = [store.record(keys["seeded"]) for keys in graph.wanted]
    assert [store.load(r) for r in records if r] == [10.0 + s for s in range(8)]
    assert not list((store.root / "tmp").iterdir())


def test_what_kills_its_process_costs_its_own_cell(dask: Dask, tmp_path: Path):
    store = Store(tmp_path / "store")
    bad = ("raises", "leaves", "killed")
    graph = graph_of(
        MODULES / "misbehaved.py",
        *((name, {"n": n}) for n in range(3) for name in (*bad, "chatty")),
    )
    with connected("dask", dask.address, jobs=1) as cluster:
        outcome = ran(graph, store, cluster)
        assert cluster.workers == 2
    failed = {
        request.name.rstrip("0123456789")
        for request, keys in zip(graph.requests, graph.wanted, strict=True)
        if not outcome.failures.keys().isdisjoint(keys.values())
    }
    assert failed == set(bad)
    types = sorted({f.error_type for f in outcome.failures.values()})
    assert types == ["SystemExit", "WorkerDied", "ZeroDivisionError"]
    assert all(p.poll() is None for p in dask.workers)


def test_a_worker_that_is_killed_is_replaced_and_its_work_done_again(fresh: Dask, tmp_path: Path):
    store = Store(tmp_path / "store")
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ndef slow(n: int) -> int:\n    time.sleep(0.2)\n    return n\n")
    graph = graph_of(slow, *(("slow", {"n": n}) for n in range(20)))
    fresh.join()
    victim = fresh.join()
    left = iter(range(3))

    def watch(chunk: Chunk, answer: Answer) -> None:
        if next(left, None) == 2:
            os.killpg(victim.pid, signal.SIGKILL)  # the nanny too: this one does not come back

    with connected("dask", fresh.address, jobs=1) as cluster:
        outcome = ran(graph, store, cluster, watch=watch)
    assert not outcome.failures
    assert schedule(graph, store).to_compute == 0


def test_a_scheduler_that_is_lost_ends_the_run_and_what_was_finished_is_kept(
    fresh: Dask, tmp_path: Path
):
    store = Store(tmp_path / "store")
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ndef slow(n: int) -> int:\n    time.sleep(0.1)\n    return n\n")
    graph = graph_of(slow, *(("slow", {"n": n}) for n in range(30)))
    fresh.join()
    done: list[Answer] = []

    def watch(chunk: Chunk, answer: Answer) -> None:
        done.append(answer)
        if len(done) == 5:
            fresh.scheduler.kill()

    with (
        pytest.raises(ClusterLost, match=r"was lost .* the same command goes on from there"),
        connected("dask", fresh.address, jobs=1) as cluster,
    ):
        ran(graph, store, cluster, watch=watch)
    assert 5 <= 30 - schedule(graph, store).to_compute < 30
    outcome = Outcome()
    execute(
        graph,
        store,
        outcome,
        jobs=2,
        packages=lambda chunk: (),
        environment="test",
        begun=lambda wave, waves, chunks: None,
        watch=lambda chunk, answer: None,
    )
    assert not outcome.failures
    assert schedule(graph, store).to_compute == 0
    assert 0 < len(outcome.computed) <= 25


@pytest.mark.slow
def test_a_scheduler_that_is_lost_between_two_waves_ends_the_run(fresh: Dask, tmp_path: Path):
    store = Store(tmp_path / "store")
    module = tmp_path / "two.py"
    module.write_text(
        "def first() -> int:\n    return 1\n"
        "def second(first: int, n: int) -> int:\n    return first + n\n"
    )
    graph = graph_of(module, *(("second", {"n": n}) for n in range(9)))
    fresh.join()

    def begun(wave: int, waves: int, chunks: int) -> None:
        if wave == 1:
            fresh.lose()
            time.sleep(1)

    with (
        pytest.raises(ClusterLost, match=r"was lost .* the same command goes on from there"),
        connected("dask", fresh.address, jobs=1) as cluster,
    ):
        ran(graph, store, cluster, begun=begun)
    assert schedule(graph, store).to_compute == 9


@pytest.mark.slow
def test_a_worker_that_stands_still_at_the_end_keeps_nobody_waiting(
    fresh: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(visit, "LEAVE_SECONDS", 3.0)
    store = Store(tmp_path / "store")
    graph = graph_of(MODULES / "arithmetic.py", *(("seeded", {"a": 1.0, "seed": 1}),))
    worker = fresh.join()

    def watch(chunk: Chunk, answer: Answer) -> None:
        for process in psutil.Process(worker.pid).children(recursive=True):
            process.suspend()
            stopped.append(process)

    stopped: list[psutil.Process] = []
    try:
        with connected("dask", fresh.address, jobs=1) as cluster:
            assert not ran(graph, store, cluster, watch=watch).failures
            begin = time.monotonic()
        assert time.monotonic() - begin < 30
    finally:
        for process in stopped:  # what is stopped does not see that its keeper is gone
            process.resume()
    assert stopped


def test_children_that_nobody_gives_work_end_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(remote, "IDLE_SECONDS", 0.5)
    monkeypatch.setattr(remote, "LOOK_SECONDS", 0.1)
    before = set(psutil.Process().children())
    store = Store(tmp_path / "store")
    graph = graph_of(MODULES / "arithmetic.py", ("seeded", {"a": 1.0, "seed": 1}))
    keep_code(graph, store)
    (chunk,) = (c for wave in schedule(graph, store).waves for c in wave)
    guests = remote._Guests()
    for said in ("computed", "served"):
        text = guests.of("a run").kept(task(chunk, graph, store, "test"))
        assert Answer.read(text).status == said
        assert set(psutil.Process().children()) > before
        end = time.monotonic() + 60
        while set(psutil.Process().children()) > before:
            assert time.monotonic() < end
            time.sleep(0.1)
    guests.leave("a run")


def test_what_waits_for_a_run_that_is_over_is_not_begun(tmp_path: Path):
    run = "0123456789abcdef" * 2
    folder = tmp_path / "store" / "tmp" / "run"
    folder.mkdir(parents=True)
    (folder / remote.NONCE).write_text(run)
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    meeting = remote.Meeting(run, str(folder), python, remote.source(), ()).text()
    assert remote._met(meeting)[1] == ""  # it was there when this worker looked
    shutil.rmtree(folder)
    assert Answer.read(remote.hosted(3, "", meeting)).status == "stopped"


def test_an_interrupted_run_finishes_what_runs_and_starts_no_more(dask: Dask, tmp_path: Path):
    store = Store(tmp_path / "store")
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ndef slow(n: int) -> int:\n    time.sleep(0.2)\n    return n\n")
    graph = graph_of(slow, *(("slow", {"n": n}) for n in range(40)))
    done: list[Answer] = []

    def watch(chunk: Chunk, answer: Answer) -> None:
        done.append(answer)
        if len(done) == 3:
            signal.raise_signal(signal.SIGINT)

    with (
        connected("dask", dask.address, jobs=1) as cluster,
        pytest.raises(KeyboardInterrupt),
    ):
        ran(graph, store, cluster, watch=watch)
    assert {a.status for a in done} == {"computed"}
    assert len(done) == 40 - schedule(graph, store).to_compute < 40


def test_a_second_interrupt_ends_what_runs_and_frees_the_workers(dask: Dask, tmp_path: Path):
    store = Store(tmp_path / "store")
    slow = tmp_path / "slow.py"
    begun = tmp_path / "begun"
    slow.write_text(
        "import time\nfrom pathlib import Path\nfrom hamilton.function_modifiers import tag\n"
        "@tag(hidden='files')\n"
        "def slow(n: int, mark: str) -> int:\n"
        "    Path(mark).touch()\n    time.sleep(300)\n    return n\n"
        "def quick(n: int) -> int:\n    return n\n"
    )
    graph = graph_of(slow, *(("slow", {"n": n, "mark": str(begun)}) for n in range(4)))

    def interrupt_twice() -> None:
        while not begun.exists():
            time.sleep(0.1)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)

    impatient = threading.Thread(target=interrupt_twice, daemon=True)
    with connected("dask", dask.address, jobs=1) as cluster:
        impatient.start()
        with pytest.raises(KeyboardInterrupt):
            ran(graph, store, cluster)
        impatient.join()
        quick = graph_of(slow, *(("quick", {"n": n}) for n in range(9)))
        assert not ran(quick, store, cluster).failures
    assert schedule(quick, store).to_compute == 0


def test_a_module_that_was_edited_is_refused_before_work_starts(dask: Dask, tmp_path: Path):
    store = Store(tmp_path / "store")
    mine = tmp_path / "mine.py"
    mine.write_text("def half(n: int) -> float:\n    return n / 2\n")
    graph = graph_of(mine, ("half", {"n": 4}))
    mine.write_text("def half(n: int) -> float:\n    return n / 3\n")
    with (
        connected("dask", dask.address, jobs=1) as cluster,
        pytest.raises(
            UserError,
            match=r"another version of what step 'half' runs: .*half \w{8} there, \w{8} here",
        ),
    ):
        ran(graph, store, cluster)
    mine.unlink()
    with (
        connected("dask", dask.address, jobs=1) as cluster,
        pytest.raises(UserError, match=r"mine\.py: does not import: FileNotFoundError"),
    ):
        ran(graph, store, cluster)


def test_a_worker_with_another_crossfold_is_refused_at_once_or_when_it_joins(
    fresh: Dask, tmp_path: Path
):
    other = tmp_path / "other"
    for package in ("bench", "dataflows", "stats", "reports"):
        shutil.copytree(ROOT / package, other / package)
    with (other / "bench" / "errors.py").open("a") as file:
        file.write("# another version\n")
    store = Store(tmp_path / "store")
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ndef slow(n: int) -> int:\n    time.sleep(0.2)\n    return n\n")
    graph = graph_of(slow, *(("slow", {"n": n}) for n in range(200)))
    fresh.join()

    def join_other() -> None:
        fresh.join(path=other)
        fresh.wait(2)

    said = r"has another crossfold \(code \w{8}\) than the run \(code \w{8}\)"
    with connected("dask", fresh.address, jobs=1) as cluster:
        with pytest.raises(ClusterLost, match=f"{said}.* joined .* during the run"):
            ran(graph, store, cluster, met=join_other)
        assert schedule(graph, store).to_compute > 0
        with pytest.raises(UserError, match=said):
            ran(graph, store, cluster)


def test_a_worker_says_in_what_it_differs(tmp_path: Path):
    run = "0123456789abcdef" * 2
    folder = tmp_path / "store" / "tmp" / "run"
    folder.mkdir(parents=True)
    (folder / remote.NONCE).write_text(run)
    packages = environment()["packages"]
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    good = remote.Meeting(run, str(folder), python, remote.source(), tuple(packages.items()))

    def said(**other: object) -> str:
        return remote.Shown.read(remote.shown(replace(good, **other).text())).problem

    assert said() == ""
    assert said(python="3.9") == f"has Python {python} and the run has Python 3.9"
    other = (("numpy", "1.0"),)
    assert said(packages=other) == f"has numpy {packages['numpy']} and the run has numpy 1.0"
    assert "another crossfold" in said(source="0" * 32)
    assert f"does not see the store {tmp_path / 'store'}:" in said(run="f" * 32)
    assert "must be on a file system that all hosts mount" in said(folder=f"{folder}2")


def test_locks_that_do_not_reach_a_worker_are_seen(tmp_path: Path):
    run = "0123456789abcdef" * 2
    folder = tmp_path / "store" / "tmp" / "run"
    folder.mkdir(parents=True)
    (folder / remote.NONCE).write_text(run)
    meeting = remote.Meeting(run, str(folder), "", remote.source(), ())
    meeting = replace(meeting, python=f"{sys.version_info[0]}.{sys.version_info[1]}").text()
    with claimed(folder / remote.NONCE, run):
        assert remote.Shown.read(remote.shown(meeting)).locks
    assert not remote.Shown.read(remote.shown(meeting)).locks


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--address", "tcp://h:1"), "which cluster is it. Say --backend dask or --backend ray"),
        (("--backend", "slurm"), "'slurm' is not one of 'local', 'dask', 'ray'"),
        (("--backend", "dask", "--address", "tcp://h:1", "-j", "2"), "leave --jobs out"),
        (("--backend", "dask", "--address", "http://h:1"), "is no address of a Dask scheduler"),
        (("--backend", "dask", "--address", "tcp://h:many"), "is no address of a Dask scheduler"),
        (("--backend", "dask", "--address", "tls://127.0.0.1:9"), "needs the keys of the cluster"),
        (("--backend", "dask", "--address", "no.such.json"), "no.such.json: no such file"),
        (
            ("--backend", "dask", "--address", "tcp://127.0.0.1:9"),
            "there .Connection refused.; start one with `dask scheduler --port 9`",
        ),
        (
            ("--backend", "dask", "--address", "tcp://no-such-host.invalid:8786"),
            "no Dask scheduler there .*Name or service not known|no-such-host",
        ),
    ],
)
def test_a_wrong_address_is_told_before_work_starts(words, said, small, here, capsys):
    assert main(["run", "small.toml", "--progress", "quiet", *words]) == 2
    error = capsys.readouterr().err.strip()
    assert error.count("\n") == 0
    assert re.search(said, error), error
    assert not (here / "runs").exists() or not any((here / "runs").iterdir())


def test_something_else_that_listens_is_no_scheduler(small, here, capsys, monkeypatch):
    monkeypatch.setattr(ondask, "CONNECT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert main(["run", "small.toml", "--backend", "dask", "--address", address]) == 2
    assert "it is no Dask scheduler of this version" in capsys.readouterr().err


def test_a_scheduler_without_workers_is_told(fresh: Dask, small, here, capsys, monkeypatch):
    monkeypatch.setattr(ondask, "WORKER_SECONDS", 1.0)
    assert main(["run", "small.toml", "--backend", "dask", "--address", fresh.address]) == 2
    assert f"has no worker, even after 1 s; start some with `dask worker {fresh.address}`" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_missing_extra_is_told_with_the_line_that_installs_it(
    backend, package, small, here, capsys, monkeypatch
):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == package else find(n))
    assert main(["run", "small.toml", "--backend", backend]) == 2
    assert f'install it with: pip install "crossfold[{backend}]"' in capsys.readouterr().err

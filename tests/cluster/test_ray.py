"""Work on a real Ray on this machine: right values, and faults that cost their own cell."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.cache.store import Store
from bench.cli import main
from bench.engine.cluster import Cluster, connected
from bench.engine.plan import schedule
from tests.clusters import Ray, graph_of, ran

ray = pytest.importorskip("ray", reason="ray is in the extra ray: nox -s cluster installs it")

MODULES = Path(__file__).resolve().parents[1] / "modules"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with connected("ray", None, jobs=2) as found:
        yield found


def test_workers_give_every_value_and_leave_nothing_behind(cluster: Cluster, tmp_path: Path):
    store = Store(tmp_path / "store")
    asked = [("seeded", {"a": 1.0, "seed": s}) for s in range(8)]
    graph = graph_of(MODULES / "arithmetic.py", *asked)
    outcome = ran(graph, store, cluster)
    assert not outcome.failures
    assert outcome.computed == set(graph.instances)
    records = [store.record(keys["seeded"]) for keys in graph.wanted]
    assert [store.load(r) for r in records if r] == [10.0 + s for s in range(8)]
    assert not list((store.root / "tmp").iterdir())


def test_what_kills_its_process_costs_its_own_cell(cluster: Cluster, tmp_path: Path):
    store = Store(tmp_path / "store")
    bad = ("raises", "leaves", "killed")
    asked = [(name, {"n": n}) for n in range(3) for name in (*bad, "chatty")]
    graph = graph_of(MODULES / "misbehaved.py", *asked)
    outcome = ran(graph, store, cluster)
    types = sorted({f.error_type for f in outcome.failures.values()})
    assert types == ["SystemExit", "WorkerDied", "ZeroDivisionError"]
    assert (
        sum("chatty" in keys and keys["chatty"] in outcome.computed for keys in graph.wanted) == 3
    )


def test_a_worker_that_is_killed_is_replaced_and_its_work_done_again(
    cluster: Cluster, tmp_path: Path
):
    store = Store(tmp_path / "store")
    slow = tmp_path / "slow.py"
    slow.write_text(
        "import time\nfrom hamilton.function_modifiers import tag\n"
        "def slow(n: int) -> int:\n    time.sleep(0.3)\n    return n\n"
    )
    graph = graph_of(slow, *(("slow", {"n": n}) for n in range(12)))
    killed: list[int] = []

    def watch(chunk: object, answer: object) -> None:
        if not killed:
            victim = next(
                p.pid
                for p in psutil.Process().children(recursive=True)
                if p.cmdline()[:1] == ["ray::_called"]
            )
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    outcome = ran(graph, store, cluster, watch=watch)
    assert killed
    assert not outcome.failures
    assert schedule(graph, store).to_compute == 0


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ray://127.0.0.1:10001", "Ray Client cannot be used"),
        ("127.0.0.1", "is no address of a Ray head"),
        ("127.0.0.1:9", "no Ray head there"),
    ],
)
def test_a_wrong_address_is_told_before_work_starts(address, said, tmp_path, capsys):
    words = ["-k", "model=persistence and horizon=1", "--progress", "quiet"]
    places = ["--store", str(tmp_path / "store"), "--runs", str(tmp_path / "runs")]
    assert main(["run", *words, *places, "--backend", "ray", "--address", address]) == 2
    assert said in capsys.readouterr().err


def test_a_head_that_asks_for_a_token_and_one_without_a_cpu_are_told(tmp_path):
    words = ["-k", "model=persistence and horizon=1", "--progress", "quiet", "--no-report"]
    places = ["--store", str(tmp_path / "store"), "--runs", str(tmp_path / "runs")]

    command = [sys.executable, "-m", "bench", "run", *words, *places, "--backend", "ray"]

    def said(cluster: Ray) -> str:
        done = subprocess.run(
            [*command, "--address", cluster.address],
            env={**os.environ, "RAY_AUTH_MODE": "disabled"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        return line

    token = tmp_path / "token"
    token.write_text("0123456789abcdef" * 4)
    guarded = Ray(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(token))
    try:
        assert "the Ray cluster there asks for a token; set RAY_AUTH_MODE=token" in said(guarded)
    finally:
        guarded.close()
    idle = Ray(cpus=0)
    try:
        assert "has no node with a CPU to work on, even after 60 s" in said(idle)
    finally:
        idle.close()

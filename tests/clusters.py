"""Clusters of real processes, for tests of what runs on them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.cache.store import Store
from bench.engine.cluster import Cluster
from bench.engine.execute import Outcome, execute
from bench.engine.graph import FlowSpec
from bench.engine.plan import Chunk, Graph, Request, keep_code, merged, schedule
from bench.engine.task import Answer
from bench.engine.visit import crew
from bench.environment import environment

ROOT = Path(__file__).resolve().parents[1]


class Dask:
    """A scheduler and its workers, each a process of its own, that talk over TCP."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.folder = folder
        port = self.address.rpartition(":")[2]
        self.scheduler = self.start(
            *("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        )
        self.workers: list[subprocess.Popen[bytes]] = []
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port))):
                break
            time.sleep(0.1)

    def start(self, program: str, *words: str, path: Path = ROOT) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def join(self, *words: str, path: Path = ROOT) -> subprocess.Popen[bytes]:
        common = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder))
        worker = self.start("dask_worker", self.address, *common, *words, path=path)
        self.workers.append(worker)
        return worker

    def join_other(self, path: Path) -> None:
        """Let a worker join that imports crossfold from elsewhere, and wait until it has."""
        before = len(self.workers)
        self.join(path=path)
        import distributed

        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(before + 1, timeout=60)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def graph_of(file: Path, *asked: tuple[str, dict[str, object]]) -> Graph:
    spec = FlowSpec((str(file),), (), str(file))
    return merged(
        [Request(f"{name}{n}", spec, given, (name,)) for n, (name, given) in enumerate(asked)]
    )


def ran(
    graph: Graph,
    store: Store,
    cluster: Cluster,
    *,
    watch: Callable[[Chunk, Answer], None] = lambda chunk, answer: None,
    met: Callable[[], None] = lambda: None,
) -> Outcome:
    outcome = Outcome()
    keep_code(graph, store)
    chunks = [c for wave in schedule(graph, store).waves for c in wave]
    with crew(cluster, store, graph, chunks, packages=environment()["packages"]) as found:
        met()
        execute(
            graph,
            store,
            outcome,
            jobs=1,
            packages=(),
            environment="test",
            begun=lambda wave, waves, chunks: None,
            watch=watch,
            crew=found,
        )
    return outcome

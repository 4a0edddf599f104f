"""Clusters of real processes, for tests of what runs on them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
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

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", **settings: str) -> None:
        self._settings = settings
        with socket.socket() as free:
            free.bind((host, 0))
            port = free.getsockname()[1]
        self.address = f"tcp://{host}:{port}"
        self.folder = folder
        words = ("--host", host, "--port", str(port), "--no-dashboard")
        self.scheduler = self._started("dask_scheduler", *words)
        self.workers: list[subprocess.Popen[bytes]] = []
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection((host, port)):
                break
            time.sleep(0.1)

    def _started(
        self, program: str, *words: str, path: Path = ROOT, on: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*on, sys.executable, "-m", f"distributed.cli.{program}", *words],
            cwd=self.folder,
            env={**os.environ, **self._settings, "PYTHONPATH": str(path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def join(self, *, path: Path = ROOT, on: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Let a worker join that imports crossfold from a path, started by a command."""
        words = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder))
        worker = self._started("dask_worker", self.address, *words, path=path, on=on)
        self.workers.append(worker)
        return worker

    def wait(self, workers: int) -> None:
        """Wait until so many workers have joined."""
        import distributed

        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Hosts:
    """Hosts as network namespaces of this machine, on one switch with it."""

    address = "10.77.0.1"  # of this machine

    def __init__(self, *names: str) -> None:
        self.names = names

    def up(self) -> None:
        """Make the hosts and their cables; raises where this is not permitted."""
        _ip("link", "add", "xf-switch", "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", "xf-switch")
        _ip("link", "set", "xf-switch", "up")
        for number, name in enumerate(self.names, 2):
            space = f"xf-{name}"
            _ip("netns", "add", space)
            _ip("link", "add", space, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", space, "master", "xf-switch", "up")
            _ip("-n", space, "addr", "add", f"10.77.0.{number}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")

    def down(self) -> None:
        """Remove all of it."""
        for name in self.names:
            _ip("netns", "del", f"xf-{name}", check=False)
            _ip("link", "del", f"xf-{name}", check=False)
        _ip("link", "del", "xf-switch", check=False)

    def command(self, name: str) -> list[str]:
        """Return what goes before a command that is to run on a host."""
        return ["ip", "netns", "exec", f"xf-{name}"]

    def cut(self, name: str) -> None:
        """Pull a host's cable."""
        _ip("link", "set", f"xf-{name}", "down")

    def mend(self, name: str) -> None:
        """Put it back."""
        _ip("link", "set", f"xf-{name}", "up")


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True)


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

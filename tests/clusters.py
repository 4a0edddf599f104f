"""Clusters of real processes, for tests of what runs on them."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

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

    def __init__(
        self, folder: Path, *, host: str = "127.0.0.1", port: int = 0, **settings: str
    ) -> None:
        self._settings = settings
        self.port = port = port or _free_port(host)
        self.address = f"tcp://{host}:{port}"
        self.folder = folder
        words = ("--host", host, "--port", str(port), "--no-dashboard")
        self.scheduler = self._started("dask_scheduler", *words)
        self.workers: list[subprocess.Popen[bytes]] = []
        _reached(host, port)

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

    def lose(self) -> None:
        """End the scheduler at once."""
        os.killpg(self.scheduler.pid, signal.SIGKILL)
        self.scheduler.wait()

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Ray:
    """A head and nodes, each a process of its own with processes below it."""

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, cpus: int = 1, **settings: str
    ) -> None:
        self._cpus, self._settings = cpus, {**self.settings, **settings}
        self.port = port or _free_port(host)
        self.address = f"{host}:{self.port}"
        # Not under pytest's folder: names of sockets have to be short.
        self._folder = tempfile.mkdtemp(prefix="ray-")
        self._started: list[psutil.Popen] = []
        place = (
            "--node-ip-address",
            host,
            "--port",
            str(self.port),
            "--include-dashboard",
            "false",
        )
        self.head = self._start("--head", *place, "--temp-dir", self._folder)
        _reached(host, self.port)

    def _start(self, *words: str, on: Sequence[str] = ()) -> psutil.Popen:
        fixed = ("--num-cpus", str(self._cpus), "--block")
        process = psutil.Popen(
            [*on, str(Path(sys.executable).with_name("ray")), "start", *words, *fixed],
            env={**os.environ, **self._settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    # Who started a Ray of one's own on this machine has a token, which others would then ask for.
    settings: Mapping[str, str] = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}

    def join(self, *, host: str = "127.0.0.1", on: Sequence[str] = ()) -> psutil.Popen:
        """Let a node join, started by a command."""
        return self._start("--address", self.address, "--node-ip-address", host, on=on)

    def lose(self) -> None:
        """End the head at once."""
        self.kill(self.head)

    def kill(self, node: psutil.Popen) -> None:
        """End a node at once, with all that it started."""
        for process in (*node.children(recursive=True), node):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        node.wait()

    def close(self) -> None:
        for node in reversed(self._started):
            if node.poll() is None:
                self.kill(node)
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port(host: str) -> int:
    with socket.socket() as free:
        free.bind((host, 0))
        port: int = free.getsockname()[1]
        return port


def _reached(host: str, port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection((host, port)):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens at {host}:{port}")


def advanced(runs: Path) -> int:
    """Return how many chunks runs in a folder have done."""
    logs = [p for p in runs.glob("*/log.jsonl") if not p.parent.is_symlink()]
    whole = [log.read_text().rpartition("\n")[0].splitlines() for log in logs]
    return sum(json.loads(line)["event"] == "advanced" for lines in whole for line in lines)


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
    begun: Callable[[int, int, int], None] = lambda wave, waves, chunks: None,
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
            packages=lambda chunk: (),
            environment="test",
            begun=begun,
            watch=watch,
            crew=found,
        )
    return outcome

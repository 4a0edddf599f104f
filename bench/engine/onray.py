"""Ray behind joblib, as tasks that Ray itself moves to another node when theirs is lost."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

# Not wanted: a report of usage, and another `print` in this process.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_TQDM_PATCH_PRINT", "0")

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from bench.engine.behind import BackendBase, told
from bench.engine.cluster import ClusterLost, Lost, reach
from bench.errors import UserError, one_line

__all__ = ["connected"]

# A node may be lost for reasons outside the task; the fourth time the task did it.
RETRIES = 3
# A process that lost Ray's head is ended by Ray after 60 s, with a line of its own: be quicker.
PATIENCE_SECONDS = 30.0  # a head that is started again in that time goes on
LOOK_SECONDS = 2.0
LEAVE_SECONDS = 10.0
HEALTH_SECONDS = 60.0  # for the head's first answer
CPU_SECONDS = 60.0  # that nodes may take to join before it is called a mistake


@contextlib.contextmanager
def connected(address: str | None, jobs: int) -> Iterator[_Ray]:
    """Give the Ray cluster at an address, or one on this machine; see `cluster.connected`."""
    if address is not None:
        _reach(address)
    if ray.is_initialized():  # a notebook's own: it stays
        here = ray.get_runtime_context().gcs_address
        if address not in (None, "auto", here):
            raise UserError(
                f"--address {address}: this process already belongs to the Ray cluster at {here}; "
                "leave it with ray.shutdown(), or leave the address out"
            )
        with _watched(_Ray(here)) as cluster:
            yield cluster
        return
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        # "local", because without it Ray would join one that happens to run here.
        ray.init(address="local", num_cpus=jobs, include_dashboard=False, **quiet)
    else:
        try:
            ray.init(address=address, **quiet)
        except Exception as cause:  # noqa: BLE001 - it tells it in many ways
            raise UserError(
                f"--address {address}: this machine is no node of the Ray cluster there "
                f"({one_line(cause, most=160)}); start the command on a node, or make it one with "
                f"`ray start --address {address}`"
            ) from None
    leave = ray.shutdown
    try:
        with _watched(_Ray(address)) as cluster:
            yield cluster
    except ClusterLost:
        leave = _hurried
        raise
    finally:
        leave()


def _hurried() -> None:
    """Leave a lost cluster; towards a head that is cut off that takes minutes."""
    leaving = threading.Thread(target=ray.shutdown, name="farewell to Ray", daemon=True)
    leaving.start()
    leaving.join(LEAVE_SECONDS)


def _reach(address: str) -> None:
    """Make sure that Ray's head answers: `ray.init` may try for minutes, and its C++ prints lines.

    Raises
    ------
    UserError
        It does not; says why, and what to do.
    """
    if address.startswith("ray://"):
        raise UserError(
            f"--address {address}: Ray Client cannot be used; start the command on a node of the "
            "cluster, with --address auto"
        )
    if address != "auto":
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise UserError(
                f'--address "{one_line(address, most=80)}" is no address of a Ray head; it looks '
                "like host:6379, or auto on a node of the cluster"
            )
        start = f"ray start --head --port {port}"
        reach(host, int(port), address=address, what="Ray head", start=start)
    look = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, and an address
            look,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=HEALTH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"--address {address}: something listens there, but gave no answer of a Ray head in "
            f"{HEALTH_SECONDS:.0f} s"
        ) from None
    if done.returncode != 0:
        raise UserError(f"--address {address}: {_refusal(done.stderr)}")


def _refusal(text: str) -> str:
    """Return in one line what Ray tells of a cluster that it cannot use."""
    if "AuthenticationError" in text:
        return (
            "the Ray cluster there asks for a token; set RAY_AUTH_MODE=token, and have the "
            "cluster's token in ~/.ray/auth_token (`ray get-auth-token` shows it there)"
        )
    why = one_line((text.strip().splitlines() or ["it says nothing"])[-1], most=300)
    if "version mismatch" in text.lower():
        return f"the Ray cluster there has another version than this machine ({why})"
    return f"no Ray cluster answers ({why}); start one with `ray start --head`"


class _Ray:
    """A Ray cluster; see `cluster.Cluster`."""

    def __init__(self, address: str | None) -> None:
        self.name = "Ray on this machine" if address is None else f"the Ray cluster at {address}"
        self.workers = _cpus(self.name)
        self.backend = _Backend(self.workers)

    def everywhere(
        self,
        function: Callable[..., str],
        *words: str,
        among: Collection[str] | None = None,
        seconds: float,
    ) -> Mapping[str, str | Lost]:
        if self.backend.lost:
            return {self.name: Lost(-1, self.backend.lost, engine=True)}
        remote = ray.remote(num_cpus=0, max_retries=0)(function)
        asked = {}
        for node in ray.nodes():
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1:  # a head often has none
                here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                place = f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"
                name = f"{node['NodeManagerHostname']} ({place})"
                if among is not None and name not in among:
                    continue
                asked[name] = remote.options(scheduling_strategy=here).remote(*words)
        end = time.monotonic() + seconds
        return {name: self._got(reference, end) for name, reference in asked.items()}

    def _got(self, reference: Any, end: float) -> str | Lost:
        while not ray.wait([reference], timeout=LOOK_SECONDS)[0]:
            if self.backend.lost:
                return Lost(-1, self.backend.lost, engine=True)
            if time.monotonic() > end:
                return Lost(-1, "it gave no answer in time", engine=False)
        try:
            return str(ray.get(reference))
        except Exception as cause:  # noqa: BLE001 - told with the worker's name
            return Lost(-1, told(cause), engine=False)

    def kill(self) -> None:
        self.backend.abort_everything()


def _cpus(name: str) -> int:
    """Return how many tasks can run at a time; without any they would wait for ever."""
    end = time.monotonic() + CPU_SECONDS
    while (found := int(ray.cluster_resources().get("CPU", 0))) < 1:
        if time.monotonic() > end:
            raise UserError(
                f"{name} has no node with a CPU to work on, even after {CPU_SECONDS:.0f} s; start "
                "some with `ray start --address HEAD`"
            )
        time.sleep(1)
    return found


@contextlib.contextmanager
def _watched(cluster: _Ray) -> Iterator[_Ray]:
    """Look after Ray's head for the time of the block; without this machine's node Ray goes on."""
    head = ray.get_runtime_context().gcs_address
    over = threading.Event()

    def look() -> None:
        answered = time.monotonic()
        while not over.wait(LOOK_SECONDS):
            if _listens(head):
                answered = time.monotonic()
            elif time.monotonic() - answered > PATIENCE_SECONDS:
                cluster.backend.lose(
                    f"its head, {head}, does not answer since {PATIENCE_SECONDS:.0f} s"
                )

    watch = threading.Thread(target=look, name="watch of Ray", daemon=True)
    watch.start()
    try:
        yield cluster
    finally:
        over.set()
        watch.join()


def _listens(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=LOOK_SECONDS):
            return True
    except OSError:
        return False


class _Backend(BackendBase):
    """Hands out Ray tasks.

    Ray's own backend for joblib runs them on a pool of actors: it cannot give results as they come,
    loses all of them when one actor dies, and puts another class under joblib's pools for good.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self._remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_called)
        self._open: set[Any] = set()

    def hand_out(
        self,
        function: Callable[..., str],
        arguments: tuple[Any, ...],
        answered: Callable[[str | Lost], None],
    ) -> Any:
        def done(future: Any) -> None:
            self._open.discard(reference)
            answered(_said(future))

        reference = self._remote.remote(function, *arguments)
        self._open.add(reference)
        future = reference.future()
        future.add_done_callback(done)
        return future

    def abort_everything(self, ensure_ready: bool = True) -> None:
        for reference in tuple(self._open):
            with contextlib.suppress(Exception):  # done already, or gone with its cluster
                ray.cancel(reference, force=True)


def _called(function: Callable[..., str], *arguments: Any) -> str:
    return function(*arguments)


def _said(future: Any) -> str | Lost:
    """Return what came of a task that is done."""
    try:
        return str(future.result())
    except (ray.exceptions.RaySystemError, ray.exceptions.LocalRayletDiedError) as cause:
        return Lost(-1, told(cause), engine=True)
    except Exception as cause:  # noqa: BLE001 - its worker was lost, or never started
        return Lost(-1, told(cause), engine=False)

"""Ray behind joblib, as tasks that Ray itself moves to another node when theirs is lost."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

# On start Ray reports usage: not wanted.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from joblib._parallel_backends import ParallelBackendBase
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from bench.engine.cluster import Lost, reach
from bench.errors import UserError, one_line

__all__ = ["connected"]

# A node may be lost for reasons outside the task; the fourth time the task did it.
RETRIES = 3


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
        yield _Ray(here)
        return
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        # "local", because without it Ray would join one that happens to run here.
        ray.init(address="local", num_cpus=jobs, include_dashboard=False, **quiet)
    else:
        try:
            ray.init(address=address, **quiet)
        except Exception as cause:  # noqa: BLE001 - whatever a wrong service makes it raise
            raise UserError(
                f"--address {address}: no Ray cluster that this machine belongs to "
                f"({one_line(cause, most=160)}); start the command on a node of the cluster"
            ) from None
    try:
        yield _Ray(address)
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    if address == "auto":
        return
    if address.startswith("ray://"):
        raise UserError(
            f"--address {address}: Ray Client cannot be used; start the command on a node of the "
            "cluster, with --address auto"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UserError(
            f'--address "{one_line(address, most=80)}" is no address of a Ray head; it looks like '
            "host:6379, or auto on a node of the cluster"
        )
    start = f"ray start --head --port {port}"
    reach(host, int(port), address=address, what="Ray head", start=start)


class _Ray:
    """A Ray cluster; see `cluster.Cluster`."""

    def __init__(self, address: str | None) -> None:
        self.name = "Ray on this machine" if address is None else f"the Ray cluster at {address}"
        self.workers = int(ray.cluster_resources().get("CPU", 0))
        self.backend = _Backend(self.workers)

    def everywhere(
        self, function: Callable[..., str], *words: str, among: Collection[str] | None = None
    ) -> Mapping[str, str | Lost]:
        remote = ray.remote(num_cpus=0, max_retries=0)(function)
        asked = {}
        for node in ray.nodes():
            if node["Alive"]:
                here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
                if among is not None and name not in among:
                    continue
                asked[name] = remote.options(scheduling_strategy=here).remote(*words)
        found: dict[str, str | Lost] = {}
        for name, reference in asked.items():
            try:
                found[name] = ray.get(reference)
            except Exception as cause:  # noqa: BLE001 - told with the worker's name
                found[name] = Lost(-1, _told(cause), engine=False)
        return found

    def kill(self) -> None:
        self.backend.abort_everything()


class _Backend(ParallelBackendBase):  # type: ignore[misc]
    """Runs joblib's batches as Ray tasks.

    Ray's own backend for joblib runs them on a pool of actors: it cannot give results as they come,
    loses all of them when one actor dies, and puts another class under joblib's pools for good.
    """

    supports_retrieve_callback = True

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._workers = workers
        self._remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_batch)
        self._open: set[Any] = set()

    def effective_n_jobs(self, n_jobs: int) -> int:
        # joblib runs everything in the calling process where there is one worker.
        return max(2, self._workers)

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Any, callback: Callable[[Any], None]) -> Any:
        chunk: int = func.items[0][1][0]
        reference = self._remote.remote(func)
        self._open.add(reference)

        def told(future: Any) -> None:
            self._open.discard(reference)
            try:
                answers = future.result()
            except ray.exceptions.RaySystemError as cause:
                answers = [Lost(chunk, _told(cause), engine=True)]
            except Exception as cause:  # noqa: BLE001 - its worker was lost, or never started
                answers = [Lost(chunk, _told(cause), engine=False)]
            callback(answers)

        future = reference.future()
        future.add_done_callback(told)
        return future

    def retrieve_result_callback(self, out: list[str | Lost]) -> list[str | Lost]:
        return out

    def abort_everything(self, ensure_ready: bool = True) -> None:
        for reference in tuple(self._open):
            with contextlib.suppress(Exception):  # done already, or gone with its cluster
                ray.cancel(reference, force=True)


def _batch(calls: Callable[[], list[str]]) -> list[str]:
    return calls()


def _told(cause: BaseException) -> str:
    return f"{type(cause).__name__}: {one_line(cause)}"

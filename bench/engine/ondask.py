"""Dask behind joblib, with an answer for every task, whatever becomes of the worker that had it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import distributed
import distributed.comm
from distributed.comm import CommClosedError
from distributed.security import Security

from bench.engine.behind import BackendBase, told
from bench.engine.cluster import CONNECT_SECONDS, Lost, reach
from bench.errors import UserError, one_line

__all__ = ["connected"]

DEFAULT_PORT = 8786
WORKER_SECONDS = 60.0  # that workers may take to join before it is called a mistake


@contextlib.contextmanager
def connected(address: str | None, jobs: int) -> Iterator[_Dask]:
    """Give the Dask cluster at an address, or one on this machine; see `cluster.connected`."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet())
        if address is None:
            local = distributed.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                protocol="tcp",
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # any port: its own may be another cluster's
                silence_logs=logging.CRITICAL,
                memory_limit=0,  # the work is done in children, which have limits of their own
            )
            stack.enter_context(local)
            address = str(local.scheduler_address)
        elif address.endswith(".json"):
            address = _written(Path(address))
        client = stack.enter_context(_client(address))
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError:
            raise UserError(
                f"--address {address}: the Dask scheduler there has no worker, even after "
                f"{WORKER_SECONDS:.0f} s; start some with `dask worker {address}`"
            ) from None
        yield _Dask(client, address)


def _written(file: Path) -> str:
    """Return the address in a file that a scheduler wrote for those who look for it."""
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["address"])
    except FileNotFoundError:
        raise UserError(
            f"--address {file}: no such file; a scheduler writes it when it is started with "
            f"`dask scheduler --scheduler-file {file}`"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise UserError(
            f"--address {file}: is no scheduler file of Dask ({one_line(cause, most=80)})"
        ) from None


def _client(address: str) -> Any:
    place = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        host, port = place.hostname, place.port or DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if host is None or place.scheme not in ("tcp", "tls", "ws", "wss", "ucx"):
        raise UserError(
            f'--address "{one_line(address, most=80)}" is no address of a Dask scheduler; '
            "it looks like tcp://host:8786"
        )
    keys = Security().get_connection_args("client")  # of Dask's configuration
    if place.scheme in ("tls", "wss") and keys.get("ssl_context") is None:
        raise UserError(
            f"--address {address}: needs the keys of the cluster: name them in Dask's "
            "configuration, as for the scheduler (distributed.comm.tls: ca-file, client.cert, "
            "client.key)"
        )
    start = f"dask scheduler --port {port}"
    reach(host, port, address=address, what="Dask scheduler", start=start)
    url = f"{place.scheme}://{host if ':' not in host else f'[{host}]'}:{port}"
    try:
        asyncio.run(_greeted(url, keys))
        return distributed.Client(url, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as cause:  # noqa: BLE001 - whatever a wrong service makes it raise
        why = one_line(cause, most=160) or "no answer"
        if isinstance(cause, (MemoryError, OverflowError)):  # a length read from other words
            why = "its first words are not Dask's"
        raise UserError(
            f"--address {address}: something listens there, but it is no Dask scheduler of this "
            f"version, or one behind TLS (tls://{place.netloc}) ({why})"
        ) from None


async def _greeted(url: str, keys: Mapping[str, Any]) -> None:
    """Exchange the first words; a client waits for ever when something else listens."""
    comm = await asyncio.wait_for(distributed.comm.connect(url, **keys), CONNECT_SECONDS)
    await comm.close()


class _Dask:
    """A Dask cluster; see `cluster.Cluster`."""

    def __init__(self, client: Any, address: str) -> None:
        self.name = f"the Dask scheduler at {address}"
        self.workers = sum(client.ncores().values())
        self.backend = _Backend(client, self.workers)
        self._client = client

    def everywhere(
        self,
        function: Callable[..., str],
        *words: str,
        among: Collection[str] | None = None,
        seconds: float,
    ) -> Mapping[str, str | Lost]:
        if self._client.status != "running":  # it would wait for a scheduler to come back
            return {self.name: Lost(-1, "its scheduler is gone", engine=True)}
        workers = None if among is None else list(among)
        try:
            # As `client.run`, which waits for ever for a worker that stands still.
            found = self._client.sync(
                self._client._run,
                function,
                *words,
                workers=workers,
                on_error="return",
                callback_timeout=seconds,
            )
        except TimeoutError:
            why = f"one of its workers gave no answer in {seconds:.0f} s"
            return {self.name: Lost(-1, why, engine=False)}
        except Exception as cause:  # noqa: BLE001 - a scheduler that is gone tells it in many ways
            return {self.name: Lost(-1, told(cause), engine=True)}
        return {
            name: said if isinstance(said, str) else Lost(-1, _why(said), engine=False)
            for name, said in sorted(found.items())
        }

    def kill(self) -> None:
        self.backend.abort_everything()


class _Backend(BackendBase):
    """Hands out Dask tasks; joblib's own waits for ever for one that ends without a result."""

    def __init__(self, client: Any, workers: int) -> None:
        super().__init__(workers)
        self._client = client
        self._open: set[Any] = set()  # Dask forgets a task whose future nobody holds

    def hand_out(
        self,
        function: Callable[..., str],
        arguments: tuple[Any, ...],
        answered: Callable[[str | Lost], None],
    ) -> Any:
        def done(future: Any) -> None:
            self._open.discard(future)
            answered(_said(future))

        future = self._client.submit(function, *arguments, pure=False)
        self._open.add(future)
        future.add_done_callback(done)
        return future

    def abort_everything(self, ensure_ready: bool = True) -> None:
        self._open.clear()  # what waits is forgotten; what runs is ended by its worker


def _said(future: Any) -> str | Lost:
    """Return what came of a task that is done."""
    try:
        return str(future.result())
    except (asyncio.CancelledError, CancelledError, CommClosedError):
        return Lost(-1, f"the connection to it ended ({future.status})", engine=True)
    except Exception as cause:  # noqa: BLE001 - its workers were lost, or never could run it
        return Lost(-1, _why(cause), engine=False)


def _why(cause: BaseException) -> str:
    if isinstance(cause, distributed.KilledWorker):
        return f"{cause.allowed_failures + 1} workers died one after the other while they had it"
    return told(cause)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Leave it to us to tell what went wrong, once."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado.application")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)

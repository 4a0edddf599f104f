"""Engines on other hosts: what is asked of one, and which there are."""

from __future__ import annotations

import importlib
import importlib.util
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bench.errors import BenchError, UserError

__all__ = ["BACKENDS", "Backend", "Cluster", "ClusterLost", "Lost", "connected", "reach"]

Backend = Literal["local", "dask", "ray"]
BACKENDS: tuple[Backend, ...] = ("local", "dask", "ray")

CONNECT_SECONDS = 10.0


class ClusterLost(BenchError):
    """The engine went away in the middle of a run, or one of its workers may not take part."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What comes in place of an answer when an engine cannot give one.

    Parameters
    ----------
    chunk : int
        The number of its chunk; -1 where no chunk was asked for.
    cause : str
        What the engine says, in one line.
    engine : bool
        Whether the engine itself is gone; else only workers that had this task are.
    """

    chunk: int
    cause: str
    engine: bool


class Cluster(Protocol):
    """An engine whose workers are connected.

    Attributes
    ----------
    name : str
        How messages call it, with its address.
    workers : int
        Tasks that it can run at a time.
    backend : object
        What joblib is given. The first argument of what it runs is the number of a chunk; where it
        has no answer it gives a `Lost`.
    """

    name: str
    workers: int
    backend: Any

    def everywhere(
        self,
        function: Callable[..., str],
        *words: str,
        among: Collection[str] | None = None,
        seconds: float,
    ) -> Mapping[str, str | Lost]:
        """Call a function on each worker or on some, and return what each gave by its name.

        Who gives nothing for so many seconds is waited for no longer.
        """

    def kill(self) -> None:
        """Give up what runs and what waits."""


@contextmanager
def connected(backend: Backend, address: str | None, *, jobs: int) -> Iterator[Cluster]:
    """Give the cluster at an address, or one of `jobs` workers on this machine, for a while.

    Parameters
    ----------
    backend : {"dask", "ray"}
    address : str or None
        Of Dask's scheduler (``tcp://host:8786``) or Ray's head (``host:6379`` or ``auto``).
    jobs : int
        Workers, where there is no address.

    Raises
    ------
    UserError
        Its package is not installed, nothing answers at the address, or there is no worker.
    """
    package = "distributed" if backend == "dask" else backend
    if importlib.util.find_spec(package) is None:
        raise UserError(
            f'--backend {backend} needs the extra "{backend}"; install it with: '
            f'pip install "crossfold[{backend}]"'
        )
    # Only the one that is asked for: neither has to be there.
    engine = importlib.import_module(f"bench.engine.on{backend}")
    with engine.connected(address, jobs) as cluster:
        yield cluster


def reach(host: str, port: int, *, address: str, what: str, start: str) -> None:
    """Make sure that something listens, which engines take minutes to find out.

    Raises
    ------
    UserError
        Nothing does; says what is missing there, and with which command it starts.
    """
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return
    except OSError as cause:
        why = "no answer in 10 s" if isinstance(cause, TimeoutError) else cause.strerror or cause
        raise UserError(
            f"--address {address}: no {what} there ({why}); start one with `{start}`, "
            "or name the address that it printed"
        ) from None

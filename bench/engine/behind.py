"""What stands behind joblib on a cluster: tasks go out, and each gets exactly one answer."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from joblib._parallel_backends import ParallelBackendBase

from bench.engine.cluster import Lost
from bench.errors import one_line

__all__ = ["BackendBase", "told"]


class BackendBase(ParallelBackendBase):  # type: ignore[misc]
    """Hands out tasks of joblib, whose first argument is the number of a chunk.

    Parameters
    ----------
    workers : int
        Tasks that run at a time.

    Attributes
    ----------
    lost : str
        Why the engine is gone; empty while it is there.
    """

    supports_retrieve_callback = True

    def __init__(self, workers: int) -> None:
        super().__init__()
        self.lost = ""
        self._workers = workers
        # Who waits; taken out by the first who has something to say.
        self._waiting: dict[object, tuple[int, Callable[[list[str | Lost]], None]]] = {}

    @abstractmethod
    def hand_out(
        self,
        function: Callable[..., str],
        arguments: tuple[Any, ...],
        answered: Callable[[str | Lost], None],
    ) -> Any:
        """Let the engine call a function, and tell what it gave, or why it gave nothing."""

    def submit(self, func: Any, callback: Callable[[list[str | Lost]], None]) -> Any:
        """Hand out what joblib calls a batch: one task."""
        function, arguments, _ = func.items[0]
        ticket = object()
        self._waiting[ticket] = (arguments[0], callback)
        try:
            return self.hand_out(function, arguments, partial(self._answered, ticket))
        except Exception as cause:  # noqa: BLE001 - an engine that is gone tells it in many ways
            # joblib takes no answer from the thread that asks.
            said = (ticket, Lost(-1, told(cause), engine=True))
            threading.Thread(target=self._answered, args=said, daemon=True).start()

    def _answered(self, ticket: object, said: str | Lost) -> None:
        waiting = self._waiting.pop(ticket, None)
        if waiting is not None:
            chunk, callback = waiting
            callback([replace(said, chunk=chunk) if isinstance(said, Lost) else said])

    def lose(self, cause: str) -> None:
        """Answer all that waits, for an engine that will not."""
        self.lost = cause
        for ticket in tuple(self._waiting):
            self._answered(ticket, Lost(-1, cause, engine=True))

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return how many tasks run at a time; with one joblib would run all in this process."""
        return max(2, self._workers)

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Begin to work for joblib."""
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def retrieve_result_callback(self, out: list[str | Lost]) -> list[str | Lost]:
        """Return what joblib passes on."""
        return out


def told(cause: BaseException) -> str:
    """Return an error as one line that begins with its kind."""
    return f"{type(cause).__name__}: {one_line(cause)}"

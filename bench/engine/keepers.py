"""As many keepers as there are calls at a time, whatever engine makes the calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from bench.engine.importers import Importers
from bench.engine.keeper import Keeper
from bench.engine.seats import CAN_COPY
from bench.engine.task import Answer, Task

__all__ = ["Keepers"]


class Keepers:
    """As many keepers as there are calls at a time; what they need is imported once for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._importers = _importers()
        self._idle: list[Keeper] = []
        self._busy: set[Keeper] = set()
        self._killed = False

    def prepare(self, packages: Sequence[str]) -> None:
        """Let packages that tasks will need be imported, without waiting for it."""
        with self._lock:
            if self._importers is not None and not self._killed:
                self._importers.prepare(packages)

    def kept(self, task: Task) -> str:
        """Run a task on an idle keeper, or on a new one; after `kill` none is run."""
        with self._lock:
            if self._killed:
                return Answer(task.chunk, "stopped").text()
            if self._idle:
                keeper = self._idle.pop()
            else:
                keeper = Keeper(task.packages, self._importers)
            self._busy.add(keeper)
        try:
            return keeper.answer(task)
        finally:
            with self._lock:
                self._busy.discard(keeper)
                keeper.idle_since = time.monotonic()
                # The last is the next: one that can start nothing is not asked before the others.
                self._idle.insert(len(self._idle) if keeper.seated else 0, keeper)

    def kill(self) -> None:
        """End every child now; calls under way, and later ones, answer that they were stopped."""
        with self._lock:
            self._killed = True
            keepers, importers = [*self._idle, *self._busy], self._importers
        for keeper in keepers:
            keeper.stop()
        if importers is not None:
            importers.kill()

    def close(self, *, idle: float = 0.0) -> None:
        """End the children of idle keepers, or of those that were idle for so many seconds.

        What imports for keepers ends with the last of them.
        """
        latest = time.monotonic() - idle
        with self._lock:
            keepers = [k for k in self._idle if k.idle_since <= latest]
            self._idle = [k for k in self._idle if k.idle_since > latest]
            importers = None
            if self._killed or not (self._idle or self._busy):  # a keeper that comes has others
                importers, self._importers = self._importers, _importers()
        for keeper in keepers:
            keeper.close()
        if importers is not None:
            importers.close()


def _importers() -> Importers | None:
    return Importers() if CAN_COPY else None

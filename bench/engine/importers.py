"""Processes that import packages once for all keepers, whose templates are copies of them."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from typing import IO

from bench.engine import template
from bench.engine.seats import Nursery, WorkerNotStarted, first_status, interpreter, scratch

__all__ = ["Importers", "weighty"]

_OURS = ("bench.", "dataflows.")
_CLOSE_SECONDS = 10.0
_SAYING_SECONDS = 0.05  # between the end of a socket and the last words of who held it


def weighty(packages: Iterable[str]) -> frozenset[str]:
    """Return the packages that take long to import: all but ours."""
    return frozenset(name for name in packages if not name.startswith(_OURS))


class Importers:
    """The processes that import for the keepers of one process; threads may share them.

    Each is an interpreter of its own with one set of packages. When it is killed, the templates
    that were copied from it go on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._importers: list[_Importer] = []
        self._with_threads: set[frozenset[str]] = set()
        self._killed = False

    def prepare(self, packages: Sequence[str]) -> None:
        """Let packages be imported, without waiting for it."""
        with self._lock, contextlib.suppress(WorkerNotStarted):  # told to who needs a template
            self._serving(packages)

    def template(self, packages: Sequence[str]) -> Nursery | None:
        """Make a template; None where packages start threads, so that a copy may be stuck.

        Raises
        ------
        WorkerNotStarted
        """
        if weighty(packages) in self._with_threads:
            return None
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                importer = self._serving(packages)
                importer.ask(theirs)
            pid = self._first_status(ours, importer)
            if pid != template.NOT_ONE_THREAD:
                return Nursery(ours, pid, importer.said)
        except BaseException:
            ours.close()
            raise
        ours.close()
        self._leave(importer)
        return None

    def kill(self) -> None:
        """Let all end, without waiting for them, and start no other."""
        with self._lock:
            self._killed = True
            for importer in self._importers:
                importer.hang_up()

    def close(self) -> None:
        """End all; their templates go on."""
        with self._lock:
            importers, self._importers = self._importers, []
        for importer in importers:
            importer.hang_up()  # so that they end at the same time
        for importer in importers:
            importer.close()

    def _serving(self, packages: Sequence[str]) -> _Importer:
        """Return what has imported these packages, or is at it; start it where there is none.

        One that has more of them serves as well, but is not waited for while it imports.
        """
        if self._killed:
            raise WorkerNotStarted("the run was ended")
        for dead in [i for i in self._importers if not i.lives()]:
            self._importers.remove(dead)
            dead.close()
        names = weighty(packages)
        serving = [i for i in self._importers if i.names == names or (i.ready and i.names > names)]
        if not serving:
            serving = [_Importer(packages)]
            self._importers += serving
        return min(serving, key=lambda i: (not i.ready, len(i.names)))

    def _first_status(self, stream: socket.socket, importer: _Importer) -> int:
        try:
            return first_status(stream, importer.pid)
        except OSError as cause:
            raise WorkerNotStarted(f"{cause}{importer.said()}") from None

    def _leave(self, importer: _Importer) -> None:
        """Remember that a process has threads, and end it: it cannot be copied."""
        with self._lock:
            self._with_threads.add(importer.names)
            if importer in self._importers:
                self._importers.remove(importer)
                importer.close()


class _Importer:
    """One such process, as the keepers see it."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.names = weighty(packages)
        self.ready = False
        self._reading = threading.Lock()
        self._last = ""
        self._control, theirs = socket.socketpair()
        self._errors = scratch(append=True)
        words = [json.dumps(sys.path), str(theirs.fileno()), json.dumps(list(packages))]
        with theirs:
            try:
                self._process = interpreter(
                    "template.main(int(sys.argv[2]), json.loads(sys.argv[3]))",
                    words,
                    descriptors=(theirs.fileno(),),
                    output=self._errors,
                )
            except BaseException:
                self._control.close()
                self._errors.close()
                raise
        self.pid = self._process.pid

    def lives(self) -> bool:
        """Return whether it lives, and see whether all is imported."""
        try:
            word = self._control.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return self._process.poll() is None
        except OSError:
            return False
        self.ready |= word == template.READY
        return bool(word)

    def ask(self, keeper: socket.socket) -> None:
        """Ask for a template, which tells its keeper that it is there.

        Raises
        ------
        WorkerNotStarted
        """
        try:
            socket.send_fds(self._control, [b"+"], [keeper.fileno()])
        except OSError as cause:
            raise WorkerNotStarted(f"{cause}{self.said()}") from None

    def hang_up(self) -> None:
        """Let it end without waiting for it."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        self._control.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._reading:
            self._last = _last_line(self._errors)
            self._errors.close()

    def said(self) -> str:
        """Return what it, or a template, had to say when it could not go on."""
        time.sleep(_SAYING_SECONDS)
        with self._reading:
            # Another keeper may have closed what has ended.
            return self._last if self._errors.closed else _last_line(self._errors)


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""

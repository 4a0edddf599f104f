"""Where a child sits: a process that computes, as its keeper starts, watches and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO, Protocol

import psutil

from bench.engine import template
from bench.errors import BenchError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["CAN_COPY", "Loner", "Nursery", "Seat", "WorkerNotStarted", "scratch"]

# One thread in each numerical library: more threads only wait for each other, and may change sums.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
)
# Arrow's allocator starts a thread when it is imported, and a process with threads is no template.
NO_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
CAN_COPY = sys.platform == "linux"

# A cold start on a busy machine reads a gigabyte of packages; while it gets on, it may take longer.
_IDLE_SECONDS = 300.0
_END_SECONDS = 60.0  # a killed process gives its memory back first
_MAIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from bench.engine import template; "
)


class WorkerNotStarted(BenchError):
    """No process could be started to compute in; no task is to blame."""


def scratch(*, append: bool = False) -> IO[bytes]:
    """Return a file without a name: nothing of it is left behind, however its users end."""
    if hasattr(os, "memfd_create"):  # in memory: a full disk does not stop a step from printing
        file = open(os.memfd_create("crossfold"), "w+b", buffering=0)  # noqa: SIM115, PTH123
    else:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    if append and fcntl is not None:
        fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)
    return file


class Seat(Protocol):
    """A child as its keeper sees it."""

    stream: socket.socket
    pid: int

    def bell(self) -> socket.socket | None:
        """Return what becomes readable when the child has ended, if there is such a thing."""

    def alive(self) -> bool:
        """Return whether the child lives; where there is a bell, it tells."""

    def kill(self) -> tuple[int, float]:
        """End the child and all it started.

        Returns
        -------
        tuple
            Its exit code, negative for a signal, and the megabytes it held at most, 0 if unknown.
        """

    def stop(self) -> None:
        """Let the child end without waiting for it; may be called from any thread."""

    def tell(self) -> None:
        """Let the child write down where it is."""


class Nursery:
    """A template process, and the one child at a time that is copied from it.

    Parameters
    ----------
    packages : sequence of str
        What the template imports.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self.control, theirs = socket.socketpair()
        self._errors = scratch(append=True)
        words = [json.dumps(sys.path), str(theirs.fileno()), json.dumps(list(packages))]
        with theirs:
            try:
                self._process = _started(
                    "template.main(int(sys.argv[2]), json.loads(sys.argv[3]))",
                    words,
                    descriptors=(theirs.fileno(),),
                    output=self._errors,
                )
            except BaseException:
                self.control.close()
                self._errors.close()
                raise

    def child(self, output: int, note: int) -> _Copied | None:
        """Start a child; None when the template has threads, so that a copy may be stuck.

        Raises
        ------
        WorkerNotStarted
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"+"], [theirs.fileno(), output, note])
                pid, _ = self._begun()
            except OSError as cause:
                ours.close()
                raise WorkerNotStarted(f"{cause}{_last_line(self._errors)}") from None
        if pid == template.NOT_ONE_THREAD:
            ours.close()
            return None
        return _Copied(self, ours, pid)

    def close(self) -> None:
        """End the template, and the child with it."""
        self.control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def ask(self, word: bytes) -> None:
        """Ask for something about the child that lives."""
        self.control.sendall(word)

    def hang_up(self) -> None:
        """Let the template and its child end, without waiting for them; from any thread."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)

    def _begun(self) -> tuple[int, int]:
        worked = -1.0
        while True:
            try:
                return self.status(_IDLE_SECONDS)
            except TimeoutError:
                before, worked = worked, self._worked()
                if worked <= before:
                    raise

    def _worked(self) -> float:
        """Return the seconds of processor time that the template has used."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def status(self, seconds: float) -> tuple[int, int]:
        """Wait for what the template tells of a child's begin or end."""
        self.control.settimeout(seconds)
        data = b""
        length = struct.calcsize(template.STATUS)
        while len(data) < length:
            piece = self.control.recv(length - len(data))
            if not piece:
                raise ConnectionResetError("the process that starts workers has ended")
            data += piece
        first, second = struct.unpack(template.STATUS, data)
        return first, second


class _Copied:
    """A child that is a fork of a template."""

    def __init__(self, nursery: Nursery, stream: socket.socket, pid: int) -> None:
        self.stream, self.pid = stream, pid
        self._nursery = nursery

    def bell(self) -> socket.socket:
        return self._nursery.control

    def alive(self) -> bool:
        return True

    def kill(self) -> tuple[int, float]:
        try:
            self._nursery.ask(template.KILL)
            code, peak = self._nursery.status(_END_SECONDS)
            return code, peak / 1024
        finally:
            self.stream.close()

    def stop(self) -> None:
        self._nursery.hang_up()

    def tell(self) -> None:
        with contextlib.suppress(OSError):
            self._nursery.ask(template.TELL_WHERE)


class Loner:
    """A child that is an interpreter of its own, where processes cannot be copied safely."""

    def __init__(self, packages: Sequence[str], output: IO[bytes], note: IO[bytes]) -> None:
        self.stream, theirs = socket.socketpair()
        handles = (theirs.fileno(), output.fileno(), note.fileno())
        words = [json.dumps(sys.path), *map(str, handles), json.dumps(list(packages))]
        with theirs:
            try:
                self._process = _started(
                    "template.alone(*map(int, sys.argv[2:5]), json.loads(sys.argv[5]))",
                    words,
                    descriptors=handles,
                    output=output,
                )
            except BaseException:
                self.stream.close()
                raise
        self.pid = self._process.pid

    def bell(self) -> None:
        return None

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> tuple[int, float]:
        self._process.kill()
        code = self._process.wait()
        self.stream.close()
        if hasattr(os, "killpg"):  # what shared the child's group
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        return code, 0.0

    def stop(self) -> None:
        self._process.kill()

    def tell(self) -> None:
        from bench.engine.child import TELL

        if TELL is not None:
            self._process.send_signal(TELL)


def _started(
    call: str, words: Sequence[str], *, descriptors: Sequence[int], output: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - this interpreter, and words of ours
            [sys.executable, "-c", _MAIN + call, *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=descriptors,
            start_new_session=True,
            env={**os.environ, **ONE_THREAD, **NO_THREAD},
        )
    except OSError as cause:
        raise WorkerNotStarted(f"no worker process could be started: {cause}") from cause


def _last_line(errors: IO[bytes]) -> str:
    """Return what a process that did not start had to say."""
    time.sleep(0.05)
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""

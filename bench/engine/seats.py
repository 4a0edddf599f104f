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
from collections.abc import Callable, Sequence
from typing import IO, Protocol

import psutil

from bench.engine import template
from bench.errors import BenchError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "CAN_COPY",
    "Loner",
    "Nursery",
    "Seat",
    "WorkerNotStarted",
    "first_status",
    "interpreter",
    "scratch",
]

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
_CLOSE_SECONDS = 10.0  # for a template to end its child and go
_REAP_SECONDS = 1.0
_LOOK_SECONDS = 0.002
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
    control : socket
        What the template is asked over; it ends when this is closed.
    pid : int
        The template, which is no child of this process.
    said : callable
        Gives the last line that the template wrote down when it could not go on.

    Raises
    ------
    WorkerNotStarted
        The template is gone already.
    """

    def __init__(self, control: socket.socket, pid: int, said: Callable[[], str]) -> None:
        self.control = control
        self._said = said
        try:
            # Known by its number and its time: another process may get the number one day.
            self._process = psutil.Process(pid)
        except psutil.Error:
            raise WorkerNotStarted(f"the process that starts workers has ended{said()}") from None

    def child(self, output: int, note: int) -> _Copied:
        """Start a child.

        Raises
        ------
        WorkerNotStarted
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"+"], [theirs.fileno(), output, note])
                pid = first_status(self.control, self._process.pid)
            except OSError as cause:
                ours.close()
                raise WorkerNotStarted(f"{cause}{self._said()}") from None
        return _Copied(self, ours, pid)

    def close(self) -> None:
        """End the template, and the child with it."""
        self.control.close()
        if not _gone(self._process, _CLOSE_SECONDS):
            with contextlib.suppress(psutil.Error):
                self._process.kill()
            _gone(self._process, _END_SECONDS)

    def ask(self, word: bytes) -> None:
        """Ask for something about the child that lives."""
        self.control.sendall(word)

    def hang_up(self) -> None:
        """Let the template and its child end, without waiting for them; from any thread."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)

    def status(self, seconds: float) -> tuple[int, int]:
        """Wait for what the template tells of a child's end."""
        return _status(self.control, seconds)


def _gone(process: psutil.Process, seconds: float) -> bool:
    """Wait for the end of a process that is no child of this one; return whether it came."""
    begin = time.monotonic()
    try:
        while process.is_running():
            dead = bool(process.status() == psutil.STATUS_ZOMBIE)
            # Its number still counts as alive; in some containers nobody ever reaps an orphan.
            if time.monotonic() - begin > (_REAP_SECONDS if dead else seconds):
                return dead
            time.sleep(_LOOK_SECONDS)
    except psutil.NoSuchProcess:
        pass
    return True


def first_status(stream: socket.socket, busy: int) -> int:
    """Wait for the number of a process that begins, for as long as who makes it gets on.

    Parameters
    ----------
    stream : socket
        Where the number comes from.
    busy : int
        The process that makes it, or first imports what it is to have.

    Raises
    ------
    OSError
        The number does not come.
    """
    worked = -1.0
    while True:
        try:
            return _status(stream, _IDLE_SECONDS)[0]
        except TimeoutError:
            before, worked = worked, _worked(busy)
            if worked <= before:
                raise


def _worked(pid: int) -> float:
    """Return the seconds of processor time that a process has used."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _status(stream: socket.socket, seconds: float) -> tuple[int, int]:
    stream.settimeout(seconds)
    data = b""
    length = struct.calcsize(template.STATUS)
    while len(data) < length:
        piece = stream.recv(length - len(data))
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
        except OSError:
            # It ends with its template. What it was writing is swept away by the next child, which
            # has to find it dead.
            with contextlib.suppress(psutil.Error):
                _gone(psutil.Process(self.pid), _END_SECONDS)
            raise
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
                self._process = interpreter(
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


def interpreter(
    call: str, words: Sequence[str], *, descriptors: Sequence[int], output: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start an interpreter that makes a call to what belongs to a child.

    Raises
    ------
    WorkerNotStarted
    """
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

"""The process in which steps run: takes one task after another from its keeper, and answers."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import socket
import sys
from collections.abc import Callable

from bench.engine import frames
from bench.engine.task import BAD, Task
from bench.engine.tidy import State
from bench.engine.worker import work

try:
    import fcntl
    import resource
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["TELL", "serve"]

# The signal at which a child writes down where each of its threads is.
TELL: int | None = getattr(signal, "SIGUSR2", None)


def serve(stream: socket.socket, output: int, note: int) -> None:
    """Run tasks until the keeper is gone.

    Parameters
    ----------
    stream : socket
        Where tasks come from and answers go; nothing that steps print can get into it.
    output : int
        Descriptor of the file that takes what steps print.
    note : int
        Descriptor of the file in which the name of the step under way stands, for the case that
        this process ends without an answer.
    """
    output, note = _out_of_reach(output), _out_of_reach(note)
    stream = socket.socket(fileno=_out_of_reach(stream.detach()))
    _divert(output)
    state = State((1, 2, note))
    noted = _noter(note)

    def at(step: str) -> None:
        state.restore()
        noted(step)

    while (message := frames.received(stream)) is not None:
        task = Task.read(message[1])
        answer = work(task, at=at, begun=_sender(stream, task))
        state.settle()
        with contextlib.suppress(Exception):  # a step may have closed or replaced them
            sys.stdout.flush()
            sys.stderr.flush()
        kind = frames.FAILED if answer.status in BAD else frames.ANSWER
        if state.spoilt():  # such as a thread that would run beside the next step
            kind = frames.last(kind)
        stream.sendall(frames.framed(kind, answer.text().encode()))


def _out_of_reach(descriptor: int) -> int:
    """Give a file a number that no file opened later gets, even when a step closes what it can."""
    if fcntl is None:
        return descriptor
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, min(most, 1 << 16) - 16)
    os.close(descriptor)
    return high


def _divert(output: int) -> None:
    os.dup2(output, 1)
    os.dup2(output, 2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    faulthandler.enable(file=output, all_threads=True)
    if TELL is not None and hasattr(faulthandler, "register"):
        faulthandler.register(TELL, file=output, all_threads=True, chain=False)


def _noter(note: int) -> Callable[[str], None]:
    def at(step: str) -> None:
        with contextlib.suppress(OSError):
            os.pwrite(note, step.encode()[:512].ljust(512, b"\0"), 0)

    return at


def _sender(stream: socket.socket, task: Task) -> Callable[[], None]:
    def begun() -> None:
        if task.timeout is not None:
            stream.sendall(frames.framed(frames.BEGUN))

    return begun

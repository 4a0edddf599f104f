"""The processes that children are copied from: they have packages loaded and run no step.

A fresh child is a fork of a template and ready in milliseconds, where a new interpreter takes
seconds to import the packages again. A template is a fork itself, of a process that imports for
all keepers. Neither runs code of the asker's, so they are never what crashes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["KILL", "NOT_ONE_THREAD", "READY", "STATUS", "TELL_WHERE", "alone", "load", "main"]

READY = b"R"  # what the process that imports says when it has
KILL, TELL_WHERE = b"K", b"W"  # what a keeper asks for while a child lives
# (pid, 0) when a template or a child begins; (exit code, peak in kB) at the end of a child
STATUS = "!qq"
NOT_ONE_THREAD = -1  # instead of a pid: this process has threads and cannot be copied safely

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(control: int, packages: Sequence[str]) -> None:
    """Import packages, then make a template whenever a keeper asks, until all keepers are gone."""
    stream = socket.socket(fileno=control)
    os.set_inheritable(control, False)  # what a package starts would keep it open
    with _ending_with(stream):
        load(packages)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # the child of a template that was killed becomes ours
    signal.signal(signal.SIGCHLD, _reap)
    gc.collect()
    gc.freeze()  # what is loaded stays shared between this process and its copies
    stream.sendall(READY)
    while True:
        word, descriptors, _, _ = socket.recv_fds(stream, 1, 1)
        if not word:
            _reap()
            return
        for descriptor in descriptors:  # one, or none where that many files may not be open
            with socket.socket(fileno=descriptor) as keeper:
                _make_template(stream, keeper)


def _reap(*_: object) -> None:
    """Leave nothing of those that ended; what they used counts as used by the run."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _make_template(stream: socket.socket, keeper: socket.socket) -> None:
    if not _single():
        with contextlib.suppress(OSError):
            keeper.sendall(struct.pack(STATUS, NOT_ONE_THREAD, 0))
    elif os.fork() == 0:
        stream.close()
        _become_template(keeper)


def _become_template(keeper: socket.socket) -> None:
    """Make children for one keeper, with nothing that would have to do with another's."""
    code = 70
    try:
        os.setsid()
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        keeper.sendall(struct.pack(STATUS, os.getpid(), 0))
        _serve(keeper)
        code = 0
    except BaseException:  # noqa: BLE001 - the loop that this is a copy of must not go on
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _serve(stream: socket.socket) -> None:
    """Make a child whenever the keeper asks, until the keeper is gone."""
    wake, ring = os.pipe()
    os.set_blocking(ring, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    while True:
        word, descriptors, _, _ = socket.recv_fds(stream, 1, 3)
        if not word:
            return
        if not descriptors:
            continue  # meant for a child that is gone
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            for other in (wake, ring, stream.detach()):
                os.close(other)
            _become_child(parent, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(OSError):  # it does so itself as well: whichever is first
            os.setpgid(child, child)
        stream.sendall(struct.pack(STATUS, child, 0))
        status = _ended(child, stream, wake)
        if status is None:
            return
        stream.sendall(struct.pack(STATUS, *status))


@contextlib.contextmanager
def _ending_with(stream: socket.socket) -> Iterator[None]:
    """End this process as soon as the other side is gone: to import may take minutes."""

    ends = select.poll()
    ends.register(stream, 0)  # the end is told whatever was asked before it and waits to be read

    def look(*_: object) -> None:
        if ends.poll(0):
            os._exit(0)

    signal.signal(signal.SIGIO, look)
    flags = fcntl.fcntl(stream, fcntl.F_GETFL)
    fcntl.fcntl(stream, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(stream, fcntl.F_SETFL, flags | os.O_ASYNC)
    look()
    yield
    fcntl.fcntl(stream, fcntl.F_SETFL, flags)
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def alone(stream: int, output: int, note: int, packages: Sequence[str]) -> None:
    """Be a child that no template made, where processes cannot be copied safely."""
    keeper = os.getppid()

    def watch() -> None:
        while os.getppid() == keeper:
            time.sleep(1)
        os._exit(70)

    threading.Thread(target=watch, name="keeper-watch", daemon=True).start()
    load(packages)
    from bench.engine.child import serve

    serve(socket.socket(fileno=stream), output, note)


def load(packages: Sequence[str]) -> None:
    """Import what steps will need."""
    sys.dont_write_bytecode = True
    for package in ("bench.engine.child", *packages):
        with contextlib.suppress(Exception):  # the step that needs it tells, in its own cell
            importlib.import_module(package)


def _single() -> bool:
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    except OSError:
        return False


def _become_child(parent: int, stream: int, output: int, note: int) -> None:
    """Serve the keeper, in a group of processes that can be ended together."""
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(70)
        with contextlib.suppress(OSError):
            # When memory runs out, the system is to choose this process and not the run's.
            Path("/proc/self/oom_score_adj").write_text("500")
        from bench.engine.child import serve

        serve(socket.socket(fileno=stream), output, note)
        code = 0
    finally:
        os._exit(code)


def _ended(child: int, stream: socket.socket, wake: int) -> tuple[int, int] | None:
    """Wait for the end of a child and of all it started; None when the keeper went first."""
    keeper = True
    while True:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            break
        ready, _, _ = select.select([wake, stream.fileno()] if keeper else [wake], [], [])
        if wake in ready:
            os.read(wake, 512)
        if stream.fileno() in ready:
            word = stream.recv(1)
            if word == TELL_WHERE:
                from bench.engine.child import TELL

                os.kill(child, TELL or 0)
            else:
                keeper = word == KILL
                os.kill(child, signal.SIGKILL)
    # It is not reaped yet, so its number is still its own.
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    _reap_left_behind()
    return (os.waitstatus_to_exitcode(status), usage.ru_maxrss) if keeper else None


def _reap_left_behind() -> None:
    """End what a child started and left: it has become ours."""
    me = os.getpid()
    while True:
        try:
            children = Path(f"/proc/{me}/task/{me}/children").read_text().split()
        except OSError:
            return
        if not children:
            return
        for child in map(int, children):
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)

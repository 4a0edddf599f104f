"""Keeps a process that computes one task at a time, so that what kills it has one cause.

Whatever engine hands out the tasks, its workers only wait for a keeper: the step runs in a child.
A child that crashes, hangs or grows beyond its limit is known at once, with the task that did it;
the engine's worker goes on, and answers with a text as ever.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.engine import frames
from bench.engine.importers import Importers, weighty
from bench.engine.seats import Loner, Nursery, Seat, WorkerNotStarted, scratch
from bench.engine.task import Answer, Task
from bench.errors import BenchError, one_line
from bench.spec.size import size_text

__all__ = ["Keeper"]

# A process may end for reasons outside its task; the second time the task did it.
ATTEMPTS = 2
# A child that went with the process it was copied from, or was killed before a step began, says
# nothing of its task; yet a module may do either on purpose.
LOSSES = 10
STARTS = 5  # before a task is given back, and with pauses that double from this many seconds
PAUSE_SECONDS = 0.1
# Reading, importing and building before the first step do not count towards a time limit, but a
# module that hangs while it is imported must not go on for ever.
LOADING_SECONDS = 120.0
WATCH_SECONDS = 0.02  # between two looks at the memory of a child that has a limit
CHILDREN_EVERY = 10  # looks: finding what a child started itself costs more
POLL_SECONDS = 1.0  # between two looks at a child without limits
TELL_SECONDS = 0.1  # for a child to write down where it is before it is ended
MOST_OUTPUT = 20_000  # characters of what a failed step printed
LARGEST_OUTPUT = 1 << 26  # bytes that a step may print before what came first is forgotten


class Keeper:
    """Runs one task at a time in a child, and outlives the child.

    Parameters
    ----------
    packages : sequence of str
        What a child has imported before its first task.
    importers : Importers, optional
        What templates come from, of which children are copies; without it each child is an
        interpreter of its own.
    """

    def __init__(self, packages: Sequence[str], importers: Importers | None) -> None:
        self._packages = tuple(packages)
        self._importers = importers
        self._nursery: Nursery | None = None
        self._seat: Seat | None = None
        self.idle_since = 0.0
        self._stopped = False
        self._kills = 0
        self._output, self._note = scratch(append=True), scratch()

    @property
    def seated(self) -> bool:
        """Whether there is a child, or what one is copied from."""
        return self._seat is not None or self._nursery is not None

    def answer(self, task: Task) -> str:
        """Return the answer of a task, whatever becomes of the child."""
        try:
            sent = frames.framed(frames.TASK, task.text().encode())
        except BenchError as cause:
            return _unanswered(task, "failed", cause)
        self._suit(task.packages)
        tally = _Tally()
        try:
            while True:
                text = self._attempt(task, sent, tally)
                if self._stopped:
                    return Answer(task.chunk, "stopped").text()
                if text is not None:
                    return text
        except (WorkerNotStarted, OSError) as cause:  # of the machine, and no fault of the task
            self._forget_child()
            return _unanswered(task, "stopped" if self._stopped else "unstarted", cause)
        except BaseException:  # such as Ctrl-C: what runs must not answer the next task
            self._forget_child()
            raise

    def stop(self) -> None:
        """End the child now, from another thread; the call under way answers."""
        self._stopped = True
        seat = self._seat
        if seat is not None:
            seat.stop()

    def close(self) -> None:
        """End the child and what it is copied from."""
        self._forget_child()
        self._output.close()
        self._note.close()

    # -- the child ----------------------------------------------------------------------------

    def _seated(self) -> Seat:
        if self._seat is None:
            self._seat = self._started()
        return self._seat

    def _started(self) -> Seat:
        self._kills = _kills_for_memory()
        child = None if self._importers is None else self._copied(self._importers)
        return child or Loner(self._packages, self._output, self._note)

    def _copied(self, importers: Importers) -> Seat | None:
        """Return a child that is copied from a template; None where that cannot be done."""
        for start in range(STARTS):
            try:
                if self._nursery is None:
                    # What it comes from may have been killed: the next is quicker to start, and
                    # does without a package that ends whoever imports it.
                    self._nursery = importers.template(() if start else self._packages)
                if self._nursery is None:
                    return None
                return self._nursery.child(self._output.fileno(), self._note.fileno())
            except WorkerNotStarted:
                self._drop_nursery()
                if start == STARTS - 1 or self._stopped:
                    raise
                time.sleep(PAUSE_SECONDS * 2**start)
        raise AssertionError("the last start returns or raises")

    def _suit(self, packages: Sequence[str]) -> None:
        """Start anew where a child lacks packages, with all it had: it need not change back."""
        if not weighty(packages) <= weighty(self._packages):
            self._forget_child()
            self._packages = tuple(dict.fromkeys((*self._packages, *packages)))

    def _forget_child(self) -> None:
        self._close_seat()
        self._drop_nursery()

    def _drop_nursery(self) -> None:
        nursery, self._nursery = self._nursery, None
        if nursery is not None:
            nursery.close()

    def _close_seat(self) -> None:
        seat, self._seat = self._seat, None
        if seat is not None:
            with contextlib.suppress(OSError):
                seat.kill()

    # -- one attempt --------------------------------------------------------------------------

    def _attempt(self, task: Task, sent: bytes, tally: _Tally) -> str | None:
        """Return the answer; None when the child died and another may do better."""
        self._output.truncate(0)
        self._note.truncate(0)
        begin = time.perf_counter()
        seat = self._seated()
        if self._stopped:  # while the child was started, so that nobody could end it
            self._close_seat()
            return None
        watch = _Watch(task, seat)
        message = self._conversation(seat, sent, watch)
        if message is not None:
            kind, text = message
            if frames.is_last(kind):
                self._close_seat()
            if kind.upper() == frames.FAILED:
                return self._with_output(Answer.read(text.decode())).text()
            return text.decode()
        self._seat = None
        lost = False
        try:
            code, peak = seat.kill()
        except OSError:  # what it was copied from is gone as well
            self._drop_nursery()
            lost, code, peak = True, -int(getattr(signal, "SIGKILL", 9)), 0.0
        starved = code == -9 and _kills_for_memory() > self._kills
        if not starved and (lost or (code == -9 and not self._step())):
            tally.lost += 1
        else:
            tally.died += 1
        if watch.reason is None and tally.died < ATTEMPTS and tally.lost < LOSSES:
            return None
        reason = watch.reason or _death(code, starved=starved, lost=tally.lost)
        dead = Answer(
            task.chunk,
            reason.status,
            seconds=time.perf_counter() - begin,
            peak_mb=max(peak, watch.peak_mb),
            step=self._step(),
            error_type=reason.error_type,
            error_message=reason.error_message,
            trace=f"{reason.error_type}: {reason.error_message}\n",
        )
        return self._with_output(dead).text()

    def _conversation(self, seat: Seat, sent: bytes, watch: _Watch) -> tuple[bytes, bytes] | None:
        """Send a task and return what is answered; None when the child died or had to be ended."""
        reader, left = frames.Reader(), memoryview(sent)
        stream, bell = seat.stream, seat.bell()
        stream.setblocking(False)
        listening = [stream] if bell is None else [stream, bell]
        while True:
            ready, writable, _ = select.select(
                listening, [stream] if left else [], [], watch.seconds()
            )
            try:
                if writable:
                    left = left[stream.send(left) :]
                if stream in ready:
                    data = stream.recv(1 << 16)
                    if not data:
                        return None
                    reader.feed(data)
            except BlockingIOError:
                pass
            except OSError:
                return None
            while (message := reader.message()) is not None:
                if message[0] != frames.BEGUN:
                    return message
                watch.begin()
            if stream not in ready and (bell in ready or not seat.alive()):
                return None
            if watch.over():
                if watch.deadline_passed:
                    seat.tell()
                    time.sleep(TELL_SECONDS)
                return None
            if os.fstat(self._output.fileno()).st_size > LARGEST_OUTPUT:
                self._output.truncate(0)

    def _step(self) -> str:
        return os.pread(self._note.fileno(), 512, 0).rstrip(b"\0").decode("utf-8", "replace")

    def _with_output(self, answer: Answer) -> Answer:
        """Add what the step printed."""
        size = os.fstat(self._output.fileno()).st_size
        data = os.pread(self._output.fileno(), MOST_OUTPUT, max(0, size - MOST_OUTPUT))
        return replace(answer, output=data.decode("utf-8", "replace"))


@dataclass(slots=True)
class _Tally:
    """How often a child of one task died, in a step or for what lies outside of it."""

    died: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a child had to end, or ended."""

    status: str
    error_type: str
    error_message: str


class _Watch:
    """The limits of a task, and how near a child is to them."""

    def __init__(self, task: Task, seat: Seat) -> None:
        self.reason: _Reason | None = None
        self.peak_mb = 0.0
        self._timeout, self._memory = task.timeout, task.memory
        self._deadline = float("inf")
        if task.timeout is not None:
            self._deadline = time.monotonic() + task.timeout + LOADING_SECONDS
        self._process = None if task.memory is None else psutil.Process(seat.pid)
        self._looks = 0

    def begin(self) -> None:
        """Start the clock: the first step begins."""
        if self._timeout is not None:
            self._deadline = time.monotonic() + self._timeout

    @property
    def deadline_passed(self) -> bool:
        """Whether it was time that ran out."""
        return self.reason is not None and self.reason.status == "timeout"

    def seconds(self) -> float:
        """Return for how long the child needs no looking after."""
        look = POLL_SECONDS if self._process is None else WATCH_SECONDS
        return max(0.0, min(look, self._deadline - time.monotonic()))

    def over(self) -> bool:
        """Look at the child; whether it went over a limit."""
        if time.monotonic() >= self._deadline:
            self.reason = _Reason(
                "timeout",
                "TimeLimit",
                f"it took longer than the {self._timeout:g} s of its timeout",
            )
        elif self._process is not None and self._memory is not None:
            held = self._held(self._process)
            self.peak_mb = max(self.peak_mb, held / 1024**2)
            if held > self._memory:
                why = f"it needed more than the {size_text(self._memory)} of its memory limit"
                self.reason = _Reason("oom", "MemoryLimit", why)
        return self.reason is not None

    def _held(self, process: psutil.Process) -> int:
        self._looks += 1
        try:
            held: int = process.memory_info().rss
            if self._looks % CHILDREN_EVERY == 0:
                held += sum(c.memory_info().rss for c in process.children(recursive=True))
        except psutil.Error:  # it ended meanwhile
            return 0
        return held


_SIGNALS = {
    "SIGSEGV": "compiled code used memory that is not its own",
    "SIGBUS": "compiled code used memory that is not there",
    "SIGABRT": "compiled code gave up",
    "SIGFPE": "compiled code divided by zero",
    "SIGILL": "compiled code holds instructions that this processor lacks",
    "SIGKILL": "killed from outside",
    "SIGTERM": "ended from outside",
}


def _unanswered(task: Task, status: str, cause: Exception) -> str:
    answer = Answer(
        task.chunk, status, error_type=type(cause).__name__, error_message=one_line(cause)
    )
    return answer.text()


def _death(code: int, *, starved: bool, lost: int) -> _Reason:
    """Return what an exit code says."""
    if lost == LOSSES:
        why = f"the process, or the one that it is copied from, was killed {lost} times"
        return _Reason("failed", "WorkerDied", why)
    if starved:
        return _Reason("oom", "OutOfMemory", "the system ended it because memory ran out")
    if code >= 0:
        why = f"the process ended itself with exit code {code}"
    else:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        why = f"the process was ended by {name}"
        why += f" ({_SIGNALS[name]})" if name in _SIGNALS else ""
    return _Reason("failed", "WorkerDied", f"{why}, {ATTEMPTS} times")


def _kills_for_memory() -> int:
    """Return how many processes the system has ended for want of memory."""
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:  # not Linux
        pass
    return 0

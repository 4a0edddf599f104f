"""What a worker on another host does for a run: shows that it may take part, then computes."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path

from blake3 import blake3

from bench.cache.locks import claimed
from bench.engine.keepers import Keepers
from bench.engine.task import Answer, Task

__all__ = ["Meeting", "Shown", "dismissed", "hosted", "shown", "source"]

# Files in the folder of a run, inside the store.
NONCE, STOP = "nonce", "stop"
# A run that was killed says no farewell: its children end when they had nothing to do for so long.
IDLE_SECONDS = 300.0
LOOK_SECONDS = 10.0
# What decides which numbers come out; reports are written where the command was given.
OURS = ("bench", "dataflows", "stats")


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a worker must have in common with the run it works for.

    Parameters
    ----------
    run : str
        A name nobody else uses.
    folder : str
        A folder for the time of the run, inside the store.
    python : str
        Version of the interpreter, without its last part.
    source : str
        Digest of the code of crossfold.
    packages : tuple of (name, version)
        Distributions that can change a number.
    """

    run: str
    folder: str
    python: str
    source: str
    packages: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> Meeting:
        """Return what a line tells."""
        held = json.loads(text)
        held["packages"] = tuple(map(tuple, held["packages"]))
        return Meeting(**held)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a worker shows of itself.

    Parameters
    ----------
    host : str
        Host and interpreter: workers that agree on it import the same.
    file : str
        Name of the file that it wrote to the folder of the run.
    problem : str
        Why it may not take part; empty when it may.
    locks : bool
        Whether a lock that the run holds in the store holds for this worker, too.
    """

    host: str
    file: str
    problem: str
    locks: bool

    @staticmethod
    def read(text: str) -> Shown:
        """Return what a line tells."""
        return Shown(**json.loads(text))


def shown(meeting: str) -> str:
    """Compare this worker with a run, and show what came of it.

    The folder of the run gets a file of this worker's name, so that the run sees it from its side.
    """
    asked = Meeting.read(meeting)
    problem, locks = _problem(asked), True
    name = f"{socket.gethostname()}+{os.getpid()}"
    if not problem:
        with claimed(Path(asked.folder) / NONCE, asked.run) as free:
            locks = not free
        try:
            (Path(asked.folder) / name).write_text(asked.run, encoding="utf-8")
        except OSError as cause:
            problem = f"cannot write to the store ({cause.strerror}: {cause.filename})"
    host = f"{socket.gethostname()} {sys.executable}"
    return json.dumps(asdict(Shown(host, name, problem, locks)))


def hosted(chunk: int, task: str, meeting: str) -> str:
    """Run a task in a child of this worker, if the worker may take part; return the answer's text.

    Workers join while a run goes on, so each looks at itself before its first task.
    """
    asked, problem = _met(meeting)
    if problem:
        where = f"{socket.gethostname()} (process {os.getpid()})"
        return Answer(chunk, "refused", error_message=f"the worker on {where} {problem}").text()
    if not os.path.exists(f"{asked.folder}/{NONCE}"):  # noqa: PTH110 - the run is over
        return Answer(chunk, "stopped").text()
    keepers = _GUESTS.of(asked.run)  # before the look at the mark, so that who sets it finds them
    if os.path.exists(f"{asked.folder}/{STOP}"):  # noqa: PTH110 - asked before each task
        return Answer(chunk, "stopped").text()
    return keepers.kept(Task.read(task))


def dismissed(run: str) -> str:
    """End the children that worked for a run."""
    _GUESTS.leave(run)
    return ""


class _Guests:
    """Keepers of each run; a worker may serve several, and may outlive runs that were killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keepers: dict[str, Keepers] = {}
        self._host: threading.Thread | None = None

    def of(self, run: str) -> Keepers:
        with self._lock:
            if self._host is None:
                self._host = threading.Thread(target=self._tidy, daemon=True)
                self._host.start()
            return self._keepers.setdefault(run, Keepers())

    def leave(self, run: str) -> None:
        with self._lock:
            keepers = self._keepers.pop(run, None)
        if keepers is not None:
            keepers.kill()
            keepers.close()

    def _tidy(self) -> None:
        """End children that nobody gives work; the next task of their run starts new ones."""
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                keepers = tuple(self._keepers.values())
            for some in keepers:
                some.close(idle=IDLE_SECONDS)


_GUESTS = _Guests()


@lru_cache(maxsize=8)
def _met(meeting: str) -> tuple[Meeting, str]:
    asked = Meeting.read(meeting)
    return asked, _problem(asked)


def _problem(asked: Meeting) -> str:
    """Return in what a worker differs from the run."""
    python = ".".join(platform.python_version_tuple()[:2])
    if python != asked.python:
        return f"has Python {python} and the run has Python {asked.python}"
    for name, wanted in asked.packages:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # the step that needs it does not import, which is found when code is compared
        if found != wanted:
            return f"has {name} {found} and the run has {name} {wanted}"
    if source() != asked.source:
        return (
            f"has another crossfold (code {source()[:8]}) than the run (code {asked.source[:8]}): "
            "install the same on both, and start the worker again"
        )
    return _not_shared(Path(asked.folder), asked.run)


def _not_shared(folder: Path, run: str) -> str:
    try:
        nonce = (folder / NONCE).read_text(encoding="utf-8")
    except OSError as cause:
        nonce = cause.strerror or ""
    if nonce == run:
        return ""
    return (
        f"does not see the store {folder.parents[1]}: it must be on a file system that all hosts "
        "mount under the same path; name another with --store"
    )


@cache
def source() -> str:
    """Return a digest of the code of crossfold as this process imports it."""
    home = Path(__file__).resolve().parents[2]
    state = blake3()
    for package in OURS:
        for file in sorted((home / package).rglob("*.py")):
            text = file.read_bytes()
            state.update(f"{file.relative_to(home).as_posix()}:{len(text)}:".encode() + text)
    return state.hexdigest(length=16)

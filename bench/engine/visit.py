"""The run's side of a cluster: which workers may take part, and what they are sent."""

from __future__ import annotations

import contextlib
import platform
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.cache import files
from bench.cache.locks import claimed
from bench.cache.store import Store
from bench.engine.alike import alike, write_steps
from bench.engine.cluster import Cluster, Lost
from bench.engine.plan import Chunk, Graph
from bench.engine.remote import NONCE, STOP, Meeting, Shown, dismissed, hosted, shown, source
from bench.engine.task import Task
from bench.errors import UserError

__all__ = ["Crew", "crew"]

SHOW_SECONDS = 900.0  # a cold start on a busy host reads a gigabyte of packages, twice
ARRIVE_SECONDS = 60.0
LEAVE_SECONDS = 30.0


class Crew:
    """The workers of a cluster, all of which were looked at.

    Attributes
    ----------
    jobs : int
        Tasks that run at a time.
    backend : object
        What joblib is given.
    name : str
        How messages call the cluster.
    apart : tuple of str
        Workers for which locks of the store do not hold: two of them may compute the same.
    """

    # All of a wave at once: workers may join while it goes on.
    pre_dispatch = "all"

    def __init__(self, cluster: Cluster, meeting: Meeting, apart: tuple[str, ...]) -> None:
        self.jobs, self.backend, self.name = cluster.workers, cluster.backend, cluster.name
        self.apart = apart
        self._cluster, self._meeting, self._text = cluster, meeting, meeting.text()

    def call(self, task: Task) -> tuple[Callable[..., str], tuple[Any, ...]]:
        """Return what a worker is to call for a task: a function and its arguments."""
        return hosted, (task.chunk, task.text(), self._text)

    def stop(self) -> None:
        """Let no waiting task begin."""
        with contextlib.suppress(OSError):
            (Path(self._meeting.folder) / STOP).touch()

    def kill(self) -> None:
        """End what runs, too."""
        self.stop()
        self._cluster.kill()
        self.close()

    def close(self) -> None:
        """End the processes that computed."""
        self._cluster.everywhere(dismissed, self._meeting.run, seconds=LEAVE_SECONDS)


@contextlib.contextmanager
def crew(
    cluster: Cluster,
    store: Store,
    graph: Graph,
    chunks: Iterable[Chunk],
    *,
    packages: Mapping[str, str],
) -> Iterator[Crew]:
    """Give the workers of a cluster once each of them showed that it may take part.

    Parameters
    ----------
    cluster : Cluster
    store : Store
        Has to be the same folder for all of them.
    graph : Graph
    chunks : iterable of Chunk
        What is to be computed: its code has to be the same everywhere.
    packages : mapping of str to str
        Versions of distributions that can change a number.

    Raises
    ------
    UserError
        A worker may not take part; says which, and in what it differs.
    """
    run = secrets.token_hex(16)
    with files.folder(str(store.root / "tmp")) as folder:
        (folder / NONCE).write_text(run, encoding="utf-8")
        write_steps(folder, graph, chunks)
        meeting = Meeting(
            run=run,
            folder=str(folder),
            python=".".join(platform.python_version_tuple()[:2]),
            source=source(),
            packages=tuple(sorted(packages.items())),
        )
        with claimed(folder / NONCE, run):
            apart = _looked_at(cluster, meeting)
        yield Crew(cluster, meeting, apart)


def _looked_at(cluster: Cluster, meeting: Meeting) -> tuple[str, ...]:
    found: dict[str, Shown] = {}
    for worker, said in cluster.everywhere(shown, meeting.text(), seconds=SHOW_SECONDS).items():
        if isinstance(said, Lost):
            raise UserError(f"worker {worker} cannot take part: {_why(said, meeting)}")
        found[worker] = Shown.read(said)
        if found[worker].problem:
            raise UserError(f"worker {worker} {found[worker].problem}")
    if not found:
        raise UserError(f"{cluster.name} has no worker; start some")
    for worker, facts in found.items():
        if not _arrived(Path(meeting.folder) / facts.file, meeting.run):
            raise UserError(
                f"what worker {worker} writes to {meeting.folder} does not arrive here: the store "
                "must be on a file system that all hosts mount under the same path; name another "
                "with --store"
            )
    hosts: dict[str, str] = {}
    for worker, facts in found.items():
        hosts.setdefault(facts.host, worker)
    # Those of one host and interpreter import the same.
    among = tuple(hosts.values())
    for worker, said in cluster.everywhere(
        alike, meeting.folder, among=among, seconds=SHOW_SECONDS
    ).items():
        if isinstance(said, Lost):
            raise UserError(f"worker {worker} cannot take part: {said.cause}")
        if said:
            raise UserError(f"worker {worker} {said}")
    return tuple(worker for worker, facts in found.items() if not facts.locks)


def _arrived(file: Path, text: str) -> bool:
    """Whether a file is there; network file systems show what is new after a while."""
    end = time.monotonic() + ARRIVE_SECONDS
    while True:
        with contextlib.suppress(OSError):
            if file.read_text(encoding="utf-8") == text:
                return True
        if time.monotonic() > end:
            return False
        time.sleep(0.2)


def _why(lost: Lost, meeting: Meeting) -> str:
    if "ModuleNotFoundError" not in lost.cause and "No module named" not in lost.cause:
        return lost.cause
    version = dict(meeting.packages).get("crossfold", "")
    pinned = f"=={version}" if version else ""
    return (
        f"crossfold is not installed for it ({lost.cause}); install it there with: "
        f'pip install "crossfold[bench]{pinned}"'
    )

"""The only file that knows joblib: runs waves of chunks and gathers the answers."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from joblib import Parallel, delayed

from bench.cache.store import Store
from bench.engine.cluster import ClusterLost, Lost
from bench.engine.interruption import Interruption
from bench.engine.keepers import Keepers
from bench.engine.limits import Limit, limits, loosest
from bench.engine.plan import Chunk, Graph, Schedule, schedule
from bench.engine.seats import WorkerNotStarted
from bench.engine.task import BAD, Answer, Part, Task

__all__ = ["Failure", "Hands", "Outcome", "Watcher", "execute", "task"]

# A chunk that another process is computing is asked for again after this many seconds.
BUSY_SECONDS = 0.5
# A chunk whose stored input turns out damaged this often is given up.
MOST_REPAIRS = 3
# Answers in a row that no process could be started; each comes after several starts.
MOST_UNSTARTED = 12


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step has no value."""

    step: str
    error_type: str
    error_message: str
    trace: str
    seconds: float = 0.0
    status: str = "failed"  # or timeout, oom
    output: str = ""  # what the step printed


@dataclass(slots=True)
class Outcome:
    """What an execution did: steps computed, and why others have no value."""

    computed: set[str] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)  # by key
    peak_mb: dict[str, float] = field(default_factory=dict)  # by key of an output
    seconds: dict[str, float] = field(default_factory=dict)  # by code digest of the last output
    warnings: list[str] = field(default_factory=list)


Watcher = Callable[[Chunk, Answer], None]


def execute(
    graph: Graph,
    store: Store,
    outcome: Outcome,
    *,
    jobs: int,
    packages: Callable[[Chunk], Sequence[str]],
    environment: str,
    begun: Callable[[int, int, int], None],
    watch: Watcher,
    seconds: Mapping[str, float] | None = None,
    first: Schedule | None = None,
    warn: Callable[[str], None] = lambda text: None,
    crew: Hands | None = None,
    keepers: Keepers | None = None,
) -> None:
    """Compute what the store lacks, in waves, until nothing more can be computed.

    Parameters
    ----------
    graph : Graph
        The merged graph of all cells.
    store : Store
        Where workers read inputs from and write results to.
    outcome : Outcome
        What was done is entered here.
    jobs : int
        Worker processes; with 1 the work still runs in a process of its own.
    packages : callable (chunk)
        Gives the packages that are imported before a chunk is computed.
    environment : str
        Identity of the environment, recorded with every result.
    begun : callable (wave, waves, chunks)
        Called before each wave.
    watch : callable (chunk, answer)
        Called after each chunk.
    seconds : mapping, optional
        Earlier times by code digest, for longest first.
    first : Schedule, optional
        What is to be done, where that was found out a moment ago.
    warn : callable (text), optional
        Told what the asker should know at once.
    crew : Hands, optional
        Workers of a cluster, which then run the work instead of `jobs` processes here.
    keepers : Keepers, optional
        Those that are there already, for work done here.

    Raises
    ------
    WorkerNotStarted
        Again and again no process to compute in could be started.
    ClusterLost
        The cluster went away, or a worker that joined it late may not take part.
    KeyboardInterrupt
        It was interrupted: the first time what runs is finished and kept, the second ends it.
    """
    repairs = unstarted = 0
    known = limits(graph)
    hands = _Threads(jobs, keepers or Keepers()) if crew is None else crew

    def interrupted(text: str) -> None:
        hands.stop()
        warn(text)

    with closing(hands), Interruption(hands.kill, interrupted) as interruption:
        while True:
            plan = first or schedule(graph, store, seconds=seconds)
            first = None
            absent: set[str] = set()  # keys that are to come from elsewhere, or again
            for number, wave in enumerate(plan.waves):
                ready: list[Chunk] = []
                for chunk in wave:
                    if not absent.isdisjoint(chunk.loads):
                        absent.update(chunk.outputs)
                    elif not _blocked(chunk, graph, outcome):
                        ready.append(chunk)
                if not ready:
                    continue
                begun(number, len(plan.waves), len(ready))
                chunks = {c.number: c for c in ready}
                tasks = (
                    task(c, graph, store, environment, packages(c), loosest(c.outputs, known))
                    for c in ready
                )
                for answer in _answers(tasks, hands):
                    chunk = chunks[answer.chunk]
                    if answer.status == "stopped":
                        continue
                    unstarted = unstarted + 1 if answer.status == "unstarted" else 0
                    if unstarted == MOST_UNSTARTED:
                        hands.stop()
                        raise WorkerNotStarted(
                            f"{answer.error_message} ({unstarted} times and more); what was "
                            "finished is kept, and the same command goes on from there"
                        )
                    if answer.status in ("busy", "damaged", "unstarted"):
                        absent.update(chunk.outputs)
                    repairs += answer.status == "damaged"
                    _note(chunk, answer, graph, outcome)
                    watch(chunk, answer)
                if interruption.asked:
                    raise KeyboardInterrupt
            if not absent or repairs > MOST_REPAIRS * len(plan.chunk_of):
                return
            time.sleep(BUSY_SECONDS)


def _note(chunk: Chunk, answer: Answer, graph: Graph, outcome: Outcome) -> None:
    outcome.warnings.extend(answer.warnings)
    if answer.status == "computed":
        outcome.computed.update(chunk.members)
        code = graph.instances[chunk.outputs[-1]].code
        outcome.seconds[code] = max(answer.seconds, outcome.seconds.get(code, 0.0))
    elif answer.status in BAD:
        failure = Failure(
            answer.step or graph.instances[chunk.outputs[-1]].name,
            answer.error_type,
            answer.error_message,
            answer.trace,
            answer.seconds,
            answer.status,
            answer.output,
        )
        for key in chunk.outputs:
            outcome.failures[key] = failure
    for key in chunk.outputs:
        outcome.peak_mb[key] = answer.peak_mb


def _blocked(chunk: Chunk, graph: Graph, outcome: Outcome) -> bool:
    """Whether something the chunk reads has failed; then its outputs fail for the same cause."""
    if any(key in outcome.failures for key in chunk.outputs):
        return True
    for key in chunk.loads:
        if key in outcome.failures:
            cause = outcome.failures[key]
            for output in chunk.outputs:
                outcome.failures[output] = replace(cause, seconds=0.0)
            return True
    return False


def _answers(tasks: Iterator[Task], hands: Hands) -> Iterator[Answer]:
    """Hand out tasks and give their answers as they come, whatever becomes of a worker."""
    run = Parallel(
        n_jobs=hands.jobs,
        backend=hands.backend,
        batch_size=1,
        pre_dispatch=hands.pre_dispatch,
        return_as="generator_unordered",
    )
    given = run(_delayed(*hands.call(task)) for task in tasks)
    try:
        for said in given:
            if not isinstance(said, Lost):
                answer = Answer.read(said)
            elif said.engine:
                raise ClusterLost(
                    f"{hands.name} was lost ({said.cause}); what was finished is kept, and the "
                    "same command goes on from there, also with another --backend"
                )
            else:
                answer = Answer(
                    said.chunk, "failed", error_type="WorkerLost", error_message=said.cause
                )
            if answer.status == "refused":
                hands.stop()
                raise ClusterLost(
                    f"{answer.error_message}; it joined {hands.name} during the run, which was "
                    "stopped. What was finished is kept, and the same command goes on from there"
                )
            yield answer
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that work is left undone, as meant
            given.close()


def _delayed(function: Callable[..., str], arguments: tuple[Any, ...]) -> Any:
    return delayed(function)(*arguments)


class Hands(Protocol):
    """Those who run tasks.

    Attributes
    ----------
    name : str
        How messages call them.
    jobs : int
        Tasks that run at a time.
    backend, pre_dispatch
        What joblib is given.
    """

    name: str
    jobs: int
    backend: Any
    pre_dispatch: str

    def call(self, task: Task) -> tuple[Callable[..., str], tuple[Any, ...]]:
        """Return what joblib is to call for a task: a function and its arguments."""

    def stop(self) -> None:
        """Let no waiting task begin."""

    def kill(self) -> None:
        """End what runs, too."""

    def close(self) -> None:
        """Leave nothing running behind."""


class _Threads:
    """Threads of this process, each of which waits for a process of its own."""

    name, backend, pre_dispatch = "this machine", "threading", "2 * n_jobs"

    def __init__(self, jobs: int, keepers: Keepers) -> None:
        self.jobs = jobs
        self._keepers = keepers
        self._stopped = False

    def call(self, task: Task) -> tuple[Callable[..., str], tuple[Any, ...]]:
        return self._kept, (task,)

    def _kept(self, task: Task) -> str:
        if self._stopped:
            return Answer(task.chunk, "stopped").text()
        return self._keepers.kept(task)

    def stop(self) -> None:
        self._stopped = True

    def kill(self) -> None:
        self.stop()
        self._keepers.kill()

    def close(self) -> None:
        self._keepers.close()


def task(
    chunk: Chunk,
    graph: Graph,
    store: Store,
    environment: str,
    packages: Sequence[str] = (),
    limit: Limit = (None, None),
) -> Task:
    """Return the task of a chunk: all that its worker needs to know."""
    request = graph.requests[chunk.request]
    parts = tuple(
        Part(i.key, i.name, i.code, i.needs, i.values)
        for i in (graph.instances[k] for k in chunk.members)
    )
    return Task(
        chunk=chunk.number,
        store=store.root,
        flow=request.flow,
        inputs=request.inputs,
        parts=parts,
        outputs=chunk.outputs,
        loads=tuple((graph.instances[k].name, k) for k in chunk.loads),
        environment=environment,
        timeout=limit[0],
        memory=limit[1],
        packages=tuple(packages),
    )

"""The only file that knows joblib: runs waves of chunks in processes and gathers the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

from bench.cache import files
from bench.cache.store import Store
from bench.engine.plan import Chunk, Graph, schedule
from bench.engine.worker import Answer, Part, Task, prepare, work

__all__ = ["Failure", "Outcome", "Watcher", "execute", "task"]

# A chunk that another process is computing is asked for again after this many seconds.
BUSY_SECONDS = 0.5
# A chunk whose stored input turns out damaged this often is given up.
MOST_REPAIRS = 3
# One thread in each numerical library: more threads only wait for each other, and may change sums.
THREAD_LIMITS = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step has no value."""

    step: str
    error_type: str
    error_message: str
    trace: str
    seconds: float = 0.0


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
    packages: Sequence[str],
    environment: str,
    begun: Callable[[int, int, int], None],
    watch: Watcher,
    seconds: Mapping[str, float] | None = None,
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
    packages : sequence of str
        Packages that workers import before their first chunk.
    environment : str
        Identity of the environment, recorded with every result.
    begun : callable (wave, waves, chunks)
        Called before each wave.
    watch : callable (chunk, answer)
        Called after each chunk.
    seconds : mapping, optional
        Earlier times by code digest, for longest first.
    """
    repairs = 0
    with (
        files.folder(str(store.root / "tmp")) as attempts,
        _pool(jobs, tuple(packages)) as run,
    ):
        while True:
            plan = schedule(graph, store, seconds=seconds)
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
                tasks = {c.number: task(c, graph, store, attempts, environment) for c in ready}
                chunks = {c.number: c for c in ready}
                for answer in run(tasks, attempts):
                    chunk = chunks[answer.chunk]
                    if answer.status in ("busy", "damaged"):
                        absent.update(chunk.outputs)
                    repairs += answer.status == "damaged"
                    _note(chunk, answer, graph, outcome)
                    watch(chunk, answer)
            if not absent or repairs > MOST_REPAIRS * len(plan.chunk_of):
                return
            time.sleep(BUSY_SECONDS)


def _note(chunk: Chunk, answer: Answer, graph: Graph, outcome: Outcome) -> None:
    outcome.warnings.extend(answer.warnings)
    if answer.status == "computed":
        outcome.computed.update(chunk.members)
        code = graph.instances[chunk.outputs[-1]].code
        outcome.seconds[code] = max(answer.seconds, outcome.seconds.get(code, 0.0))
    elif answer.status == "failed":
        failure = Failure(
            answer.step or graph.instances[chunk.outputs[-1]].name,
            answer.error_type,
            answer.error_message,
            answer.trace,
            answer.seconds,
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


def task(chunk: Chunk, graph: Graph, store: Store, attempts: Path, environment: str) -> Task:
    """Return the task of a chunk: all that its worker needs to know."""
    request = graph.requests[chunk.request]
    parts = tuple(
        Part(i.key, i.name, i.code, i.needs, i.values)
        for i in (graph.instances[k] for k in chunk.members)
    )
    return Task(
        chunk=chunk.number,
        store=store.root,
        attempts=attempts,
        flow=request.flow,
        inputs=request.inputs,
        parts=parts,
        outputs=chunk.outputs,
        loads=tuple((graph.instances[k].name, k) for k in chunk.loads),
        environment=environment,
    )


_Run = Callable[[Mapping[int, Task], Path], Iterator[Answer]]


@contextmanager
def _pool(jobs: int, packages: tuple[str, ...]) -> Iterator[_Run]:
    """Give a function that runs tasks on `jobs` processes and survives the death of any of them."""
    alone = _Alone(packages)

    def run(tasks: Mapping[int, Task], attempts: Path) -> Iterator[Answer]:
        if jobs == 1:
            for task in tasks.values():
                yield alone.answer(task, attempts=2)
            return
        left = dict(tasks)
        while left:
            try:
                for text in Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")(
                    delayed(work)(task) for task in list(left.values())
                ):
                    answer = Answer.read(text)
                    del left[answer.chunk]
                    yield answer
            except BrokenProcessPool:
                # joblib gives up the whole call when a worker dies. Only tasks that were under way
                # can be the cause; each of them gets another try in a process of its own.
                suspects = [t for n, t in left.items() if (attempts / str(n)).exists()]
                for task in suspects or list(left.values())[:jobs]:
                    del left[task.chunk]
                    yield alone.answer(task)

    try:
        with parallel_config(
            backend="loky", inner_max_num_threads=1, initializer=prepare, initargs=(packages,)
        ):
            yield run
    finally:
        alone.close()


class _Alone:
    """One process that runs one task at a time, so that its death has one cause.

    joblib runs ``n_jobs=1`` inside the calling process, where a crash would take the run along.
    """

    def __init__(self, packages: tuple[str, ...]) -> None:
        self._packages = packages
        self._process: ProcessPoolExecutor | None = None

    def answer(self, task: Task, *, attempts: int = 1) -> Answer:
        """Run a task; if the process dies each time, this task killed it."""
        if self._process is None:
            self._process = ProcessPoolExecutor(
                max_workers=1, initializer=prepare, initargs=(self._packages,), env=THREAD_LIMITS
            )
        try:
            return Answer.read(self._process.submit(work, task).result())
        except BrokenProcessPool as cause:
            self.close()
            if attempts > 1:
                return self.answer(task, attempts=attempts - 1)
            (task.attempts / str(task.chunk)).unlink(missing_ok=True)
            return Answer(
                task.chunk,
                "failed",
                error_type="WorkerDied",
                error_message="the process that ran this step ended without an answer "
                "(a crash in compiled code, or killed, for instance for its memory)",
                trace=str(cause),
            )

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.shutdown(wait=True, kill_workers=True)
            self._process = None

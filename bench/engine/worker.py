"""What a worker process does with a chunk: load, compute, store, and answer."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from bench.cache import files
from bench.cache.codecs import encode
from bench.cache.codehash import CodeHasher
from bench.cache.datahash import data_hash
from bench.cache.plain import JSON
from bench.cache.store import DamagedObject, Record, Store
from bench.engine.draws import seeded
from bench.engine.graph import Observation, flow
from bench.engine.loaded import Loaded
from bench.engine.plan import content_key
from bench.engine.task import Answer, Task
from bench.errors import BenchError, one_line

__all__ = ["work"]

# A value inside a chunk is kept when making it again would cost at least this long ...
KEEP_SECONDS = 0.1
# ... and reading it back is not the larger part of that.
KEEP_BYTES_PER_SECOND = 50_000_000
_CODE = CodeHasher()
_LOADED = Loaded(most=64 << 20)
# What the notes of a result say about the one time it was computed.
MEASURED = ("seconds", "timings", "peak_mb", "environment")


def work(
    task: Task,
    *,
    at: Callable[[str], None] = lambda step: None,
    begun: Callable[[], None] = lambda: None,
) -> Answer:
    """Run one chunk; whatever goes wrong is part of the answer.

    Parameters
    ----------
    task : Task
    at : callable (step)
        Told the name of each step before it runs.
    begun : callable
        Called when all is read and the steps begin.
    """
    begin = time.perf_counter()
    steps: list[str] = []

    def before(step: str) -> None:
        steps.append(step)
        at(step)

    try:
        answer = _answer(task, begin, before, begun)
    except BaseException as cause:  # noqa: BLE001 - the worker's edge: one chunk's fault stays its own
        answer = Answer(
            chunk=task.chunk,
            status="oom" if isinstance(cause, MemoryError) else "failed",
            seconds=time.perf_counter() - begin,
            peak_mb=_peak_mb(),
            error_type=type(cause).__name__,
            step=steps[-1] if steps else "",
            error_message=_message(cause),
            trace=_trace(cause),
        )
    return replace(answer, warnings=_drained(task.store))


def _drained(root: Path) -> tuple[str, ...]:
    """What the store has to say of damage since it was last asked."""
    try:
        warnings = _store(root).warnings
    except BenchError:  # the store is gone: that is what the answer is about
        return ()
    found = tuple(warnings)
    warnings.clear()
    return found


def _message(cause: BaseException) -> str:
    try:
        return one_line(cause) or type(cause).__name__
    except Exception:  # noqa: BLE001 - its __str__ is the user's code too
        return type(cause).__name__


def _trace(cause: BaseException) -> str:
    """Return where it was raised, from the step on; what called the step is always the same."""
    frames = traceback.extract_tb(cause.__traceback__)
    caller = str(Path("hamilton") / "node.py")
    calls = [i for i, frame in enumerate(frames) if frame.filename.endswith(caller)]
    lines = traceback.format_list(frames[calls[-1] + 1 :] if calls else frames[-12:])
    return "".join(lines) + f"{type(cause).__name__}: {_message(cause)}"


def _answer(
    task: Task, begin: float, at: Callable[[str], None], begun: Callable[[], None]
) -> Answer:
    store = _store(task.store)
    with store.claim(task.outputs[0]) as mine:
        if not mine:
            return Answer(task.chunk, "busy")
        if len(store.records(task.outputs)) == len(task.outputs):
            return Answer(task.chunk, "served")  # another process was quicker
        records = store.records(key for _, key in task.loads)
        if len(records) < len({key for _, key in task.loads}):
            return Answer(task.chunk, "damaged")
        content = _content_keys(task, records)
        same = store.records(content[key] for key in task.outputs)
        if all(content[key] in same for key in task.outputs):
            for key in task.outputs:
                record = same[content[key]]
                # The value is the one another recipe made; how it came about is told of this one.
                notes = {n: record.meta[n] for n in MEASURED if n in record.meta}
                made = _recipe(task, key) | {"fused": _fused(task, key, set(task.outputs))}
                store.link(key, record, meta={**notes, **made})
            return Answer(task.chunk, "served", seconds=time.perf_counter() - begin)
        try:
            if task.memory is not None:
                _LOADED.forget()
            known = {name: _LOADED.load(store, records[key]) for name, key in task.loads}
        except DamagedObject:
            return Answer(task.chunk, "damaged")
        return _computed(task, store, known, content, begin, at, begun)


def _computed(
    task: Task,
    store: Store,
    known: Mapping[str, object],
    content: Mapping[str, str],
    begin: float,
    at: Callable[[str], None],
    begun: Callable[[], None],
) -> Answer:
    parts = {p.name: p for p in task.parts}
    by_key = {p.key: p for p in task.parts}
    compiled = flow(task.flow)
    wanted = [by_key[key].name for key in task.outputs]

    kept: set[str] = set()

    def worth_keeping(name: str, seconds: float, value: object) -> bool:
        return (
            seconds >= KEEP_SECONDS
            and parts[name].key not in task.outputs
            and _size(value) <= seconds * KEEP_BYTES_PER_SECOND
        )

    def before(name: str) -> None:
        at(name)
        step = compiled.steps[name]
        # This process may have read the file later than the one that made the key.
        if _CODE(step.callable, declared=step.hidden) != parts[name].code:
            raise BenchError("its code was changed while the run was going on; run again")
        drawing.close()
        drawing.enter_context(seeded(parts[name].code, parts[name].values))

    def after(name: str, seconds: float, value: object) -> None:
        part = parts[name]
        for given, digest in part.values:
            file = task.inputs.get(given)
            if isinstance(file, Path) and data_hash(file) != digest:
                raise BenchError(f"{file} was changed while the run was going on; run again")
        if part.key in task.outputs:
            keep(name, value)
        elif worth_keeping(name, seconds, value):
            with contextlib.suppress(Exception):  # nobody asked for it to be kept
                keep(name, value)

    def keep(name: str, value: object) -> None:
        part = parts[name]
        meta = {
            **_recipe(task, part.key),
            "fused": _fused(task, part.key, kept),
            "seconds": observation.seconds.get(name, 0.0),
            "timings": dict(observation.seconds) if part.key in task.outputs else {},
            "peak_mb": _peak_mb(),
            "environment": task.environment,
        }
        store.put(part.key, value, meta=meta, also=content[part.key])
        kept.add(part.key)

    observation = Observation(before=before, after=after)
    _reset_peak()
    begun()
    with contextlib.ExitStack() as drawing:
        compiled.execute(wanted, inputs=task.inputs, known=known, observation=observation)
    return Answer(
        task.chunk,
        "computed",
        computed=len(observation.seconds),
        seconds=time.perf_counter() - begin,
        peak_mb=_peak_mb(),
        stage=_stage(task),
    )


def _size(value: object) -> float:
    """Bytes of a value in the store, infinite for what it cannot keep."""
    try:
        return len(memoryview(encode(value).data))
    except Exception:  # noqa: BLE001 - whatever a library raises, it cannot be kept
        return float("inf")


def _content_keys(task: Task, records: Mapping[str, Record]) -> dict[str, str]:
    """Names made of the actual inputs' content: a new recipe of the same content is no new work."""
    keys: dict[str, str] = {}
    for part in task.parts:
        needs = (
            (name, keys[key] if key in keys else f"={records[key].data_hash}")
            for name, key in part.needs
        )
        keys[part.key] = content_key(part.code, needs, part.values)
    return keys


def _stage(task: Task) -> str:
    names = {p.name for p in task.parts}
    if "best_model" in names:
        return "fit"
    if "prediction" in names or "performance_metrics" in names:
        return "score"
    return "features" if any(n.startswith("X") for n in names) else "data"


@lru_cache(maxsize=4)
def _store(root: Path) -> Store:
    return Store(root, create=False)


def _recipe(task: Task, key: str) -> dict[str, JSON]:
    """What a step is made of; its code's units are kept under the code hash."""
    part = next(p for p in task.parts if p.key == key)
    compiled = flow(task.flow)
    step = compiled.steps[part.name]
    given = {
        name: compiled.value(name, task.inputs)
        if compiled.given(name, task.inputs)
        else step.defaults[name]
        for name, _ in part.values
    }
    return {
        "node": part.name,
        "module": step.module,
        "code_hash": part.code,
        "deps": dict(part.needs),
        "values": dict(part.values),
        "inputs": {n: v for n, v in given.items() if isinstance(v, str | int | float)},
    }


def _fused(task: Task, key: str, kept: Set[str]) -> dict[str, JSON]:
    """Recipes of the steps between a result and what is kept of what it was made of."""
    inside = {p.key: p for p in task.parts}
    found: dict[str, JSON] = {}
    waiting = [key]
    while waiting:
        for _, need in inside[waiting.pop()].needs:
            if need in inside and need not in kept and need not in found:
                found[need] = _recipe(task, need)
                waiting.append(need)
    return found


def _reset_peak() -> None:
    with contextlib.suppress(OSError):  # Linux only; elsewhere the peak is the process's
        descriptor = os.open("/proc/self/clear_refs", os.O_WRONLY)
        try:
            os.write(descriptor, b"5")
        finally:
            os.close(descriptor)


def _peak_mb() -> float:
    # The quicker of the two keeps the peak of what a process was before it became another program.
    if not _FORKED:
        with contextlib.suppress(OSError, ValueError):
            status = files.read("/proc/self/status")
            return int(status[status.index(b"VmHWM:") + 6 :].split(None, 1)[0]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024**2


_FORKED: list[bool] = []  # holds something in a copy of a process
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _FORKED.append(True))

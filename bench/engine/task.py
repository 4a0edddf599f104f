"""What goes to a worker and what comes back: short values that travel as one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.cache.plain import JSON, from_json, to_json
from bench.engine.graph import FlowSpec

__all__ = ["BAD", "Answer", "Part", "Task", "told"]

# Ends of a chunk that leave its cells without a result.
BAD = frozenset({"failed", "timeout", "oom"})


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a chunk, as far as a worker needs to know it."""

    key: str
    name: str
    code: str
    needs: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A chunk with all a worker needs: names, keys and plain inputs, never data.

    Parameters
    ----------
    timeout : float, optional
        Seconds that the chunk may take.
    memory : int, optional
        Bytes of memory that its process may hold.
    packages : tuple of str
        What its process should have imported before.
    """

    chunk: int
    store: Path
    flow: FlowSpec
    inputs: Mapping[str, object]
    parts: tuple[Part, ...]
    outputs: tuple[str, ...]
    loads: tuple[tuple[str, str], ...]  # (step name, key)
    environment: str
    timeout: float | None = None
    memory: int | None = None
    packages: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the task as one line; see `read`.

        Raises
        ------
        Unstorable
            An input is no plain value.
        """
        return json.dumps(
            [
                self.chunk,
                str(self.store),
                [self.flow.modules, self.flow.config, self.flow.model],
                [_sent(name, value) for name, value in self.inputs.items()],
                [[p.key, p.name, p.code, p.needs, p.values] for p in self.parts],
                self.outputs,
                self.loads,
                self.environment,
                self.timeout,
                self.memory,
                self.packages,
            ]
        )

    @staticmethod
    def read(text: str | bytes) -> Task:
        """Return the task that a line tells."""
        chunk, store, flow, inputs, parts, outputs, loads, *rest = json.loads(text)
        environment, timeout, memory, packages = rest
        return Task(
            chunk=chunk,
            store=Path(store),
            flow=FlowSpec(tuple(flow[0]), _pairs(flow[1]), flow[2]),
            inputs={n: Path(v) if kind == "path" else from_json(v) for n, kind, v in inputs},
            parts=tuple(Part(k, n, c, _pairs(needs), _pairs(v)) for k, n, c, needs, v in parts),
            outputs=tuple(outputs),
            loads=_pairs(loads),
            environment=environment,
            timeout=timeout,
            memory=memory,
            packages=tuple(packages),
        )


def _sent(name: str, value: object) -> tuple[str, str, JSON]:
    return (name, "path", str(value)) if isinstance(value, Path) else (name, "", to_json(value))


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one, two) for one, two in rows)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a chunk."""

    chunk: int
    # computed | served | failed | timeout | oom | busy | damaged | stopped | unstarted
    status: str
    computed: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0
    stage: str = ""
    step: str = ""  # the step that failed
    warnings: tuple[str, ...] = ()
    error_type: str = ""
    error_message: str = ""
    trace: str = ""
    output: str = ""  # what a failed step wrote to its standard output and error

    def text(self) -> str:
        """Return the answer as the one line that goes back to the parent."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @staticmethod
    def read(text: str) -> Answer:
        """Return the answer that a line tells."""
        return Answer(**json.loads(text))


def told(trace: str, output: str) -> str:
    """Return what is there to read of a step that failed: where, and what it had printed."""
    printed = f"\nprinted before:\n{output}" if output.strip() else ""
    return f"{trace.rstrip()}\n{printed}"

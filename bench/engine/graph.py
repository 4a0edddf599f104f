"""The only file that knows Hamilton's graph: its steps, what each needs, how some run."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

# On import Hamilton looks for every plug-in it knows (seconds) and reports usage: not wanted.
os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
os.environ.setdefault("HAMILTON_TELEMETRY_ENABLED", "false")

from hamilton import driver
from hamilton.lifecycle.base import BaseDoNodeExecute
from hamilton.node import DependencyType, Node

from bench.cache.codecs import can_store
from bench.cache.unseen import watched
from bench.engine.handed import handed, refuse_unstorable
from bench.errors import UserError
from bench.spec.catalogue import load_module

__all__ = ["Flow", "FlowSpec", "Observation", "Step", "flow", "step_of"]


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """What a driver is built from: module names or files, and the driver's configuration."""

    modules: tuple[str, ...]
    config: tuple[tuple[str, str], ...]
    model: str  # the module among them that gives the forecasts


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a dataflow: its name, what it needs, and the code that gives it."""

    name: str
    module: str
    needs: tuple[str, ...]  # other steps, sorted by name
    inputs: tuple[str, ...]  # values given from outside, sorted by name
    required: frozenset[str]  # those inputs that have no default
    defaults: Mapping[str, object]
    storable: bool
    hidden: frozenset[str]  # kinds of unseen state that its author declared: @tag(hidden="files")
    callable: Callable[..., object] = field(repr=False)


@dataclass(slots=True)
class Observation:
    """Who is told of each step before and right after it runs, and the seconds each took."""

    before: Callable[[str], None]
    after: Callable[[str, float, object], None]  # at once: a later step may change the value
    seconds: dict[str, float] = field(default_factory=dict)


class _Observer(BaseDoNodeExecute):  # type: ignore[misc]
    """Times each step of the execution under way, and keeps it to what its key holds."""

    def __init__(self) -> None:
        self.observation: Observation | None = None
        self.steps: Mapping[str, Step] = {}

    def do_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None
    ) -> Any:
        seen = self.observation
        if seen is not None:
            seen.before(node_.name)
        step = self.steps[node_.name]
        begin = time.perf_counter()
        with watched(
            f"{step.module}.{step.name}",
            step.callable,
            kwargs,
            defaults=step.defaults,
            declared=step.hidden,
        ):
            value = node_(**{name: handed(given) for name, given in kwargs.items()})
        if step.storable:
            refuse_unstorable(value, name=f"{step.module}.{step.name}")
        if seen is not None:
            seconds = time.perf_counter() - begin
            seen.seconds[node_.name] = seconds
            seen.after(node_.name, seconds, value)
        return value


class Flow:
    """A compiled dataflow: the steps of a set of modules under one configuration.

    Parameters
    ----------
    spec : FlowSpec
        Modules, in order, and the driver's configuration.

    Raises
    ------
    UserError
        A module does not import, or Hamilton cannot make a graph of the modules.
    """

    def __init__(self, spec: FlowSpec) -> None:
        logging.getLogger("hamilton").setLevel(logging.CRITICAL)  # failures are told by us, once
        self.spec = spec
        self._observer = _Observer()
        modules = [load_module(reference) for reference in spec.modules]
        try:
            self._driver = (
                driver.Builder()
                .with_modules(*modules)
                .with_config(dict(spec.config))
                .with_adapters(self._observer)
                .build()
            )
        except Exception as cause:
            last = (
                str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
            )
            raise UserError(
                f"{spec.model} and the modules around it do not make a dataflow: {last}"
            ) from cause
        self._config = dict(spec.config)

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """Every node that is computed, by name."""
        return {n.name: step_of(n) for n in self._driver.graph.nodes.values() if not n.user_defined}

    def order(self, wanted: Iterable[str]) -> tuple[Step, ...]:
        """Steps that `wanted` rest on, themselves included, each after what it needs.

        Raises
        ------
        UserError
            The steps need each other in a circle.
        """
        done: dict[str, Step] = {}
        open_: set[str] = set()
        for final in wanted:
            stack: list[tuple[str, bool]] = [(final, False)]
            while stack:
                name, ready = stack.pop()
                if name in done:
                    continue
                step = self.steps[name]
                if ready:
                    open_.discard(name)
                    done[name] = step
                    continue
                if name in open_:
                    raise UserError(
                        f"the steps of {self.spec.model} need each other in a circle through "
                        f"{name!r}; a step may only use what comes before it"
                    )
                open_.add(name)
                stack.append((name, True))
                stack.extend((n, False) for n in step.needs if n not in done)
        return tuple(done.values())

    def value(self, name: str, inputs: Mapping[str, object]) -> object:
        """An outside value as a step sees it: an input, or a configuration entry of that name."""
        return inputs[name] if name in inputs else self._config[name]

    def given(self, name: str, inputs: Mapping[str, object]) -> bool:
        """Whether an outside value is there for `name`."""
        return name in inputs or name in self._config

    def execute(
        self,
        wanted: Sequence[str],
        *,
        inputs: Mapping[str, object],
        known: Mapping[str, object],
        observation: Observation | None = None,
    ) -> dict[str, object]:
        """Values of `wanted`, computed from `inputs` and the values already `known`."""
        self._observer.observation = observation
        self._observer.steps = self.steps
        try:
            result: dict[str, object] = self._driver.execute(
                list(wanted), inputs=dict(inputs), overrides=dict(known)
            )
        finally:
            self._observer.observation = None
        return result


@lru_cache(maxsize=256)
def flow(spec: FlowSpec) -> Flow:
    """The compiled dataflow of `spec`, made once per process."""
    return Flow(spec)


def step_of(node: Node) -> Step:
    """Return what is known of a node of Hamilton's graph."""
    user_given = {d.name for d in node.dependencies if d.user_defined}
    defaults = dict(node.default_parameter_values)
    inputs = sorted(name for name in node.input_types if name in user_given)
    return Step(
        name=node.name,
        module=str(node.tags.get("module", "")),
        needs=tuple(sorted(name for name in node.input_types if name not in user_given)),
        inputs=tuple(inputs),
        required=frozenset(
            name for name in inputs if node.input_types[name][1] is DependencyType.REQUIRED
        ),
        defaults=defaults,
        storable=can_store(node.type),
        hidden=frozenset(str(node.tags.get("hidden", "")).replace(",", " ").split()),
        callable=node.callable,
    )

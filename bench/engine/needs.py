"""What a process should have imported before it computes a chunk, as found in its code."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType, ModuleType

from bench.cache.codehash import code_units
from bench.engine.graph import flow
from bench.engine.plan import Chunk, Graph
from bench.spec.catalogue import load_module

__all__ = ["Needs"]

# Where a chunk needs no others, it need not wait until they are imported.
_LIGHT = frozenset({"pandas", "pyarrow"})
_HEAVY = frozenset({"xgboost", "torch", "sklearn", "scipy", "statsmodels"})
_OURS = "dataflows."


class Needs:
    """The packages of each chunk: those for tables, or all that any of the chunks imports.

    There are only these two, so that a process that has imported for one model suits the next.

    Parameters
    ----------
    graph : Graph
    chunks : iterable of Chunk
        All that are to be computed.

    Attributes
    ----------
    sets : tuple of tuple of str
        The packages that at least one of the chunks needs, the fewest first.
    """

    def __init__(self, graph: Graph, chunks: Iterable[Chunk]) -> None:
        self._graph = graph
        self._by_code: dict[str, frozenset[str]] = {}
        self._by_modules: dict[tuple[str, ...], frozenset[str]] = {}
        found = [self._heavy(chunk) for chunk in chunks]
        ours = {m for modules in self._by_modules for m in modules if m.startswith(_OURS)}
        self._light = tuple(sorted(_LIGHT | ours))
        self._all = tuple(sorted(_LIGHT.union(ours, *found)))
        self.sets = (self._light,) * (not all(found)) + (self._all,) * any(found)

    def __call__(self, chunk: Chunk) -> tuple[str, ...]:
        """Return the packages of a chunk."""
        return self._all if self._heavy(chunk) else self._light

    def _heavy(self, chunk: Chunk) -> frozenset[str]:
        spec = self._graph.requests[chunk.request].flow
        if spec.modules not in self._by_modules:
            self._by_modules[spec.modules] = _at_the_top(spec.modules)
        found = self._by_modules[spec.modules]
        for key in chunk.members:
            instance = self._graph.instances[key]
            if instance.code not in self._by_code:
                step = flow(spec).steps[instance.name]
                names = (unit.name.partition(".")[0] for unit in code_units(step.callable))
                self._by_code[instance.code] = _HEAVY.intersection(names)
            found |= self._by_code[instance.code]
        return found


def _at_the_top(modules: Iterable[str]) -> frozenset[str]:
    """Return what the asker's own modules have imported as soon as they are there."""
    values = (
        value
        for reference in modules
        if not reference.startswith(_OURS)
        for value in vars(load_module(reference)).values()
    )
    return _HEAVY.intersection(_home(value).partition(".")[0] for value in values)


def _home(value: object) -> str:
    if type(value) is ModuleType:  # no other kind: a lazy one would be loaded by the question
        return value.__name__
    if isinstance(value, type | FunctionType):
        return str(value.__module__)
    return ""

"""How long a piece of work may take and what memory, when cells with different limits share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from bench.engine.plan import Graph

__all__ = ["Limit", "limits", "loosest"]

Limit = tuple[float | None, int | None]  # seconds, bytes; None for no limit

NONE: Limit = (None, None)


def limits(graph: Graph) -> Mapping[str, Limit]:
    """Return the limit of each step that has one: the loosest of the cells that rest on it."""
    found: dict[str, Limit] = {}
    if all((r.timeout, r.memory) == NONE for r in graph.requests):
        return found
    for request, steps in zip(graph.requests, graph.steps, strict=True):
        mine = (request.timeout, request.memory)
        for key in steps:
            found[key] = _looser(found[key], mine) if key in found else mine
    return found


def loosest(keys: Iterable[str], known: Mapping[str, Limit]) -> Limit:
    """Return the loosest limit among some steps."""
    found = [known.get(key, NONE) for key in keys]
    return reduce(_looser, found) if found else NONE


def _looser(one: Limit, two: Limit) -> Limit:
    seconds = None if one[0] is None or two[0] is None else max(one[0], two[0])
    memory = None if one[1] is None or two[1] is None else max(one[1], two[1])
    return seconds, memory

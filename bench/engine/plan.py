"""The merged graph of all cells, where equal recipes are one step, and what is left to compute."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import cast

from blake3 import blake3

from bench.cache.codehash import CodeHasher, code_units
from bench.cache.datahash import data_hash
from bench.cache.lineage import Recipe
from bench.cache.plain import JSON
from bench.cache.store import Record, Store
from bench.engine.graph import Flow, FlowSpec, Step, flow
from bench.errors import UserError, did_you_mean

__all__ = [
    "Chunk",
    "Graph",
    "Instance",
    "Request",
    "Schedule",
    "content_key",
    "keep_code",
    "merged",
    "recipe_key",
    "schedule",
]

# Part of every key: raise it when the meaning of a key changes.
FORMAT = "crossfold-recipe-2"
# A store that lacks this many steps is listed once instead of asked for every other one.
MISSES_BEFORE_LISTING = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """What one cell asks for: these outputs of this dataflow under these inputs."""

    name: str
    flow: FlowSpec
    inputs: Mapping[str, object]
    wanted: tuple[str, ...]
    optional: tuple[str, ...] = ()  # wanted where the dataflow has them
    timeout: float | None = None  # seconds that a piece of its work may take
    memory: int | None = None  # bytes that the process of a piece may hold


@dataclass(frozen=True, slots=True)
class Instance:
    """One distinct step: its code, and the keys or values of all it needs."""

    key: str
    name: str
    module: str
    code: str
    needs: tuple[tuple[str, str], ...]  # (parameter, key of the step that gives it)
    values: tuple[tuple[str, str], ...]  # (parameter, data hash of the value given)
    storable: bool


@dataclass(slots=True)
class Graph:
    """All cells' steps with equal ones merged."""

    requests: tuple[Request, ...]
    instances: dict[str, Instance] = field(default_factory=dict)
    wanted: list[dict[str, str]] = field(default_factory=list)  # per request: output -> key
    steps: list[tuple[str, ...]] = field(default_factory=list)  # per request: keys of all its steps
    calls: int = 0
    shown: dict[str, JSON] = field(default_factory=dict)  # by data hash, values short enough

    def recipe(self, key: str) -> Recipe:
        """Return the recipe of a step."""
        step = self.instances[key]
        return Recipe(
            key=key,
            node=step.name,
            module=step.module,
            code_hash=step.code,
            deps=dict(step.needs),
            values=dict(step.values),
            inputs={n: self.shown[d] for n, d in step.values if d in self.shown},
        )

    def recipes(self) -> dict[str, Recipe]:
        """Return the recipe of each step by key."""
        return {key: self.recipe(key) for key in self.instances}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Steps that one worker runs in one go, because nobody else needs what lies between them."""

    number: int
    label: str
    request: int  # the request whose dataflow and inputs are used
    outputs: tuple[str, ...]  # keys to be stored
    members: tuple[str, ...]  # keys, each after what it needs
    loads: tuple[str, ...]  # keys read from the store
    wave: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is still to be computed, wave after wave, and the counts to tell."""

    waves: tuple[tuple[Chunk, ...], ...]
    chunk_of: Mapping[str, int]  # key of a step to be computed -> chunk that stores or uses it
    to_compute: int
    found: Mapping[str, Record]  # what the store has, of what was looked for


def recipe_key(
    code: str, needs: Iterable[tuple[str, str]], values: Iterable[tuple[str, str]], *, name: str
) -> str:
    """Name of a result, known before anything runs: its code and the names of all it needs."""
    # Equal code under two names is two steps of a dataflow.
    words = [_sized(FORMAT, name, code)]
    words += [f"{_sized('step', parameter)}{len(key)}:{key}" for parameter, key in needs]
    words += [f"{_sized('value', parameter)}{len(held)}:{held}" for parameter, held in values]
    return blake3("".join(words).encode()).hexdigest(length=20)


@lru_cache(maxsize=4096)
def _sized(*words: str) -> str:
    """Words as one text; lengths keep ("ab", "c") and ("a", "bc") apart."""
    return "".join(f"{len(word)}:{word}" for word in words)


def content_key(
    code: str, needs: Iterable[tuple[str, str]], values: Iterable[tuple[str, str]]
) -> str:
    """Name of a result made of its actual inputs: its code, and what came in.

    Parameters
    ----------
    code : str
        The hash of the code.
    needs : iterable of (parameter, name)
        For what is kept ``=`` and its data hash; else its own key.
    values : iterable of (parameter, data hash)
        The inputs given.
    """
    words = ["content", code]
    for name, held in needs:
        words += [name, held]
    for name, digest in values:
        words += [name, f"={digest}"]
    text = "".join(f"{len(w)}:{w}" for w in words)
    return blake3(text.encode()).hexdigest(length=20)


def merged(requests: Sequence[Request]) -> Graph:
    """Merge the dataflows of all requests into one graph of distinct steps.

    Raises
    ------
    UserError
        A dataflow lacks a wanted output, or a step needs a value that nobody gives.
    """
    graph = Graph(requests=tuple(requests))
    compiled: dict[tuple[object, ...], _Compiled] = {}
    shared = _Shared(graph)
    with _no_collection():
        for request in requests:
            recipe = (request.flow, request.wanted, request.optional, tuple(sorted(request.inputs)))
            if recipe not in compiled:
                compiled[recipe] = _Compiled(request)
            keys = compiled[recipe].keys(request, shared)
            graph.wanted.append({name: keys[name][1] for name in compiled[recipe].wanted})
            graph.steps.append(tuple(map(_KEY, keys.values())))
            graph.calls += len(keys)
    graph.shown = shared.digest.scalars()
    return graph


@contextmanager
def _no_collection() -> Iterator[None]:
    """Leave out the search for circles: a plan is a million small tuples, and has none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_Pair = tuple[str, str]  # a parameter and a digest; each made once, for a plan has millions
_KEY = itemgetter(1)


class _ValueDigests:
    """Data hashes of input values, each computed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[type, object], str] = {}

    def __call__(self, value: object) -> str:
        if isinstance(value, str | int | bool | Path) or value is None:
            slot: tuple[type, object] = (type(value), value)
        elif isinstance(value, float):
            slot = (float, repr(value))  # 0.0 == -0.0, but they are not the same value
        else:
            return data_hash(value)
        if slot not in self._known:
            self._known[slot] = data_hash(value)
        return self._known[slot]

    def scalars(self) -> dict[str, JSON]:
        """Return the numbers and words among the values, by data hash."""
        return {
            digest: float(str(value)) if kind is float else cast("JSON", value)
            for (kind, value), digest in self._known.items()
            if kind in (str, int, bool, float)
        }


class _Shared:
    """What the dataflows of one graph have in common: hashes already made, and equal steps."""

    def __init__(self, graph: Graph) -> None:
        self.digest = _ValueDigests()
        self._graph = graph
        self._code = CodeHasher()
        self._made: dict[tuple[object, ...], Instance] = {}

    def instance(self, step: Step, needs: tuple[_Pair, ...], given: tuple[_Pair, ...]) -> Instance:
        """Return a step with all it rests on; a new one is entered in the graph."""
        code = self._code(step.callable, declared=step.hidden)
        slot = (step.name, code, needs, given)
        made = self._made.get(slot)
        if made is None:
            made = self._made[slot] = Instance(
                key=recipe_key(code, needs, given, name=step.name),
                name=step.name,
                module=step.module,
                code=code,
                needs=needs,
                values=given,
                storable=step.storable,
            )
            self._graph.instances[made.key] = made
        return made


@dataclass(frozen=True, slots=True)
class _Group:
    """Steps that rest on the same outside values: a request has all of their keys, or none."""

    relevant: tuple[str, ...]
    steps: tuple[Step, ...]
    known: dict[tuple[_Pair | None, ...], dict[str, _Pair]]  # by values: the key of each step


class _Compiled:
    """One dataflow with the names of the inputs given: step order, and keys already made."""

    def __init__(self, request: Request) -> None:
        self.flow: Flow = flow(request.flow)
        steps = self.flow.steps
        model = request.flow.model
        for name in request.wanted:
            if name not in steps:
                raise UserError(
                    f"{model} gives no {name!r}; a model module must have a function of that name"
                    f"{did_you_mean(name, steps)}"
                )
        self.wanted = (*request.wanted, *(n for n in request.optional if n in steps))
        self.order: tuple[Step, ...] = self.flow.order(self.wanted)
        relevant: dict[str, tuple[str, ...]] = {}
        groups: dict[tuple[str, ...], list[Step]] = {}
        for step in self.order:
            for name in step.required:
                if not self.flow.given(name, request.inputs):
                    raise UserError(
                        f"{step.module}.{step.name} asks for {name!r}, which no step and no input "
                        f"gives{did_you_mean(name, [*steps, *request.inputs])}"
                    )
            names = set(step.inputs)
            for need in step.needs:
                names.update(relevant[need])
            relevant[step.name] = tuple(sorted(names))
            groups.setdefault(relevant[step.name], []).append(step)
        # A step rests on all that its needs rest on: with smaller sets first, no need comes late.
        self.groups = [
            _Group(names, tuple(group), {})
            for names, group in sorted(groups.items(), key=lambda item: len(item[0]))
        ]
        self.outside = tuple(sorted({name for step in self.order for name in step.inputs}))
        self._pairs: dict[_Pair, _Pair] = {}

    def keys(self, request: Request, shared: _Shared) -> dict[str, _Pair]:
        """Keys of all steps of one request."""
        values = {
            name: self._given(name, shared.digest(self.flow.value(name, request.inputs)))
            for name in self.outside
            if self.flow.given(name, request.inputs)
        }
        keys: dict[str, _Pair] = {}
        for group in self.groups:
            slot = tuple(map(values.get, group.relevant))
            known = group.known.get(slot)
            if known is None:
                known = {}
                for step in group.steps:
                    needs = tuple(keys[name] for name in step.needs)
                    # A value left to its default counts like the same value given.
                    given = tuple(
                        values[name]
                        if name in values
                        else self._given(name, shared.digest(step.defaults[name]))
                        for name in step.inputs
                    )
                    # The same text once: keys are what a plan consists of.
                    key = shared.instance(step, needs, given).key
                    keys[step.name] = known[step.name] = (step.name, key)
                group.known[slot] = known
            else:
                keys |= known
        return keys

    def _given(self, name: str, digest: str) -> _Pair:
        pair = (name, digest)
        return self._pairs.setdefault(pair, pair)


def keep_code(graph: Graph, store: Store) -> None:
    """Keep the sources of all code of a graph, so that they can be shown after it was edited."""
    codes: set[str] = set()
    for key, number in _first_use(graph, set(graph.instances)).items():
        instance = graph.instances[key]
        if instance.code in codes:
            continue
        codes.add(instance.code)
        if not store.has_units(instance.code):
            step = flow(graph.requests[number].flow).steps[instance.name]
            store.put_units(instance.code, code_units(step.callable))


def schedule(graph: Graph, store: Store, *, seconds: Mapping[str, float] | None = None) -> Schedule:
    """Find what the store lacks of what is wanted, and cut it into chunks and waves.

    A step needed by one chunk only belongs to that chunk; a step that several chunks need is a
    chunk of its own and is stored. A value that cannot be stored is made again in each chunk that
    needs it.

    Parameters
    ----------
    graph : Graph
    store : Store
    seconds : mapping of code digest to float, optional
        What steps took before: within a wave the longest chunks go first.
    """
    with _no_collection():
        return _scheduled(graph, store, seconds or {})


def _scheduled(graph: Graph, store: Store, cost: Mapping[str, float]) -> Schedule:
    owner: dict[str, int] = {}  # wanted key -> first request that wants it
    shared: set[str] = set()  # those that several requests want
    for number, asked in enumerate(graph.wanted):
        for key in asked.values():
            if owner.setdefault(key, number) != number:
                shared.add(key)
    present = _Presence(store, graph)
    missing = _missing(graph, owner, present)
    order = _ordered(graph, missing)
    chunks_of, roots = _assigned(graph, order, owner, shared)
    members: dict[str, list[str]] = {}
    for key in order:
        for chunk in chunks_of[key]:
            members.setdefault(chunk, []).append(key)
    loads = {chunk: _outside(graph, inside) for chunk, inside in members.items()}
    level: dict[str, int] = {}
    for chunk in _by_dependency(loads, roots):
        level[chunk] = 1 + max((level[k] for k in loads[chunk] if k in level), default=-1)
    weight = {
        chunk: sum(cost.get(graph.instances[k].code, 0.0) for k in inside)
        for chunk, inside in members.items()
    }
    first_use = _first_use(graph, missing)
    waves: list[list[Chunk]] = [[] for _ in range(1 + max(level.values(), default=-1))]
    numbered: dict[str, int] = {}
    for chunk in sorted(level, key=lambda name: (level[name], -weight[name])):
        numbered[chunk] = len(numbered)
        if chunk in roots:
            request = first_use[chunk]
            outputs: tuple[str, ...] = (chunk,)
            label = graph.instances[chunk].name
        else:
            request = int(chunk[1:])
            outputs = tuple(k for k in members[chunk] if owner.get(k) == request)
            label = graph.requests[request].name
        waves[level[chunk]].append(
            Chunk(
                number=numbered[chunk],
                label=label,
                request=request,
                outputs=outputs,
                members=tuple(members[chunk]),
                loads=tuple(sorted(loads[chunk])),
                wave=level[chunk],
            )
        )
    chunk_of = {k: numbered[c] for c, keys in members.items() for k in keys}
    return Schedule(tuple(tuple(w) for w in waves), chunk_of, len(missing), present.found)


class _Presence:
    """Whether the store has a key, asked once per key."""

    def __init__(self, store: Store, graph: Graph) -> None:
        self.found: dict[str, Record] = {}
        self._store = store
        self._graph = graph
        self._absent: set[str] = set()
        self._misses = 0
        self._listed: set[str] | None = None

    def __contains__(self, key: object) -> bool:
        assert isinstance(key, str)
        if key in self.found:
            return True
        return key not in self._absent and self._looked_up(key)

    def _looked_up(self, key: str) -> bool:
        if self._listed is not None and key not in self._listed:
            return False
        record = self._store.record(key)
        if record is not None:
            self.found[key] = record
            return True
        self._absent.add(key)
        self._misses += 1
        if self._misses == MISSES_BEFORE_LISTING:
            names = (entry.name for entry in self._store.entries("ac"))
            self._listed = {name for name in names if name in self._graph.instances}
        return False


def _missing(graph: Graph, wanted: Iterable[str], present: _Presence) -> set[str]:
    """Steps that must run: wanted and not stored, and what those need and is not stored."""
    missing: set[str] = set()
    queue = deque(k for k in wanted if k not in present)
    while queue:
        key = queue.popleft()
        if key in missing:
            continue
        missing.add(key)
        for _, need in graph.instances[key].needs:
            if need not in missing and need not in present:
                queue.append(need)
    return missing


def _ordered(graph: Graph, keys: set[str]) -> list[str]:
    """The keys with each after what it needs; `instances` was filled in such an order."""
    return [k for k in graph.instances if k in keys]


def _assigned(
    graph: Graph, order: Sequence[str], owner: Mapping[str, int], shared: Collection[str]
) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """For each step the chunks it runs in. A chunk is named by its root's key, or "@request"."""
    users: dict[str, Collection[str]] = dict.fromkeys(order, ())
    chunks: dict[str, tuple[str, ...]] = {}
    roots: set[str] = set()
    for key in reversed(order):
        instance = graph.instances[key]
        mine = users.pop(key)
        if key in owner:
            mine = {*mine, f"@{owner[key]}"}
        # What several cells want is nobody's alone: it must not fail with one of them.
        if instance.storable and (len(mine) > 1 or key in shared):
            roots.add(key)
            mine = (key,)
        chunk = chunks[key] = mine if isinstance(mine, tuple) else tuple(sorted(mine))
        for _, need in instance.needs:
            if need not in users:
                continue
            others = users[need]
            if not others:
                users[need] = chunk
            elif len(others) > 1 and graph.instances[need].storable:
                continue  # it is a chunk of its own, whoever else comes
            elif isinstance(others, set):
                others.update(chunk)
            elif others != chunk:
                users[need] = {*others, *chunk}
    return chunks, roots


def _first_use(graph: Graph, keys: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, steps in enumerate(graph.steps):
        for key in steps:
            if key in keys and key not in found:
                found[key] = number
    return found


def _outside(graph: Graph, inside: Sequence[str]) -> set[str]:
    """Keys that a chunk reads from the store."""
    return {k for m in inside for _, k in graph.instances[m].needs} - set(inside)


def _by_dependency(loads: Mapping[str, set[str]], roots: set[str]) -> list[str]:
    """Chunks, each after those whose stored values it reads."""
    users: dict[str, list[str]] = {}
    left: dict[str, int] = {}
    for chunk, keys in loads.items():
        others = keys & roots
        left[chunk] = len(others)
        for other in others:
            users.setdefault(other, []).append(chunk)
    ready = deque(chunk for chunk, count in left.items() if count == 0)
    order: list[str] = []
    while ready:
        chunk = ready.popleft()
        order.append(chunk)
        for user in users.get(chunk, ()):
            left[user] -= 1
            if left[user] == 0:
                ready.append(user)
    return order

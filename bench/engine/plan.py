"""The merged graph of all cells, where equal recipes are one step, and what is left to compute."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from blake3 import blake3

from bench.cache.codehash import CodeHasher, code_units
from bench.cache.datahash import data_hash
from bench.cache.lineage import Recipe
from bench.cache.plain import JSON
from bench.cache.store import Store
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


@dataclass(frozen=True, slots=True)
class Request:
    """What one cell asks for: these outputs of this dataflow under these inputs."""

    name: str
    flow: FlowSpec
    inputs: Mapping[str, object]
    wanted: tuple[str, ...]
    optional: tuple[str, ...] = ()  # wanted where the dataflow has them


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

    def recipes(self) -> dict[str, Recipe]:
        """Return the recipe of each step by key."""
        return {
            i.key: Recipe(
                key=i.key,
                node=i.name,
                module=i.module,
                code_hash=i.code,
                deps=dict(i.needs),
                values=dict(i.values),
                inputs={n: self.shown[d] for n, d in i.values if d in self.shown},
            )
            for i in self.instances.values()
        }


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


def recipe_key(
    code: str, needs: Iterable[tuple[str, str]], values: Iterable[tuple[str, str]], *, name: str
) -> str:
    """Name of a result, known before anything runs: its code and the names of all it needs."""
    parts = [FORMAT, name, code]  # equal code under two names is two steps of a dataflow
    for kind, pairs in (("step", needs), ("value", values)):
        for parameter, digest in pairs:
            parts += [kind, parameter, digest]
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    text = "".join(f"{len(p)}:{p}" for p in parts)
    return blake3(text.encode()).hexdigest(length=20)


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
    digest = _ValueDigests()
    code = CodeHasher()
    for request in requests:
        recipe = (request.flow, request.wanted, request.optional, tuple(sorted(request.inputs)))
        if recipe not in compiled:
            compiled[recipe] = _Compiled(request)
        keys = compiled[recipe].keys(request, graph, digest, code)
        graph.wanted.append({name: keys[name] for name in compiled[recipe].wanted})
        graph.steps.append(tuple(keys.values()))
        graph.calls += len(keys)
    graph.shown = digest.scalars()
    return graph


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
        self.relevant = relevant
        self.outside = tuple(sorted({name for step in self.order for name in step.inputs}))
        self.known: dict[str, dict[tuple[str | None, ...], str]] = {s.name: {} for s in self.order}

    def keys(
        self, request: Request, graph: Graph, digest: _ValueDigests, code: CodeHasher
    ) -> dict[str, str]:
        """Keys of all steps of one request; new ones are entered in the graph."""
        values: dict[str, str] = {}
        for name in self.outside:
            if self.flow.given(name, request.inputs):
                values[name] = digest(self.flow.value(name, request.inputs))
        keys: dict[str, str] = {}
        for step in self.order:
            slot = tuple(values.get(name) for name in self.relevant[step.name])
            key = self.known[step.name].get(slot)
            if key is None:
                instance = self._instance(step, values, keys, digest, code)
                key = self.known[step.name][slot] = instance.key
                graph.instances.setdefault(key, instance)
            keys[step.name] = key
        return keys

    @staticmethod
    def _instance(
        step: Step,
        values: Mapping[str, str],
        keys: Mapping[str, str],
        digest: _ValueDigests,
        hasher: CodeHasher,
    ) -> Instance:
        code = hasher(step.callable, declared=step.hidden)
        needs = tuple((name, keys[name]) for name in step.needs)
        # A value left to its default counts like the same value given.
        given = tuple(
            (name, values[name] if name in values else digest(step.defaults[name]))
            for name in step.inputs
        )
        return Instance(
            key=recipe_key(code, needs, given, name=step.name),
            name=step.name,
            module=step.module,
            code=code,
            needs=needs,
            values=given,
            storable=step.storable,
        )


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
    owners: dict[str, list[int]] = {}
    owner: dict[str, int] = {}  # wanted key -> first request that wants it
    for number, asked in enumerate(graph.wanted):
        for key in asked.values():
            owner.setdefault(key, number)
            owners.setdefault(key, []).append(number)
    present = _Presence(store)
    missing = _missing(graph, owner, present)
    order = _ordered(graph, missing)
    chunks_of, roots = _assigned(graph, order, owners)
    members: dict[str, list[str]] = {}
    for key in order:
        for chunk in chunks_of[key]:
            members.setdefault(chunk, []).append(key)
    loads = {chunk: _outside(graph, inside) for chunk, inside in members.items()}
    level: dict[str, int] = {}
    for chunk in _by_dependency(loads, roots):
        level[chunk] = 1 + max((level[k] for k in loads[chunk] if k in level), default=-1)
    cost = seconds or {}
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
    return Schedule(tuple(tuple(w) for w in waves), chunk_of, len(missing))


class _Presence:
    """Whether the store has a key, asked once per key."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, bool] = {}

    def __contains__(self, key: object) -> bool:
        assert isinstance(key, str)
        if key not in self._known:
            self._known[key] = self._store.record(key) is not None
        return self._known[key]


def _missing(graph: Graph, wanted: Iterable[str], present: _Presence) -> set[str]:
    """Steps that must run: wanted and not stored, and what those need and is not stored."""
    missing: set[str] = set()
    queue = deque(k for k in wanted if k not in present)
    while queue:
        key = queue.popleft()
        if key in missing:
            continue
        missing.add(key)
        queue.extend(k for _, k in graph.instances[key].needs if k not in present)
    return missing


def _ordered(graph: Graph, keys: set[str]) -> list[str]:
    """The keys with each after what it needs; `instances` was filled in such an order."""
    return [k for k in graph.instances if k in keys]


def _assigned(
    graph: Graph, order: Sequence[str], owners: Mapping[str, Sequence[int]]
) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """For each step the chunks it runs in. A chunk is named by its root's key, or "@request"."""
    users: dict[str, set[str]] = {k: set() for k in order}
    chunks: dict[str, tuple[str, ...]] = {}
    roots: set[str] = set()
    for key in reversed(order):
        instance = graph.instances[key]
        # What several cells want is nobody's alone: it must not fail with one of them.
        asked = owners.get(key, ())
        users[key].update(f"@{number}" for number in (asked if instance.storable else asked[:1]))
        if instance.storable and len(users[key]) > 1:
            roots.add(key)
            chunks[key] = (key,)
        else:
            chunks[key] = tuple(sorted(users[key]))
        for _, need in instance.needs:
            if need in users:
                users[need].update(chunks[key])
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

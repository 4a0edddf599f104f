"""The cache of runs for a driver of one's own, in a notebook or a script."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# First, and whole: what Hamilton loads on import is the affair of whoever builds the driver.
from hamilton import driver as _  # noqa: F401
from hamilton.lifecycle.base import BaseDoNodeExecute
from hamilton.node import Node, NodeType

from bench.cache.codecs import Unstorable
from bench.cache.codehash import CodeHasher, code_units
from bench.cache.datahash import data_hash
from bench.cache.plain import JSON
from bench.cache.records import Record
from bench.cache.store import DamagedObject, Store
from bench.cache.unseen import watched
from bench.cache.writer import UnhashableData
from bench.engine.draws import seeded
from bench.engine.graph import Step, step_of
from bench.engine.handed import handed
from bench.engine.plan import content_key, recipe_key
from bench.environment import environment

__all__ = ["Cached", "cached"]

# Hamilton's own nodes that read or write files: what they do is not in any key.
_SIDE_EFFECTS = ("hamilton.data_loader", "hamilton.data_saver")


class Cached(BaseDoNodeExecute):  # type: ignore[misc]
    """An adapter for Hamilton's driver that serves each node from a store or keeps its value.

    Keys are those of `bench run`: what a run kept is served here, and the other way round. All
    values that the store can hold are kept. Nodes that load or save files for Hamilton, and those
    of its dynamic execution, are always run; what is made from their values goes by content.

    Parameters
    ----------
    store : Path
        Folder of the store; made when missing.

    Attributes
    ----------
    computed, served : list of str
        The nodes of the last execution, in their order: those that ran, and those that did not.

    Examples
    --------
    A node runs once; then its value comes from the store.

    >>> import tempfile
    >>> from hamilton import ad_hoc_utils, driver
    >>> def total(start: int) -> int:
    ...     return start + 1
    >>> seen = cached(tempfile.mkdtemp() + "/store")
    >>> dr = driver.Builder().with_modules(
    ...     ad_hoc_utils.create_temporary_module(total)
    ... ).with_adapters(seen).build()
    >>> dr.execute(["total"], inputs={"start": 1}), seen.computed, seen.served
    ({'total': 2}, ['total'], [])
    >>> dr.execute(["total"], inputs={"start": 1}), seen.computed, seen.served
    ({'total': 2}, [], ['total'])
    """

    def __init__(self, store: Path) -> None:
        self.store = Store(store)
        self.computed: list[str] = []
        self.served: list[str] = []
        self._run = ""
        self._environment = ""
        self._code = CodeHasher()
        self._keys: dict[str, str] = {}
        self._hashes: dict[str, str] = {}

    def do_node_execute(
        self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None
    ) -> Any:
        """Return a node's value, for Hamilton to hand on."""
        if run_id != self._run:
            self._begin(run_id)
        name = node_.name
        aside = (
            task_id is not None
            or node_.node_role is not NodeType.STANDARD
            or any(node_.tags.get(tag) for tag in _SIDE_EFFECTS)
        )
        if aside:
            self.computed.append(name)
            return node_(**kwargs)
        step = step_of(node_)
        code = self._code(step.callable, declared=step.hidden)
        # A value that no step of ours made, such as an override, counts by its content.
        needs = tuple((n, self._keys[n]) for n in step.needs if n in self._keys)
        values = {n: data_hash(kwargs[n]) for n in step.needs if n not in self._keys}
        for given in step.inputs:
            values[given] = data_hash(kwargs.get(given, step.defaults.get(given)))
        digests = tuple(sorted(values.items()))
        key = self._keys[name] = recipe_key(code, needs, digests, name=name)
        hashes = ((n, self._hashes.get(need, need)) for n, need in needs)
        content = content_key(code, hashes, digests)
        meta: dict[str, JSON] = {
            "node": name,
            "module": step.module,
            "code_hash": code,
            "deps": dict(needs),
            "values": dict(digests),
            "inputs": _short(step, kwargs, values),
        }
        record, value = self._stored(key, content, meta)
        if record is not None:
            self.served.append(name)
            self._hashes[key] = f"={record.data_hash}"
            return value
        begin = time.perf_counter()
        with (
            seeded(code, digests),
            watched(
                f"{step.module}.{name}",
                step.callable,
                kwargs,
                defaults=step.defaults,
                declared=step.hidden,
            ),
        ):
            value = node_(**{given: handed(held) for given, held in kwargs.items()})
        seconds = time.perf_counter() - begin
        self.computed.append(name)
        if not self.store.has_units(code):
            self.store.put_units(code, code_units(step.callable))
        meta |= {"seconds": seconds, "environment": self._environment}
        try:
            record = self.store.put(key, value, meta=meta, also=content)
        except (Unstorable, UnhashableData):
            return value
        self._hashes[key] = f"={record.data_hash}"
        return value

    def _begin(self, run_id: str) -> None:
        self._run = run_id
        self._environment = self._environment or environment()["id"]
        # A helper may have been defined anew since the last execution.
        self._code = CodeHasher()
        self._keys, self._hashes = {}, {}
        self.computed, self.served = [], []

    def _stored(
        self, key: str, content: str, meta: Mapping[str, JSON]
    ) -> tuple[Record | None, object]:
        """Return the record and the value kept under a recipe, or under equal content."""
        for name in (key, content):
            record = self.store.record(name)
            if record is None:
                continue
            try:
                value = self.store.load(record)
            except DamagedObject:
                continue
            if name == content:
                record = self.store.link(key, record, meta={**record.meta, "fused": {}, **meta})
            return record, value
        return None, None


def cached(store: str | Path = ".crossfold/store") -> Cached:
    """Return an adapter that gives a driver of one's own the cache of runs.

    Parameters
    ----------
    store : str or Path
        Folder of the store; made when missing. By default that of `bench run` in this folder.
    """
    return Cached(Path(store))


def _short(step: Step, kwargs: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, JSON]:
    given = {n: kwargs.get(n, step.defaults.get(n)) for n in values}
    return {n: v for n, v in given.items() if isinstance(v, str | int | float)}

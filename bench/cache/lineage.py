"""Where a stored value comes from: its recipe, and the recipes of all it was made of."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bench.cache.plain import JSON
from bench.cache.records import Record, is_key
from bench.cache.store import DamagedObject, Store
from bench.errors import UserError

__all__ = ["Lineage", "Mismatch", "Recipe", "lineage", "recipe_of", "verify"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one value was made, or would be.

    Parameters
    ----------
    key : str
        The name of the recipe.
    node, module : str
        The function and where it stands.
    code_hash : str
        The hash of the function and all it reaches.
    deps : Mapping
        For each parameter that another node gives, that node's key.
    values : Mapping
        For each parameter that is an input, the content hash of its value.
    inputs : Mapping
        The input values themselves, where they are short.
    units : Mapping
        For each unit of code the digest, for each package the version; kept once a code hash.
    about : Mapping
        Seconds, memory, environment and whatever else was noted.
    data_hash : str
        The content hash of the value, empty when it is not stored.
    """

    key: str
    node: str
    module: str = ""
    code_hash: str = ""
    deps: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, JSON] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, JSON] = field(default_factory=dict)
    data_hash: str = ""

    @property
    def name(self) -> str:
        """Module and function."""
        return f"{self.module}.{self.node}" if self.module else self.node


_NO_PLAN: Mapping[str, Recipe] = MappingProxyType({})
_PARTS = ("node", "module", "code_hash", "deps", "values", "inputs", "units")


def recipe_of(key: str, meta: Mapping[str, JSON], data_hash: str = "") -> Recipe:
    """Return the recipe that a record's notes tell."""
    deps, values = dict(meta.get("deps") or {}), dict(meta.get("values") or {})
    return Recipe(
        key=key,
        node=str(meta.get("node", "?")),
        module=str(meta.get("module") or ""),
        code_hash=str(meta.get("code_hash") or ""),
        deps=deps,
        values=values,
        inputs=dict(meta.get("inputs") or {}),
        units=dict(meta.get("units") or {}),
        about={name: held for name, held in meta.items() if name not in _PARTS and name != "fused"},
        data_hash=data_hash,
    )


@dataclass(frozen=True, slots=True)
class Lineage:
    """A value's recipe with all recipes above it; each once, whoever uses it.

    Parameters
    ----------
    root : str
        The key it was asked for.
    recipes : Mapping
        The recipes by key, the root first, each before what it is made of.
    unknown : tuple of str
        Keys that are named but of which the store has no record any more.
    """

    root: str
    recipes: Mapping[str, Recipe]
    unknown: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the tree as text, a line a recipe; what was shown before is only named."""
        seen: set[str] = set()

        def walk(key: str, label: str, lead: str, branch: str, below: str) -> Iterator[str]:
            recipe = self.recipes.get(key)
            name = "not stored" if recipe is None else recipe.name
            again = key in seen
            mark = " (above)" if again and recipe is not None and recipe.deps else ""
            yield f"{lead}{branch}{label}{name}  {key[:12]}{mark}"
            if recipe is None or again:
                return
            seen.add(key)
            rows: list[tuple[str, str]] = [(name, dep) for name, dep in recipe.deps.items()]
            inputs = [(name, recipe.inputs.get(name)) for name in recipe.values]
            for place, (parameter, value) in enumerate(inputs):
                last = place == len(inputs) - 1 and not rows
                told = f"content {recipe.values[parameter][:12]}" if value is None else repr(value)
                yield f"{lead}{below}{'└─ ' if last else '├─ '}{parameter} = {told}"
            for place, (parameter, dep) in enumerate(rows):
                last = place == len(rows) - 1
                yield from walk(
                    dep,
                    "" if self._named(dep, parameter) else f"{parameter}: ",
                    lead + below,
                    "└─ " if last else "├─ ",
                    "   " if last else "│  ",
                )

        yield from walk(self.root, "", "", "", "")

    def _named(self, key: str, parameter: str) -> bool:
        recipe = self.recipes.get(key)
        return recipe is not None and recipe.node == parameter

    def to_dict(self) -> dict[str, JSON]:
        """Return the graph as JSON data."""
        return {
            "root": self.root,
            "recipes": [
                {
                    "key": recipe.key,
                    "node": recipe.node,
                    "module": recipe.module,
                    "code_hash": recipe.code_hash,
                    "data_hash": recipe.data_hash,
                    "deps": dict(recipe.deps),
                    "inputs": {name: recipe.inputs.get(name) for name in recipe.values},
                    "values": dict(recipe.values),
                    "units": dict(recipe.units),
                    "about": dict(recipe.about),
                }
                for recipe in self.recipes.values()
            ],
            "unknown": list(self.unknown),
        }

    def to_dot(self) -> str:
        """Return the graph in Graphviz' language, data flowing downwards."""
        rows = ["digraph lineage {", "  node [shape=box, fontname=sans-serif];"]
        for key, recipe in self.recipes.items():
            rows.append(f"  {_quoted(key)} [label={_quoted(_label(recipe.name, key))}];")
            rows += [
                f"  {_quoted(dep)} -> {_quoted(key)} [label={_quoted(parameter)}];"
                for parameter, dep in recipe.deps.items()
            ]
            for parameter, digest in recipe.values.items():
                value = recipe.inputs.get(parameter)
                told = digest[:12] if value is None else repr(value)
                name = f"{parameter}={told}"
                rows.append(f"  {_quoted(name)} [shape=ellipse];")
                rows.append(f"  {_quoted(name)} -> {_quoted(key)};")
        rows += [
            f"  {_quoted(key)} [label={_quoted(_label('not stored', key))}, style=dashed];"
            for key in self.unknown
        ]
        return "\n".join([*dict.fromkeys(rows), "}"]) + "\n"


def _label(name: str, key: str) -> str:
    return f"{name}\n{key[:12]}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def lineage(store: Store, key: str, *, planned: Mapping[str, Recipe] = _NO_PLAN) -> Lineage:
    """Return a value's recipe and every recipe above it, down to the raw inputs.

    Parameters
    ----------
    store : Store
        The store.
    key : str
        The value's key.
    planned : Mapping
        Recipes of a plan or of a run by key, which need not be stored.

    Raises
    ------
    UserError
        When nothing is known under the key.
    """
    inner: dict[str, Recipe] = dict(planned)
    units: dict[str, Mapping[str, str]] = {}
    recipes: dict[str, Recipe] = {}
    unknown: dict[str, None] = {}
    waiting = [key]
    while waiting:
        name = waiting.pop(0)
        if name in recipes or name in unknown:
            continue
        record = store.record(name) if is_key(name) else None
        if record is not None:
            recipe = recipe_of(name, record.meta, record.data_hash)
            # Steps that were run together and not kept stand in the notes of what was kept.
            for fused, notes in dict(record.meta.get("fused") or {}).items():
                inner.setdefault(fused, recipe_of(fused, notes))
        elif name in inner:
            recipe = inner[name]
        else:
            unknown[name] = None
            continue
        code = recipe.code_hash
        if code not in units:
            units[code] = store.units(code)
        recipes[name] = recipe if recipe.units else replace(recipe, units=units[code])
        waiting.extend(recipe.deps.values())
    if key in unknown:
        raise UserError(f"the store {store.root} knows nothing under {key}; `bench run` makes it")
    return Lineage(key, recipes, tuple(unknown))


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A value that did not come out again as it is stored.

    Parameters
    ----------
    key, node : str
        What was computed again.
    stored, computed : str
        The content hashes.
    reason : str
        In words.
    """

    key: str
    node: str
    stored: str
    computed: str
    reason: str


def verify(
    store: Store, records: Iterable[Record], compute: Callable[[Record], object]
) -> list[Mismatch]:
    """Compute values again and return those whose content differs from what is stored.

    Parameters
    ----------
    store : Store
        The store.
    records : iterable of Record
        The sample.
    compute : callable
        Gives the value of a record anew, from its recipe and not from the store.
    """
    from bench.cache.datahash import data_hash

    found = []
    for record in records:
        node = str(record.meta.get("node", "?"))
        try:
            held = data_hash(store.load(record))
        except DamagedObject as error:
            found.append(Mismatch(record.key, node, record.data_hash, "", str(error)))
            continue
        computed = data_hash(compute(record))
        if held != record.data_hash:
            reason = "the stored value is not the one whose content hash was noted"
            found.append(Mismatch(record.key, node, held, computed, reason))
        elif computed != held:
            reason = "computed again, the value differs: the step is not deterministic"
            found.append(Mismatch(record.key, node, held, computed, reason))
    return found

"""Why a value was computed again, or what sets two runs apart: named changes with their text."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from types import MappingProxyType
from typing import Literal

from bench.cache.lineage import Lineage, Recipe, lineage
from bench.cache.records import is_key
from bench.cache.store import Store

__all__ = [
    "Change",
    "Explanation",
    "RunDifference",
    "StepState",
    "changes",
    "diff",
    "explain",
    "reasons",
    "steps",
    "with_units",
]

Kind = Literal["code", "package", "input", "step", "interpreter", "unknown"]

_MOST_ALIKE = 3  # causes of one kind and name that are told before their number is

_NO_PLAN: Mapping[str, Recipe] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two recipes.

    Parameters
    ----------
    kind : {"code", "package", "input", "step", "interpreter", "unknown"}
        What sort of thing.
    node : str
        The step that uses it.
    name : str
        The function, constant, package, input or parameter.
    before, after : str
        Its two states in short; empty where there is none.
    diff : str
        The change of the source text, as a unified diff; empty where no text is kept.
    """

    kind: Kind
    node: str
    name: str
    before: str
    after: str
    diff: str = ""

    def line(self) -> str:
        """Return the change as a phrase."""
        match self.kind:
            case "code":
                how = "is new" if not self.before else "is gone" if not self.after else "changed"
                return f"{self.name} {how} (used by {self.node})"
            case "package":
                return f"package {self.name}: {self.before or 'none'} -> {self.after or 'none'}"
            case "input":
                return f"input {self.name} of {self.node}: {self.before} -> {self.after}"
            case "step":
                return f"{self.name} of {self.node} comes from {self.after}, before {self.before}"
            case "interpreter":
                return f"another Python, or another version of the code hash (seen at {self.node})"
        return f"{self.name} of {self.node} differs; its recipe is no longer stored"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a value has the state it has.

    Parameters
    ----------
    key : str
        The value's key now.
    before : str or None
        Its key in the run it is compared with.
    status : {"same", "changed", "new"}
        Whether the recipe is the one of before.
    stored : bool
        Whether the value is in the store.
    same_value : bool or None
        Whether both stored values are equal; None where one is not stored.
    changes : tuple of Change
        The causes, nearest to the raw data first.
    """

    key: str
    before: str | None
    status: Literal["same", "changed", "new"]
    stored: bool
    same_value: bool | None
    changes: tuple[Change, ...]

    def lines(self) -> list[str]:
        """Return the explanation as text."""
        if self.status == "same":
            state = "served from the store" if self.stored else "not stored any more"
            return [f"nothing it is made of has changed; {state}"]
        if self.status == "new":
            return ["no earlier run made this step"]
        rows = []
        for change in self.changes:
            rows.append(change.line())
            rows += [f"    {row}" for row in change.diff.splitlines()]
        if self.same_value:
            rows.append("the value is the same as before: nothing after it had to be computed")
        return rows


def explain(
    store: Store,
    before: str | None,
    after: str,
    *,
    recorded: Mapping[str, Recipe] = _NO_PLAN,
    planned: Mapping[str, Recipe] = _NO_PLAN,
) -> Explanation:
    """Return why the value under `after` is, or is not, the one that was under `before`.

    Parameters
    ----------
    store : Store
        The store of both.
    before : str or None
        The key in an earlier run; None when there was none.
    after : str
        The key now.
    recorded, planned : Mapping
        Recipes of the earlier run and of the plan by key, with their units; the store's records
        are asked for what is not in them.
    """
    stored = store.record(after)
    if before is None:
        return Explanation(after, None, "new", stored is not None, None, ())
    if before == after:
        same = None if stored is None else True
        return Explanation(after, before, "same", stored is not None, same, ())
    old = store.record(before)
    same_value = None if old is None or stored is None else old.data_hash == stored.data_hash
    if old is None and before not in recorded:
        found: tuple[Change, ...] = (Change("unknown", "?", before, "", ""),)
    else:
        found = changes(store, _traced(store, before, recorded), _traced(store, after, planned))
    return Explanation(after, before, "changed", stored is not None, same_value, found)


def _traced(store: Store, key: str, known: Mapping[str, Recipe]) -> Lineage:
    # Recipes with the key among them are whole: a run writes all it is made of.
    whole = key in known and all(dep in known for dep in known[key].deps.values())
    return Lineage(key, known, ()) if whole else lineage(store, key, planned=known)


@dataclass(frozen=True, slots=True)
class StepState:
    """Why one step would be served or computed.

    Parameters
    ----------
    name : str
        Module and function.
    state : {"served", "to compute", "not needed"}
        What would become of it; not needed is what is not stored and nobody will ask for.
    reason : str
        In words.
    changes : tuple of Change
        What changed in the step itself since the run it is compared with.
    """

    name: str
    state: Literal["served", "to compute", "not needed"]
    reason: str
    changes: tuple[Change, ...]


def steps(
    store: Store,
    before: Mapping[str, Recipe],
    after: Mapping[str, Recipe],
    *,
    to_compute: Container[str],
) -> tuple[StepState, ...]:
    """Return the state of each step of a cell, each after what it needs.

    Parameters
    ----------
    store : Store
        The store of both.
    before, after : Mapping
        The recipes of the cell in the run and now, by key, with their units.
    to_compute : container of str
        Keys of what would be computed.
    """
    by_name = {recipe.node: recipe for recipe in before.values()}
    found = []
    for key, recipe in after.items():
        old = by_name.get(recipe.node)
        own: tuple[Change, ...] = ()
        stored = store.record(key) is not None
        state: Literal["served", "to compute", "not needed"] = "not needed"
        if key in to_compute:
            state = "to compute"
        elif stored:
            state = "served"
        if old is None:
            reason = "the run had no such step"
        elif old.key == key:
            reason = "same recipe" if stored else "same recipe, not stored"
        else:
            own = tuple(_own(store, old, recipe))
            words = [change.line() for change in own]
            moved = [p for p, need in recipe.deps.items() if old.deps.get(p, need) != need]
            if moved:
                words.append(f"made from {', '.join(moved)}, which changed")
            was, now = set(old.deps) - set(recipe.deps), set(recipe.deps) - set(old.deps)
            words += [f"{p} is no longer a step it needs" for p in sorted(was)]
            words += [f"{p} is a step it did not need before" for p in sorted(now)]
            reason = "; ".join(words)
        found.append(StepState(recipe.name, state, reason, own))
    return tuple(found)


def changes(store: Store, before: Lineage, after: Lineage) -> tuple[Change, ...]:
    """Return what differs between two lineages, each cause once, nearest to the data first."""
    found: dict[tuple[str, str], Change] = {}
    seen: set[tuple[str, str]] = set()

    def walk(old_key: str, new_key: str) -> None:
        if old_key == new_key or (old_key, new_key) in seen:
            return
        seen.add((old_key, new_key))
        old, new = before.recipes.get(old_key), after.recipes.get(new_key)
        if old is None or new is None:
            here = new or old
            node = "?" if here is None else here.name
            found.setdefault(
                ("unknown", old_key), Change("unknown", node, node, old_key[:12], new_key[:12])
            )
            return
        for parameter in [*old.deps, *(name for name in new.deps if name not in old.deps)]:
            first, second = old.deps.get(parameter), new.deps.get(parameter)
            if first is not None and second is not None:
                walk(first, second)
            else:
                was, now = _origin(before, old, parameter), _origin(after, new, parameter)
                change = Change("step", new.name, parameter, was, now)
                found.setdefault(("step", f"{new.name} {parameter}"), change)
        for change in _own(store, old, new):
            found.setdefault((change.kind, change.name), change)

    walk(before.root, after.root)
    return tuple(found.values())


def _origin(within: Lineage, recipe: Recipe, parameter: str) -> str:
    if parameter in recipe.deps:
        above = within.recipes.get(recipe.deps[parameter])
        return "a step" if above is None else above.name
    return "an input" if parameter in recipe.values else "nowhere"


def _own(store: Store, old: Recipe, new: Recipe) -> Iterable[Change]:
    """Yield what differs in one step itself: its inputs, its code, the packages under it."""
    for name in [*old.values, *(name for name in new.values if name not in old.values)]:
        was, now = old.values.get(name), new.values.get(name)
        if was != now and name not in old.deps and name not in new.deps:
            yield Change("input", new.name, name, _told(old, name), _told(new, name))
    if old.code_hash == new.code_hash:
        return
    if not old.units or not new.units:  # the store no longer has what the code was made of
        yield Change("code", new.name, new.name, old.code_hash[:12], new.code_hash[:12])
        return
    seen = False
    for name in [*old.units, *(name for name in new.units if name not in old.units)]:
        was, now = old.units.get(name, ""), new.units.get(name, "")
        if was == now:
            continue
        seen = True
        if is_key(was or now):
            yield Change("code", new.name, name, was[:12], now[:12], _text(store, name, was, now))
        else:
            yield Change("package", new.name, name, was, now)
    if not seen:
        yield Change("interpreter", new.name, "python", "", "")


def _told(recipe: Recipe, name: str) -> str:
    if name not in recipe.values:
        return "its default" if name not in recipe.deps else "a step"
    value = recipe.inputs.get(name)
    return f"content {recipe.values[name][:12]}" if value is None else repr(value)


def _text(store: Store, name: str, was: str, now: str) -> str:
    before, after = store.source(was) if was else None, store.source(now) if now else None
    if (before is None and was) or (after is None and now):
        return ""
    rows = unified_diff(
        (before or "").splitlines(),
        (after or "").splitlines(),
        f"{name} (before)",
        f"{name} (now)",
        lineterm="",
        n=2,
    )
    return "\n".join(rows)


@dataclass(frozen=True, slots=True)
class RunDifference:
    """What sets two runs apart.

    Parameters
    ----------
    only_before, only_after : tuple of str
        Cells that one run has and the other has not.
    same : int
        Values made by the same recipe.
    equal : int
        Values made by another recipe that came out equal.
    changed : Mapping
        For each cell, the nodes whose values differ or can no longer be compared.
    causes : tuple of Change
        What made them differ, each once.
    """

    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    same: int
    equal: int
    changed: Mapping[str, tuple[str, ...]]
    causes: tuple[Change, ...]


def diff(
    store: Store,
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
    *,
    recorded: Mapping[str, Recipe] = _NO_PLAN,
    planned: Mapping[str, Recipe] = _NO_PLAN,
) -> RunDifference:
    """Compare two runs.

    Parameters
    ----------
    store : Store
        The store of both.
    before, after : Mapping
        For each cell the keys of its results by node.
    recorded, planned : Mapping
        The recipes of both runs by key, with their units.
    """
    same = equal = 0
    changed: dict[str, tuple[str, ...]] = {}
    causes: dict[tuple[str, str, str, str], Change] = {}
    pairs: dict[tuple[str, str], bool] = {}
    for cell in before:
        if cell not in after:
            continue
        nodes = []
        for node, old in before[cell].items():
            new = after[cell].get(node)
            if new is None:
                nodes.append(node)
                continue
            if old == new:
                same += 1
                continue
            if (old, new) not in pairs:
                known = new in planned or store.record(new) is not None
                told = (
                    explain(store, old, new, recorded=recorded, planned=planned) if known else None
                )
                pairs[old, new] = bool(told is not None and told.same_value)
                for change in told.changes if told is not None else ():
                    causes.setdefault(
                        (change.kind, change.name, change.before, change.after), change
                    )
            if pairs[old, new]:
                equal += 1
            else:
                nodes.append(node)
        nodes += [node for node in after[cell] if node not in before[cell]]
        if nodes:
            changed[cell] = tuple(nodes)
    return RunDifference(
        only_before=tuple(cell for cell in before if cell not in after),
        only_after=tuple(cell for cell in after if cell not in before),
        same=same,
        equal=equal,
        changed=changed,
        causes=tuple(causes.values()),
    )


def with_units(recipes: Iterable[Recipe], store: Store) -> dict[str, Recipe]:
    """Return recipes by key, each with the units of its code as far as the store has them."""
    units: dict[str, dict[str, str]] = {}
    found: dict[str, Recipe] = {}
    for recipe in recipes:
        code = recipe.code_hash
        if code not in units:
            units[code] = store.units(code)
        found[recipe.key] = replace(recipe, units=units[code])
    return found


def reasons(changes: Iterable[Change]) -> Iterator[str]:
    """Yield each cause once, with the change of its text."""
    shown: set[tuple[str, ...]] = set()
    alike: Counter[tuple[str, str]] = Counter()
    for change in changes:
        # A helper that many steps use has changed once.
        owner = change.node if change.kind in ("input", "step", "unknown") else ""
        cause = (change.kind, change.name, change.before, change.after, owner)
        if cause in shown:
            continue
        if not shown:
            yield "because"
        shown.add(cause)
        alike[change.kind, change.name] += 1
        if alike[change.kind, change.name] > _MOST_ALIKE:
            continue  # a seed of each cell, say
        yield f"  {change.line()}"
        yield from (f"    {row}" for row in change.diff.splitlines())
    for (kind, name), count in alike.items():
        if count > _MOST_ALIKE:
            yield f"  and {count - _MOST_ALIKE} more of {kind} {name}"

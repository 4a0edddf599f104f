"""Functions named by what they do: themselves and everything of the user's that they reach.

The hash is taken from the live objects, so it needs no source and cannot disagree with one.
Helpers, methods, constants, closures, defaults and decorators count by content; code of an
installed distribution by its version; the interpreter by its minor version.
"""

import os
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass

from blake3 import blake3

from bench.cache.objects import name_of
from bench.cache.reach import DIGEST_BYTES, Reach, UnhashableCode, Unit
from bench.cache.sources import source_of

__all__ = ["CodeHasher", "CodeUnit", "UnhashableCode", "code_hash", "code_units"]

_HIDDEN = {
    "clock": "the time is not in the key; pass it as an input",
    "environment": "environment variables are not in the key; pass the value as an input",
    "files": "a file named in code is not in the key; make it an input of type pathlib.Path",
    "random": "randomness without a seed; use numpy.random.default_rng(seed) with an input",
    "network": "what comes over the network is not in the key; fetch it before, as a file",
    "state": "what it holds then depends on what ran before; return it, or use functools.cache",
    "dynamic": "code found at run time cannot be seen; call it by name",
}


@dataclass(frozen=True, slots=True)
class CodeUnit:
    """One thing that took part in a node's result.

    Parameters
    ----------
    name : str
        Module and qualified name.
    kind : {"function", "class", "constant", "object", "import", "package"}
        What it is.
    digest : str
        A digest of this thing alone, other units by name; a package's is its version.
    source : str or None
        Its text, where there is one.
    """

    name: str
    kind: str
    digest: str
    source: str | None


def code_hash(fn: Callable[..., object], *, declared: Collection[str] = ()) -> str:
    """Return the hex digest of a callable and of all it reaches.

    Parameters
    ----------
    fn : callable
        A function, method, partial or callable object.
    declared : collection of str
        Kinds of hidden state that its author knows of and accepts: ``"clock"``,
        ``"environment"``, ``"files"``, ``"random"``, ``"network"``, ``"state"``, ``"dynamic"``.

    Raises
    ------
    UnhashableCode
        When it reaches something whose behaviour cannot be seen.

    Examples
    --------
    >>> code_hash(lambda x: x + 1) == code_hash(lambda y: y + 1)
    False
    """
    reach = Reach(fn)
    _refuse_hidden(reach, declared)
    return reach.digest()


def code_units(fn: Callable[..., object]) -> tuple[CodeUnit, ...]:
    """Return everything that takes part in the hash of a callable, itself first."""
    return _units(Reach(fn))


class CodeHasher:
    """Code hashes for one plan: each callable is looked at once, whatever happens after.

    `code_hash` looks again at every call, since a name may have been bound anew meanwhile.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, frozenset[str]], tuple[object, str]] = {}

    def __call__(self, fn: Callable[..., object], *, declared: Collection[str] = ()) -> str:
        """Return `code_hash` of a callable."""
        name = (id(fn), frozenset(declared))
        known = self._known.get(name)
        if known is None or known[0] is not fn:
            known = self._known[name] = (fn, code_hash(fn, declared=declared))
        return known[1]


def _refuse_hidden(reach: Reach, declared: Collection[str]) -> None:
    for (kind, what), where in reach.hidden.items():
        seeded = kind == "random" and reach.seeded and "random generator" not in what
        if kind in declared or seeded:
            continue
        raise UnhashableCode(
            f"{where} uses {what}: {_HIDDEN[kind]}; "
            f'or declare it on the node: @tag(hidden="{kind}")'
        )


def _units(reach: Reach) -> tuple[CodeUnit, ...]:
    units = []
    constants: dict[str, CodeUnit] = {}
    names: list[str] = []
    for unit in reach.found:
        # Two lambdas of a module have one name.
        twins = sum(other.name == unit.name for other in reach.found[: len(names)])
        names.append(f"{unit.name}#{twins + 1}" if twins else unit.name)
    bound = Unit(f"{name_of(reach.root)} as bound", "object", None, reach.start)
    # A plain function is its own first unit; what is bound around one is a thing of its own.
    whole = [] if reach.start == [0] else [(bound.name, bound)]
    for name, unit in [*whole, *zip(names, reach.found, strict=True)]:
        state = blake3(unit.kind.encode())
        for part in unit.parts:
            if isinstance(part, bytes):
                state.update(b"%d:" % len(part) + part)
            elif isinstance(part, int):
                state.update(b"#" + names[part].encode())
            else:
                state.update(b"=" + part[0].encode())
                digest = blake3(part[1]).hexdigest(length=DIGEST_BYTES)
                constants.setdefault(
                    part[0], CodeUnit(part[0], "constant", digest, _shown(part[0]))
                )
        digest = state.hexdigest(length=DIGEST_BYTES)
        units.append(CodeUnit(name, unit.kind, digest, source_of(unit.value)))
    versions = [
        CodeUnit(name.partition("==")[0], "package", name.partition("==")[2], None)
        for name in sorted(reach.packages)
    ]
    return (*units, *constants.values(), *versions)


def _shown(name: str) -> str | None:
    module, _, attribute = name.rpartition(".")
    held = sys.modules.get(module)
    if held is None or not hasattr(held, attribute):
        return None
    text = repr(getattr(held, attribute))
    # Sources are kept and shown; what came from the environment may be a secret.
    secret = any(len(value) > 7 and value in text for value in os.environ.values())
    return None if secret or len(text) > 2000 else f"{attribute} = {text}"

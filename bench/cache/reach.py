"""What a callable reaches, visited in the order of first use.

Helpers, methods, constants, closures, defaults and decorators of the user's are visited; of an
installed distribution only the version is noted. The order is the same in every process.
"""

import abc
import builtins
import contextlib
import copyreg
import enum
import functools
import importlib
import importlib.util
import logging
import os
import re
import struct
import sys
import threading
import types
import typing
import weakref
from _abc import _get_dump  # type: ignore[import-not-found]
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, is_dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from blake3 import blake3

from bench.cache.bytecode import (
    READS_NAMES,
    Reference,
    form_of,
    names_in_texts,
    scalar_bytes,
)
from bench.cache.datahash import UnhashableData, data_hash
from bench.cache.filehash import file_hash
from bench.cache.hidden import hidden_state
from bench.cache.importing import importing
from bench.cache.objects import (
    DATA,
    DESCRIPTORS,
    LOCKS,
    NAMED,
    NO_CONTENT,
    SCALARS,
    SLOTS,
    WEAK,
    is_constant,
    is_generator,
    is_global_generator,
    is_typing,
    library_name,
    name_of,
    patched,
    state_of,
)
from bench.cache.packages import distribution, owner_of_class, owner_of_function, owner_of_module
from bench.cache.sources import source_of
from bench.errors import UserError

__all__ = ["Reach", "UnhashableCode", "Unit"]

# Counts as content: a change here or in `bytecode` makes every node new.
FORMAT = f"crossfold code 2 python {sys.version_info.major}.{sys.version_info.minor}"
DIGEST_BYTES = 16


class UnhashableCode(UserError):
    """Code whose behaviour depends on something that cannot be seen; the message names it."""


# -- the walk -------------------------------------------------------------------------------

# A unit's parts: bytes are content, a number is another unit, a pair a named constant.
Part = bytes | int | tuple[str, bytes]


@dataclass(slots=True)
class Unit:
    """A function, class, module or object, and what it consists of."""

    name: str
    kind: str
    value: object
    parts: list[Part]


class Reach:
    """Everything a callable reaches.

    Attributes
    ----------
    start : list
        The parts of the callable itself.
    found : list of Unit
        The functions, classes and objects, in the order of first use.
    packages : dict
        The distributions, as ``"name==version"``.
    files : list of Path
        Files behind path constants: they count by their content.
    hidden : dict
        Which kinds of state that no key holds are read, by what name, and where.
    seeded : bool
        Whether it seeds the generator behind `numpy.random`, `random` or `torch`.
    """

    def __init__(self, root: object) -> None:
        self.numbers: dict[int, int] = {}
        self.found: list[Unit] = []
        self.queue: deque[Unit] = deque()
        self.packages: dict[str, None] = {}
        self.files: list[Path] = []
        self.hidden: dict[tuple[str, str], str] = {}
        self.seeded = False
        self.reflects: set[str] = set()
        self.open: list[int] = []
        self.holds: list[object] = []
        self.current = Unit("", "", None, [])
        inner = root
        while isinstance(inner, functools.partial):
            inner = inner.func
        self.root = inner
        start: list[Part] = []
        self.value(start, root, name_of(inner))
        self.start = start
        self.drain()
        self.imports()
        if "__subclasses__" in self.reflects:
            self.subclasses()

    def drain(self) -> None:
        while self.queue:
            unit = self.current = self.queue.popleft()
            self.unit(unit)

    def imports(self) -> None:
        """Count what importing the modules of all that was found sets elsewhere."""
        refused = dict(self.hidden)  # what a module reads when it is imported is in its values
        seen: set[int] = set()
        place = 0
        while place < len(self.found):
            module = _module_of(self.found[place].value)
            place += 1
            if module is None or id(module) in seen:
                continue
            seen.add(id(module))
            for each in importing(module):
                unit = Unit(f"import of {each.module}", "import", each, [each.text.encode()])
                if id(each) in seen:
                    continue
                seen.add(id(each))
                self.found.append(unit)
                self.current = unit
                for name, value in each.values:
                    try:
                        self.value(unit.parts, value, f"{each.module}.{name}")
                        self.drain()
                    except UnhashableCode:  # the statement counts by its text at least
                        self.queue.clear()
                        unit.parts.append(b"no content")
        self.hidden = refused

    def subclasses(self) -> None:
        """Count the subclasses of the user's classes, for what looks for them."""
        place = 0
        while place < len(self.found):
            unit = self.found[place]
            place += 1
            if isinstance(unit.value, type) and not issubclass(unit.value, type):
                own = [c for c in unit.value.__subclasses__() if owner_of_class(c) is None]
                self.items(unit.parts, own, f"subclasses of {unit.name}")
                self.drain()

    # -- results ----------------------------------------------------------------------------

    def digest(self) -> str:
        """Return the hex digest of all parts, units by their number."""
        state = blake3(FORMAT.encode())
        for parts in (self.start, *(unit.parts for unit in self.found)):
            for part in parts:
                if isinstance(part, bytes):
                    state.update(b"%d:" % len(part))
                    state.update(part)
                elif isinstance(part, int):
                    state.update(b"#%d;" % part)
                else:
                    state.update(b"=%d:" % len(part[1]))
                    state.update(part[1])
            state.update(b"|")
        if self.reflects:
            # Somewhere a function's name or text is read, so here they are content.
            for unit in self.found:
                state.update(unit.name.encode() + b"\0")
                if "__doc__" in self.reflects:
                    state.update(repr(getattr(unit.value, "__doc__", "")).encode() + b"\0")
                if "__source__" in self.reflects:
                    state.update(repr(source_of(unit.value)).encode() + b"\0")
                if "__annotations__" in self.reflects:
                    notes = getattr(unit.value, "__annotations__", {})
                    state.update(repr(sorted(map(repr, notes.items()))).encode() + b"\0")
        return state.hexdigest(length=DIGEST_BYTES)

    # -- units ------------------------------------------------------------------------------

    def number(self, value: object, name: str, kind: str) -> int:
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = len(self.found)
            unit = Unit(name, kind, value, [])
            self.found.append(unit)
            self.queue.append(unit)
        return number

    def unit(self, unit: Unit) -> None:
        value = unit.value
        if isinstance(value, types.FunctionType):
            self.function(unit.parts, value)
        elif isinstance(value, type):
            self.klass(unit.parts, value)
        elif isinstance(value, types.ModuleType):
            self.module(unit.parts, value)
        else:
            self.instance(unit.parts, value, unit.name)

    def function(self, out: list[Part], fn: types.FunctionType) -> None:
        form = form_of(fn.__code__)
        out.append(form.digest)
        self.reflects |= form.reflects
        for name in sorted(form.reflects & _OF_MODULES):
            self.hide("dynamic", name)
        makes_classes = _makes_classes(fn)
        for name in sorted(form.writes):
            if not makes_classes:
                self.written(fn, name)
        if fn.__defaults__:
            out.append(b"defaults")
            for value in fn.__defaults__:
                self.default(out, fn, value)
        for name, value in sorted((fn.__kwdefaults__ or {}).items()):
            out.append(name.encode())
            self.default(out, fn, value)
        cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
        for reference in form.references:
            self.reference(out, fn, cells, reference)
        named = {reference.path[0] for reference in form.references if reference.path}
        held = [fn.__globals__.get(name) for name in sorted(named)]
        texts = [text for text in held if isinstance(text, str)]
        for name in sorted(names_in_texts(fn.__code__, texts) - named):
            if name in fn.__globals__:
                out.append(b"in text " + name.encode())
                self.reference(out, fn, cells, Reference("global", (name,)))

    def written(self, fn: types.FunctionType, name: str) -> None:
        """Refuse what steps change for each other, unless it is a library's affair."""
        value = fn.__globals__.get(name)
        if not isinstance(value, types.ModuleType) or owner_of_module(value) is None:
            self.hide("state", f"the variable {name}, which it changes")

    def default(self, out: list[Part], fn: types.FunctionType, value: object) -> None:
        if fn is self.root and isinstance(value, PurePath):
            # The node's own parameter: whatever path comes in is hashed as an input.
            out.append(b"Path")
        else:
            self.value(out, value, f"a default of {name_of(fn)}")

    def reference(
        self,
        out: list[Part],
        fn: types.FunctionType,
        cells: dict[str, "types.CellType"],
        reference: Reference,
    ) -> None:
        path = reference.path
        if reference.kind == "import":
            self.imported(out, fn, reference)
            return
        head, rest = path[0], path[1:]
        if reference.kind == "free":
            try:
                value = cells[head].cell_contents
            except ValueError:
                out.append(b"empty cell")
                return
            name = f"{name_of(fn)}.{head}"
        else:
            space = fn.__globals__
            if head in space:
                value = space[head]
                if head == "__file__":
                    self.hide("files", "__file__")
                    out.append(b"__file__")
                    return
            else:
                given = space.get("__builtins__", {})
                held = given if isinstance(given, dict) else vars(given)
                if head not in held:
                    out.append(b"missing " + head.encode())
                    return
                value = held[head]
                if _stands_in(value):
                    self.hidden_name(f"builtins.{head}", reference.argument, fn)
                    self.value_of_extension(out, builtins)
                    out.extend((b"builtins", head.encode()))
                    return
            name = f"{space.get('__name__', '?')}.{head}"
        self.followed(out, value, name, rest, reference, fn)

    def followed(
        self,
        out: list[Part],
        value: object,
        name: str,
        rest: tuple[str, ...],
        reference: Reference,
        fn: types.FunctionType,
    ) -> None:
        """Go along attributes as long as they lead through modules; count what is there."""
        told = name
        while isinstance(value, types.ModuleType) and rest and owner_of_module(value) is None:
            told = f"{value.__name__}.{rest[0]}"
            if rest[0] in _PLACES:
                self.hide("files", told)
            try:
                value = getattr(value, rest[0])
            except AttributeError:
                out.append(b"missing " + told.encode())
                return
            rest = rest[1:]
        changed = patched(value, rest)
        if changed is not None:
            # Somebody put a function of theirs into a library's module.
            self.value(out, changed, ".".join((told, *rest)))
        if isinstance(value, types.FunctionType) and rest and rest[0] in vars(value):
            # An attribute that somebody hung on a function.
            self.value(out, vars(value)[rest[0]], f"{told}.{rest[0]}")
        if (
            rest
            and rest[0] in _CHANGES
            and type(value) in _CHANGED
            and reference.kind == "global"
            and not _makes_classes(fn)
        ):
            self.hide("state", f"{told}.{rest[0]}")
        self.look_for_hidden(value, rest, reference, fn)
        if is_constant(value):
            content: list[Part] = []
            self.value(content, value, told)
            if all(isinstance(part, bytes) for part in content):
                out.append((told, b"\0".join(typing.cast("list[bytes]", content))))
            else:
                out.extend(content)
        else:
            self.value(out, value, told)

    def imported(self, out: list[Part], fn: types.FunctionType, reference: Reference) -> None:
        """Count a thing that an import statement inside a function brings."""
        name = reference.module
        if reference.level:
            package = fn.__globals__.get("__package__") or fn.__globals__.get("__name__", "")
            try:
                name = importlib.util.resolve_name("." * reference.level + name, package)
            except (ImportError, ValueError):
                out.append(b"missing " + name.encode())
                return
        top = name.partition(".")[0]
        known = sys.modules.get(top)
        owner = distribution(top) if known is None else owner_of_module(known)
        member = reference.member
        if owner is not None:
            self.package(owner)
            words = (name, member or "", *reference.path)
            # An alias takes no part, the module's real name does.
            out.append(f"{owner} {'.'.join(words)}".encode())
            dotted = ".".join(word for word in words if word)
            self.hidden_name(dotted, reference.argument, fn)
            return
        if importlib.util.find_spec(top) is None and top not in sys.modules:
            out.append(b"not installed " + name.encode())
            self.hidden_name(".".join((name, *reference.path)), reference.argument, fn)
            return
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            out.append(b"missing " + name.encode())
            return
        except ImportError as error:
            raise UnhashableCode(
                f"{name_of(fn)} imports {name}, which cannot be imported: {error}"
            ) from error
        value: object = module
        told = name
        if member is None:
            value, told = sys.modules[top], top
        elif member:
            told = f"{name}.{member}"
            if not hasattr(module, member):
                with contextlib.suppress(ModuleNotFoundError):
                    importlib.import_module(told)
            if not hasattr(module, member):
                out.append(b"missing " + told.encode())
                return
            value = getattr(module, member)
        if isinstance(value, types.ModuleType) and reference.argument == "bound":
            return  # what is used from it comes with its uses
        self.followed(out, value, told, reference.path, reference, fn)

    def klass(self, out: list[Part], cls: type) -> None:
        # Its name is in the text of its members and of itself, whoever writes that.
        out.append(b"class " + cls.__qualname__.encode("utf-8", "surrogatepass"))
        for base in cls.__bases__:
            self.value(out, base, name_of(base))
        if type(cls) is not type:
            self.value(out, type(cls), name_of(type(cls)))
        if issubclass(cls, enum.Enum):
            for alias, member in cls.__members__.items():
                out.append(f"{alias} {member.name}".encode())
                self.value(out, member.value, f"{name_of(cls)}.{member.name}")
                for key, held in sorted(state_of(member).items()):
                    if key not in _OF_MEMBERS:
                        out.append(key.encode())
                        self.value(out, held, f"{name_of(cls)}.{member.name}.{key}")
        members: dict[str, object] = dict(vars(cls))
        if is_dataclass(cls):
            for held in members.pop("__dataclass_fields__", cls.__dataclass_fields__).values():  # type: ignore[attr-defined]
                # The fields in order; the methods made from them are among the members.
                flags = (held.init, held.repr, held.compare, held.hash, held.kw_only)
                out.append(f"field {held.name} {flags}".encode())
                self.pairs(out, held.metadata, f"metadata of {name_of(cls)}.{held.name}")
                for default in (held.default, held.default_factory):
                    if default is not MISSING:
                        self.value(out, default, f"{name_of(cls)}.{held.name}")
        if isinstance(cls, abc.ABCMeta):
            registered = [found for ref in _get_dump(cls)[0] if (found := ref()) is not None]
            self.items(out, sorted(registered, key=name_of), f"what {name_of(cls)} registered")
        owners = {owner_of_class(one) for one in (*cls.__mro__, type(cls))}
        if owners - {None, "python"}:
            # A library's class as a base, such as a schema's, may read the types of the fields.
            self.typed(out, cls)
        is_enum = issubclass(cls, enum.Enum)
        for name in sorted(members):
            value = members[name]
            if name in NO_CONTENT or isinstance(value, SLOTS):
                continue
            if is_enum and (name.startswith("_") or isinstance(value, cls)):
                if not isinstance(value, (types.FunctionType, classmethod, staticmethod)):
                    continue
                inner = getattr(value, "__func__", value)
                if isinstance(inner, types.FunctionType) and owner_of_function(inner) is not None:
                    continue
            out.append(name.encode())
            self.value(out, value, f"{name_of(cls)}.{name}")

    def typed(self, out: list[Part], value: object) -> None:
        """Count annotations, for what makes behaviour of them."""
        notes = getattr(value, "__annotations__", {})
        self.items(out, list(notes), "annotations")
        self.items(out, list(notes.values()), "annotations")

    def module(self, out: list[Part], module: types.ModuleType) -> None:
        """Count a module that is handed around as a value: everything in it may be used."""
        out.append(b"module")
        for name in sorted(vars(module)):
            if not (name.startswith("__") and name.endswith("__")):
                out.append(name.encode())
                self.value(out, vars(module)[name], f"{module.__name__}.{name}")

    # -- values -----------------------------------------------------------------------------

    def value(self, out: list[Part], value: object, name: str) -> None:
        """Write any object that code can hold on to."""
        kind = type(value)
        if kind in SCALARS:
            out.append(scalar_bytes(value))
            if kind is str and value in READS_NAMES:
                self.reflects.add(value)  # `attrgetter("__name__")`
        elif kind is types.FunctionType:
            self.function_value(out, typing.cast("types.FunctionType", value))
        elif isinstance(value, type):
            owner = owner_of_class(value)
            if owner is None:
                out.append(self.number(value, name_of(value), "class"))
            else:
                self.package(owner)
                out.append(f"{owner} {value.__module__}.{value.__qualname__}".encode())
        elif isinstance(value, types.ModuleType):
            owner = owner_of_module(value)
            if owner is None:
                out.append(self.number(value, value.__name__, "module"))
            else:
                self.package(owner)
                out.append(f"{owner} {value.__name__}".encode())
        elif isinstance(value, (types.BuiltinFunctionType, *DESCRIPTORS)):
            self.builtin(out, value, name)
        elif isinstance(value, types.MethodType):
            out.append(b"method")
            if is_generator(value.__self__):
                self.hide("random", f"{name} of a random generator")
            self.value(out, value.__self__, f"{name}.__self__")
            self.value(out, value.__func__, name)
        elif isinstance(value, functools.partial):
            out.append(b"partial")
            self.value(out, value.func, name)
            self.items(out, value.args, f"{name} arguments")
            self.pairs(out, value.keywords, f"{name} arguments")
        elif isinstance(value, (staticmethod, classmethod)):
            out.append(kind.__name__.encode())
            self.value(out, value.__func__, name)
        elif isinstance(value, property):
            out.append(b"property")
            self.items(out, (value.fget, value.fset, value.fdel), name)
        elif isinstance(value, PurePath):
            self.path(out, value, name)
        elif isinstance(value, enum.Enum):
            out.append(f"member {value.name}".encode())
            self.value(out, kind, name_of(kind))
        elif isinstance(value, re.Pattern):
            out.append(f"pattern {value.flags}".encode())
            self.value(out, value.pattern, name)
        elif kind in (list, tuple, deque):
            out.append(kind.__name__.encode())
            self.guarded(value, lambda: self.items(out, typing.cast("Any", value), name), out)
        elif kind in _MAPPINGS:
            if kind not in (dict, types.MappingProxyType):
                self.value(out, kind, name_of(kind))
                self.value(out, getattr(value, "default_factory", None), name)
            self.guarded(value, lambda: self.pairs(out, value, name), out)
        elif kind in (set, frozenset):
            out.append(kind.__name__.encode())
            # Each by a walk of its own: the order of a set is not the same in every process.
            out.extend(sorted(self.alone(item, name) for item in typing.cast("Any", value)))
        elif kind is logging.Logger or isinstance(value, logging.LoggerAdapter):
            out.append(b"logger")
        elif kind in LOCKS:
            out.append(kind.__name__.encode())
        elif kind in WEAK:
            out.append(kind.__name__.encode())
            self.weak(out, value, name)
        elif isinstance(value, struct.Struct):
            out.append(f"struct {value.format}".encode())
        elif kind is threading.local:
            out.append(b"local")
            self.pairs(out, dict(sorted(vars(value).items())), name)
        elif kind is np.ufunc and not _is_known(value):
            raise UnhashableCode(
                f"{name} is a ufunc made of a function that cannot be seen inside it; make it "
                "inside the function, by numpy.frompyfunc, or use numpy.vectorize"
            )
        elif is_typing(value):
            origin = getattr(value, "__origin__", None)
            if origin is None and not isinstance(value, types.UnionType):
                out.append(f"typing {value!r}".encode())
            else:
                # `Box[int]()` makes a box: what is subscripted counts, not only its name.
                out.append(b"typing")
                self.items(out, (origin, *getattr(value, "__args__", ())), name)
        else:
            self.other(out, value, name)

    def weak(self, out: list[Part], value: Any, name: str) -> None:
        """Count what is weakly held, as far as it is still there."""
        if isinstance(value, weakref.ReferenceType):
            self.value(out, value(), name)
        elif isinstance(value, weakref.WeakSet):
            out.extend(sorted(self.alone(item, name) for item in value))
        else:
            self.guarded(value, lambda: self.pairs(out, dict(value.items()), name), out)

    def other(self, out: list[Part], value: object, name: str) -> None:
        kind = type(value)
        family = kind.__module__.partition(".")[0]
        if family in DATA:
            try:
                out.append(data_hash(value).encode())
            except UnhashableData:
                pass
            else:
                return
        if is_global_generator(value):
            # Held by a library's object; drawing from it by name is seen where it is named.
            out.append(b"global generator")
            return
        if is_generator(value):
            # Its state is what earlier calls left, so it says nothing about this one.
            self.hide("random", f"the random generator {name}")
            out.append(f"{kind.__module__}.{kind.__qualname__}".encode())
            return
        if value is os.environ:
            self.hide("environment", "os.environ")
            out.append(b"os.environ")
            return
        out.append(self.number(value, name, "object"))

    def instance(self, out: list[Part], value: object, name: str) -> None:
        kind = type(value)
        if kind.__module__ == "hamilton.node" and kind.__name__ == "Node":
            node = typing.cast("Any", value)
            out.append(f"node {node.name}".encode())
            self.value(out, node.callable, node.name)
            return
        if kind is _CACHED:
            # What it has kept is no content, what it wraps is.
            out.append(b"cached")
            self.value(out, value.__dict__["__wrapped__"], name)
            return
        self.value(out, kind, name)
        if owner_of_class(kind) is None:
            if isinstance(value, (set, frozenset)):
                out.extend(sorted(self.alone(item, name) for item in value))
            elif any(base is not object and owner_of_class(base) for base in kind.__mro__):
                # What a library's base class keeps, such as the items of a dict.
                self.reduced(out, value, name, state=False)
            for key, held in sorted(state_of(value).items()):
                out.append(key.encode())
                self.value(out, held, f"{name}.{key}")
            return
        named = library_name(value)
        if named is not None:
            out.append(named.encode())
            return
        self.reduced(out, value, name, state=True)

    def reduced(self, out: list[Part], value: object, name: str, *, state: bool) -> None:
        """Count an object of a library's by what would make it again."""
        kind = type(value)
        reduce = copyreg.dispatch_table.get(kind)
        try:
            reduced: Any = value.__reduce_ex__(2) if reduce is None else reduce(value)
        except (TypeError, AttributeError, NotImplementedError, ValueError) as error:
            raise UnhashableCode(
                f"{name} is a {kind.__module__}.{kind.__qualname__}, whose content cannot be "
                f"named ({error}); make it inside the function, or pass it as an input"
            ) from error
        except RuntimeError as error:
            raise UnhashableCode(f"{name} cannot be read: {error}") from error
        if isinstance(reduced, str):
            out.append(reduced.encode())
            return
        maker, arguments, *rest = reduced
        self.value(out, maker, name)
        self.items(out, arguments, name)
        # Attributes are counted one by one for the user's classes; a state of another shape, such
        # as an array's, is the library's own.
        if rest and rest[0] is not None and (state or not _is_attributes(rest[0])):
            self.value(out, rest[0], name)
        for iterator in rest[1:3]:
            if iterator is not None:
                self.items(out, list(iterator), name)

    def function_value(self, out: list[Part], fn: types.FunctionType) -> None:
        owner = owner_of_function(fn)
        if owner is None:
            out.append(self.number(fn, name_of(fn), "function"))
            return
        self.package(owner)
        code = fn.__code__
        place = f"{fn.__globals__.get('__name__', '')}.{code.co_qualname}"
        self.hidden_name(place, "", fn)
        if place.startswith("hamilton.function_modifiers.adapters."):
            self.loader(fn)
        out.append(f"{owner} {place}".encode())
        registry = getattr(fn, "registry", None)
        if isinstance(registry, types.MappingProxyType) and hasattr(fn, "dispatch"):
            # singledispatch: its cache fills with use, its registry is the content.
            for key in sorted(registry, key=name_of):
                self.value(out, key, name_of(key))
                self.value(out, registry[key], name_of(registry[key]))
            return
        if "<locals>" not in code.co_qualname or id(fn) in self.open:
            return
        # Made by a library's function for us: what it closes over is ours.
        self.open.append(id(fn))
        for cell_name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True):
            out.append(cell_name.encode())
            try:
                held = cell.cell_contents
            except ValueError:
                out.append(b"empty cell")
                continue
            self.value(out, held, f"{place}.{cell_name}")
            if isinstance(held, types.FunctionType) and not owner.startswith(_BLIND_TO_TYPES):
                self.typed(out, held)
        self.items(out, fn.__defaults__ or (), f"{place} defaults")
        self.pairs(out, fn.__kwdefaults__ or {}, f"{place} defaults")
        self.open.pop()

    def loader(self, fn: types.FunctionType) -> None:
        """Refuse what Hamilton loads from a place that is named in code."""
        for held in fn.__defaults__ or ():
            if isinstance(held, dict) and any(isinstance(one, str) for one in held.values()):
                self.hide("files", "load_from with a fixed place")

    def builtin(self, out: list[Part], value: Any, name: str) -> None:
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, (types.ModuleType, type)):
            out.append(f"bound {value.__name__}".encode())
            self.value(out, owner, f"{name}.__self__")
            return
        home = getattr(value, "__objclass__", owner)
        if isinstance(home, types.ModuleType):
            self.hidden_name(f"{home.__name__}.{value.__name__}", "", None)
            self.value_of_extension(out, home)
        elif isinstance(home, type):
            self.value(out, home, name_of(home))
        out.append(f"{value.__module__ if hasattr(value, '__module__') else ''}".encode())
        out.append(str(getattr(value, "__qualname__", value.__name__)).encode())

    def value_of_extension(self, out: list[Part], module: types.ModuleType) -> None:
        owner = owner_of_module(module)
        if owner is not None:
            self.package(owner)
            out.append(owner.encode())
        elif module.__spec__ is not None and module.__spec__.origin:
            # The user's own compiled module: its file is all there is to see.
            out.append(file_hash(Path(module.__spec__.origin)).encode())

    def path(self, out: list[Part], value: PurePath, name: str) -> None:
        """A file counts by its name and what it holds, wherever it lies."""
        out.append(b"Path")
        if isinstance(value, Path) and value.is_file():
            out.append(value.name.encode("utf-8", "surrogateescape"))
            out.append(file_hash(value).encode())
            self.files.append(value)
            return
        out.append(str(value).encode("utf-8", "surrogateescape"))
        if isinstance(value, Path) and value.is_dir():
            self.hide("files", f"the folder {name}")

    def items(self, out: list[Part], values: Iterable[object], name: str) -> None:
        values = list(values)
        out.append(b"%d items" % len(values))
        for place, item in enumerate(values):
            self.value(out, item, f"{name}[{place}]")

    def pairs(self, out: list[Part], values: Any, name: str) -> None:
        out.append(b"%d pairs" % len(values))
        for key, item in values.items():
            self.value(out, key, f"{name} key")
            self.value(out, item, f"{name}[{key!r}]")

    def guarded(self, value: object, write: Callable[[], None], out: list[Part]) -> None:
        if id(value) in self.open:
            out.append(b"cycle %d" % (len(self.open) - self.open.index(id(value))))
            return
        self.open.append(id(value))
        write()
        self.open.pop()

    def alone(self, value: object, name: str) -> bytes:
        if type(value) in SCALARS:
            return scalar_bytes(value)
        walk = Reach(value)
        self.packages.update(walk.packages)
        self.files += walk.files
        self.hidden.update(walk.hidden)
        self.holds.append(walk)
        return walk.digest().encode()

    def package(self, owner: str) -> None:
        for one in owner.split(","):
            if "==" in one:
                self.packages[one] = None

    # -- hidden state -----------------------------------------------------------------------

    def hide(self, kind: str, what: str) -> None:
        self.hidden.setdefault((kind, what), self.current.name or name_of(self.root))

    def look_for_hidden(
        self, value: object, rest: tuple[str, ...], reference: Reference, fn: types.FunctionType
    ) -> None:
        if isinstance(value, types.ModuleType):
            dotted = ".".join((value.__name__, *rest))
        elif isinstance(value, NAMED):
            home = getattr(value, "__module__", None) or ""
            owner = getattr(value, "__self__", None)
            if isinstance(owner, type):
                home = f"{owner.__module__}.{owner.__qualname__}"
            elif not isinstance(owner, types.ModuleType) and owner is not None:
                # A method of numpy's or random's hidden generator, imported by name.
                home = type(owner).__module__
            dotted = ".".join((home, getattr(value, "__name__", ""), *rest))
        else:
            return
        self.hidden_name(dotted, reference.argument, fn)

    def hidden_name(self, dotted: str, given: str, fn: types.FunctionType | None) -> None:
        if dotted in {"numpy.random.seed", "random.seed", "torch.manual_seed"}:
            self.seeded = True
            return
        self.reflects |= _ASKS_FOR.get(dotted, frozenset())
        argument, _, word = given.partition(":")
        if fn is None:
            argument = ""
        elif argument == "name":
            argument = "text" if isinstance(fn.__globals__.get(word), str) else ""
        elif argument == "local":
            # A file is opened by an input that is text: only its name would be in the key.
            named = fn is self.root and fn.__annotations__.get(word) in (str, "str")
            argument = "text" if named else ""
        kind = hidden_state(dotted, argument)
        if kind is not None:
            self.hide(kind, dotted.removeprefix("builtins."))


def _module_of(value: object) -> types.ModuleType | None:
    """Return the user's module that a function or a class stands in."""
    if isinstance(value, types.FunctionType):
        module = sys.modules.get(str(value.__globals__.get("__name__")))
        return module if module is not None and vars(module) is value.__globals__ else None
    if isinstance(value, types.ModuleType):
        return value
    return sys.modules.get(value.__module__) if isinstance(value, type) else None


def _stands_in(value: object) -> bool:
    """Whether a package put this in place of one of Python's own functions, as Ray does to `print`.

    It did so in this process; a step runs in another, and its code is the same there.
    """
    return isinstance(value, types.FunctionType) and owner_of_function(value) not in (
        None,
        "python",
    )


def _makes_classes(fn: types.FunctionType) -> bool:
    """Return whether a function runs when a class is made, which is on import."""
    first = fn.__code__.co_varnames[:1]
    name = fn.__code__.co_name
    return name in {"__init_subclass__", "__set_name__", "__prepare__"} or (
        name in {"__new__", "__init__"} and first in {("mcs",), ("mcls",), ("meta",), ("metacls",)}
    )


def _is_known(ufunc: Any) -> bool:
    """Return whether a ufunc is one that numpy or scipy has under its name."""
    homes = (np, sys.modules.get("scipy.special"), sys.modules.get("numpy._core.umath"))
    return any(getattr(home, ufunc.__name__, None) is ufunc for home in homes)


def _is_attributes(state: object) -> bool:
    """Return whether a state is that of `object`: a dict, or a dict or None with the slots'."""
    if isinstance(state, tuple) and len(state) == 2:
        return all(part is None or isinstance(part, dict) for part in state)
    return isinstance(state, dict)


# Functions that read of others what is no content otherwise.
_ASKS_FOR = {
    **dict.fromkeys(
        (
            *("typing.get_type_hints", "inspect.signature", "inspect.getfullargspec"),
            *("inspect.get_annotations", "dataclasses.fields"),
        ),
        frozenset({"__annotations__"}),
    ),
    "inspect.getdoc": frozenset({"__doc__"}),
    **dict.fromkeys(
        ("inspect.getsource", "inspect.getsourcelines", "inspect.getcomments"),
        frozenset({"__source__"}),
    ),
}
# What every member of an enumeration has.
_OF_MEMBERS = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_"})
_MAPPINGS = (dict, types.MappingProxyType, OrderedDict, defaultdict, Counter)
# Methods that change a container, and the containers.
_CHANGES = frozenset(
    {"append", "appendleft", "extend", "extendleft", "insert", "add", "update", "setdefault"}
    | {"pop", "popleft", "popitem", "remove", "discard", "clear", "sort", "reverse", "subtract"}
)
_CHANGED = frozenset({list, dict, set, deque, OrderedDict, defaultdict, Counter, bytearray})
# Attributes of a module that lead to files beside it.
_PLACES = frozenset({"__file__", "__path__", "__spec__", "__cached__", "__loader__"})
# Attributes that give all names of a module at once.
_OF_MODULES = frozenset({"__globals__", "f_globals", "f_locals"})
_CACHED = type(functools.lru_cache(len))
# Wrappers that may look at the types of what they wrap, and do nothing else with it than call it.
_BLIND_TO_TYPES = ("python", "apache-hamilton")

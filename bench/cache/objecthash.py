"""The content of objects that are part of a model: their class and everything they hold."""

import contextlib
import copyreg
import functools
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bench.cache.packages import owner_of_class, owner_of_function
from bench.cache.writer import Where, Writer, deeper, unhashable

__all__ = ["feed_class", "feed_object"]

_CODE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    functools.partial,
    np.ufunc,
    type(np.mean),
)
_POINTER = tuple.__itemsize__


def feed_class(out: Writer, cls: type, where: Where) -> None:
    """Write which class it is: by its name, and its code or its distribution's version.

    Raises
    ------
    UnhashableData
        For code that cannot be seen, and for classes that a library made at run time.
    """
    if cls not in out.classes:
        out.classes[cls] = _identity(cls, where)
    out.text(b"class", out.classes[cls])


def _identity(cls: type, where: Where) -> str:
    name = f"{cls.__module__}.{cls.__qualname__}"
    owner = owner_of_class(cls)
    if owner is None:
        return f"{name} {_code(cls, where)}"
    held: Any = sys.modules.get(cls.__module__)
    for step in cls.__qualname__.split("."):
        held = getattr(held, step, None)
    if held is not cls:
        raise unhashable(cls, where, f"the class {name} of {owner} is not found by its name")
    # A method that somebody put into a library's class is none of its version.
    hung = [
        f"{base.__qualname__}.{member} {_code(value, where)}"
        for base in cls.__mro__
        if owner_of_class(base) is not None
        for member, value in sorted(vars(base).items())
        if isinstance(value, types.FunctionType) and owner_of_function(value) is None
    ]
    return " ".join((owner, name, *hung))


_open = threading.local()


def _code(value: object, where: Where) -> str:
    """Return the digest of code; hidden state that it reads is the affair of who runs it."""
    # Code looks at data, for its constants; this is the one way back.
    from bench.cache.reach import Reach, UnhashableCode

    now: set[int] = _open.__dict__.setdefault("now", set())
    if id(value) in now:
        return "itself"  # held by a constant that its own code names
    now.add(id(value))
    try:
        return Reach(value).digest()
    except UnhashableCode as error:
        raise unhashable(value, where, str(error)) from error
    finally:
        now.remove(id(value))


def feed_object(out: Writer, value: Any, where: Where) -> None:
    """Write an object of any class, function or method that a model holds.

    Objects of Python classes count by all their attributes, others by what would make them again.

    Raises
    ------
    UnhashableData
        For an object with a part that cannot be seen.
    """
    deeper(value, where)
    kind = type(value)
    if id(value) in out.open:
        out.part(b"cycle", len(out.open) - out.open.index(id(value)))
        return
    out.open.append(id(value))
    if isinstance(value, type):
        feed_class(out, value, where)
    elif isinstance(value, _CODE):
        out.text(b"code", _code(value, where))
    elif isinstance(value, types.MethodType):
        out.part(b"method")
        out.value(value.__func__, (*where, "function"))
        out.value(value.__self__, (*where, "self"))
    elif isinstance(value, weakref.ReferenceType):
        out.part(b"weak")
        out.value(value(), where)
    elif isinstance(value, types.ModuleType):
        raise unhashable(value, where, "a whole module is no content")
    else:
        feed_class(out, kind, where)
        if _hides(kind):
            _made(out, value, where)
        _attributes(out, value, where)
    out.open.pop()


def _attributes(out: Writer, value: object, where: Where) -> None:
    held = dict(_slots(value))
    with contextlib.suppress(AttributeError, TypeError):
        # Not `getattr`: a class may answer for itself what its attributes are.
        held |= object.__getattribute__(value, "__dict__")
    out.part(b"attributes", len(held))
    for name in sorted(held, key=str):
        out.value(name, where)
        out.value(held[name], (*where, name))


def _slots(value: object) -> Iterator[tuple[str, object]]:
    for cls in type(value).__mro__:
        if "__slots__" in vars(cls):
            for name, member in vars(cls).items():
                if isinstance(member, types.MemberDescriptorType):
                    try:
                        yield f"{cls.__qualname__} {name}", member.__get__(value)
                    except AttributeError:  # not set
                        continue


def _hides(kind: type) -> bool:
    """Return whether objects of a class have more to them than what Python attributes hold."""
    slots = sum(
        isinstance(member, types.MemberDescriptorType)
        for cls in kind.__mro__
        if "__slots__" in vars(cls)
        for member in vars(cls).values()
    )
    # What is kept before the object, as newer versions do, has no positive offset.
    others = (kind.__dictoffset__ > 0) + (kind.__weakrefoffset__ > 0)
    room = object.__basicsize__ + _POINTER * (slots + others)
    return kind.__basicsize__ > room or kind.__itemsize__ > 0


def _made(out: Writer, value: Any, where: Where) -> None:
    """Write an object of a compiled class by what would make it again."""
    reduce: Callable[[Any], Any] | None = copyreg.dispatch_table.get(type(value))
    try:
        reduced: Any = value.__reduce_ex__(2) if reduce is None else reduce(value)
    except Exception as error:  # each library has its own for this
        raise unhashable(value, where, f"its content cannot be seen ({error})") from error
    if isinstance(reduced, str):
        out.text(b"global", reduced)
        return
    maker, arguments, *rest = reduced
    out.part(b"made", len(rest))
    out.value(maker, (*where, "maker"))
    out.value(arguments, (*where, "arguments"))
    for place, part in enumerate(rest):
        held = list(part) if place in {1, 2} and part is not None else part
        out.value(held, (*where, ("state", "items", "pairs", "setter")[place]))

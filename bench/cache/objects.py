"""Which kind of thing an object is that code holds on to."""

import functools
import random
import sys
import threading
import types
import weakref

from bench.cache.packages import owner_of_function

__all__ = [
    "DATA",
    "DESCRIPTORS",
    "LOCKS",
    "NAMED",
    "NO_CONTENT",
    "SCALARS",
    "SLOTS",
    "WEAK",
    "is_constant",
    "is_generator",
    "is_global_generator",
    "is_typing",
    "library_name",
    "name_of",
    "patched",
    "state_of",
]

SCALARS = frozenset({int, float, complex, str, bytes, bool, type(None), type(...), range})
DATA = frozenset(
    {
        "numpy",
        "pandas",
        "pyarrow",
        "scipy",
        "torch",
        "datetime",
        "decimal",
        "fractions",
        "uuid",
        "builtins",
    }
)
DESCRIPTORS = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
)
NAMED = (types.BuiltinFunctionType, types.MethodType, types.FunctionType, type)
SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)
LOCKS = (type(threading.Lock()), type(threading.RLock()))
WEAK = (
    weakref.WeakKeyDictionary,
    weakref.WeakValueDictionary,
    weakref.WeakSet,
    weakref.ReferenceType,
)
NO_CONTENT = frozenset(
    {"__module__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__qualname__"}
    | {"__firstlineno__", "__static_attributes__", "__annotate__", "__annotate_func__"}
    | {"__annotations_cache__", "_abc_impl", "__abstractmethods__", "__parameters__"}
    | {"__orig_bases__", "__dataclass_fields__", "__dataclass_params__"}
)


_COPIED = frozenset(functools.WRAPPER_ASSIGNMENTS)


def name_of(value: object) -> str:
    """Return module and qualified name, or the name of the type."""
    inner = getattr(value, "__func__", value)
    module = getattr(inner, "__module__", None)
    name = getattr(inner, "__qualname__", None) or type(value).__qualname__
    return f"{module}.{name}" if isinstance(module, str) else str(name)


def is_constant(value: object) -> bool:
    """Return whether a value is neither code nor a module."""
    return not callable(value) and not isinstance(value, types.ModuleType)


def is_generator(value: object) -> bool:
    """Return whether an object draws random numbers, so that its state changes with use."""
    kind = type(value)
    if kind.__module__.startswith("numpy.random"):
        return kind.__name__ != "SeedSequence"
    return isinstance(value, random.Random)


def is_global_generator(value: object) -> bool:
    """Return whether it is the generator behind `numpy.random`'s functions."""
    numpy = sys.modules.get("numpy.random.mtrand")
    return numpy is not None and value is getattr(numpy, "_rand", None)


def library_name(value: object) -> str | None:
    """Return the name under which a library's own module has an object, as `scipy.stats.norm`."""
    home = sys.modules.get(type(value).__module__)
    for name, held in list(vars(home).items()) if home is not None else ():
        if held is value:
            return f"{type(value).__module__}.{name}"
    return None


def patched(value: object, rest: tuple[str, ...]) -> object:
    """Return the user's own thing at the end of a path through a library's modules, if any."""
    for step in rest:
        if not isinstance(value, types.ModuleType):
            return None
        value = vars(value).get(step)  # not `getattr`, which may import half a library
        if isinstance(value, types.FunctionType) and owner_of_function(value) is None:
            return value
    return None


def is_typing(value: object) -> bool:
    """Return whether it is a form of the `typing` module."""
    kind = type(value)
    return kind.__module__ in {"typing", "typing_extensions"} or isinstance(
        value, (types.GenericAlias, types.UnionType)
    )


def state_of(value: object) -> dict[str, object]:
    """Return an instance's attributes, from its dict and its slots."""
    try:
        # Not `getattr`: a class may answer for itself what its attributes are.
        state = dict(object.__getattribute__(value, "__dict__"))
    except (AttributeError, TypeError):
        state = {}
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if slot.startswith("__") and not slot.endswith("__"):
                slot = f"_{cls.__name__.lstrip('_')}{slot}"
            if slot not in {"__dict__", "__weakref__"} and hasattr(value, slot):
                state[slot] = getattr(value, slot)
    # What `functools.update_wrapper` copies onto a wrapper is no content of it, nor what a cached
    # property has come to.
    return {
        name: held
        for name, held in state.items()
        if name not in _COPIED and not _is_derived(type(value), name)
    }


def _is_derived(kind: type, name: str) -> bool:
    for cls in kind.__mro__:
        if name in vars(cls):
            return isinstance(vars(cls)[name], functools.cached_property)
    return False

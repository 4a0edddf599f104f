"""Which code is whose: the standard library's, an installed distribution's, or the user's own."""

import functools
import importlib.machinery
import re
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path

__all__ = ["OURS", "distribution", "owner_of_class", "owner_of_function", "owner_of_module"]

# Counted by content wherever they are installed: they are what is under development here.
OURS = frozenset({"dataflows", "stats", "reports", "bench"})

_SITE = re.compile(r".*[/\\](?:site|dist)-packages[/\\]([^/\\]+)")
_STDLIB = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) + "/" for name in ("stdlib", "platstdlib")
)


def _top_level_of_file(path: str) -> str | None:
    """Return the top-level name a library's file belongs to, or None for a user's file.

    The standard library answers ``"python"``.
    """
    found = _SITE.match(path)
    if found is not None:
        name = found.group(1)
        top = name.split(".", 1)[0]
        return None if top in OURS else top
    if path.startswith("<frozen"):
        return "python"
    resolved = path.replace("\\", "/")
    return "python" if resolved.startswith(_STDLIB) else None


@functools.cache
def distribution(top: str) -> str | None:
    """Return ``"name==version"`` of the distribution that brings a top-level module.

    None means that no distribution does: the module is the user's own. The module is not
    imported. Names that several distributions share give all of them.

    Examples
    --------
    >>> distribution("json"), distribution("stats")
    ('python', None)
    """
    if top in OURS:
        return None
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return "python"
    folder = _site_of(top)
    if folder is None:
        return None
    names = _installed(folder)
    simple = _normal(top)
    if simple in names:
        return f"{simple}=={names[simple][0]}"
    owners = sorted(_owners(folder, top))
    return ",".join(owners) or None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _site_of(top: str) -> str | None:
    """Return the site-packages folder a top-level module lies in."""
    module = sys.modules.get(top)
    spec = getattr(module, "__spec__", None)
    if spec is None:
        if module is not None and getattr(module, "__file__", None):
            places = [str(module.__file__)]
        else:
            found = importlib.machinery.PathFinder.find_spec(top)
            if found is None:
                return None
            spec = found
    if spec is not None:
        places = [spec.origin] if spec.origin else []
        places += list(spec.submodule_search_locations or [])
    for place in places:
        if place and _SITE.match(place):
            found_at = re.match(r".*[/\\](?:site|dist)-packages", place)
            return found_at.group(0) if found_at else None
    return None


@functools.cache
def _installed(folder: str) -> dict[str, tuple[str, str]]:
    """Return version and metadata folder of each distribution, from the folder's names alone."""
    found = {}
    for entry in Path(folder).iterdir():
        stem, dot, suffix = entry.name.rpartition(".")
        if dot and suffix in {"dist-info", "egg-info"}:
            name, _, version = re.sub(r"-py\d.*", "", stem).rpartition("-")
            found[_normal(name)] = (version, str(entry))
    return found


def _owners(folder: str, top: str) -> Iterator[str]:
    """Read what each distribution says it brings, until one names the module."""
    slash, file = f"{top}/".encode(), f"{top}.".encode()
    for name, (version, info) in _installed(folder).items():
        listed = Path(info) / "top_level.txt"
        if listed.is_file() and top in listed.read_text("utf-8", "replace").split():
            yield f"{name}=={version}"
            continue
        record = Path(info) / "RECORD"
        if not record.is_file():
            continue
        text = b"\n" + record.read_bytes()
        if b"\n" + slash in text or b"\n" + file in text:
            yield f"{name}=={version}"


def owner_of_module(module: types.ModuleType) -> str | None:
    """Return the distribution a module belongs to, or None for the user's own."""
    name = module.__name__
    top = name.partition(".")[0]
    if top in {"__main__", "__mp_main__"}:
        return None
    file = getattr(module, "__file__", None)
    if isinstance(file, str) and _top_level_of_file(file) is None:
        return None
    return distribution(top)


@functools.lru_cache(maxsize=65536)
def _owner_of_file(file: str, module: str) -> str | None:
    if not file.startswith("<") or file.startswith("<frozen"):
        top = _top_level_of_file(file)
        if top is None:
            return None
        return "python" if top == "python" else distribution(top)
    # Made by exec: it belongs to whoever's globals it has.
    top = module.partition(".")[0]
    return None if top in {"", "__main__", "builtins"} else distribution(top)


def owner_of_function(fn: types.FunctionType) -> str | None:
    """Return the distribution whose file a function's code stands in, or None for the user's.

    `functools.wraps` gives a library's wrapper the user's names, so the names are not asked.
    """
    return _owner_of_file(fn.__code__.co_filename, str(fn.__globals__.get("__name__", "")))


def owner_of_class(cls: type) -> str | None:
    """Return the distribution a class belongs to, or None for the user's own."""
    module = sys.modules.get(cls.__module__)
    if module is not None:
        return owner_of_module(module)
    top = str(cls.__module__).partition(".")[0]
    return None if top == "__main__" else distribution(top)

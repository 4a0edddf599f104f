"""What a step reads while it runs that no key holds: files it opens, addresses it connects to."""

import os
import sys
import sysconfig
import threading
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from bench.cache.reach import Reach, UnhashableCode

__all__ = ["watched"]

# The interpreter's own hook, since a name may be computed and an open file be a library's work.
_WATCHES: dict[int, "_Watch"] = {}
_HOOKED: list[bool] = []


@contextmanager
def watched(
    name: str,
    step: Callable[..., object],
    given: Mapping[str, object],
    *,
    defaults: Mapping[str, object],
    declared: Collection[str],
) -> Iterator[None]:
    """Run a step, and refuse what came of it when it read what no key holds.

    Parameters
    ----------
    name : str
        The step's name, for the message.
    step : callable
        Its code: a file behind a path constant in it counts by its content.
    given, defaults : Mapping
        Its arguments: a file behind a path among them counts by its content, and so does what
        lies in a folder.
    declared : collection of str
        Kinds of hidden state that its author knows of and accepts.

    Raises
    ------
    UnhashableCode
        When the step ends and has read such a thing.
    """
    if not _HOOKED:
        _HOOKED.append(True)
        sys.addaudithook(_hook)
    thread = threading.get_ident()
    # Two up: this generator and the one that steps it stand between.
    outer, watch = _WATCHES.get(thread), _Watch(sys._getframe(2))
    _WATCHES[thread] = watch
    try:
        yield
    finally:
        if outer is None:
            del _WATCHES[thread]
        else:
            _WATCHES[thread] = outer
    if watch.opened and "files" not in declared:
        known = set(_paths((dict(given), dict(defaults))))
        strange = [path for path in watch.opened if not _below(path, known)]
        if strange:
            known |= {path.resolve() for path in Reach(step).files}
            strange = [path for path in strange if not _below(path, known)]
        if strange:
            raise UnhashableCode(
                f"{name} opened {strange[0]}, which is not in its key; make it an input of type "
                'pathlib.Path; or declare it on the node: @tag(hidden="files")'
            )
    if watch.called and "network" not in declared:
        raise UnhashableCode(
            f"{name} connected to {watch.called[0]}: what comes over the network is not in the "
            'key; fetch it before, as a file; or declare it on the node: @tag(hidden="network")'
        )


class _Watch:
    """What one step was seen to do."""

    __slots__ = ("called", "caller", "made", "opened", "written")

    def __init__(self, caller: types.FrameType) -> None:
        self.caller = caller
        self.opened: list[Path] = []
        self.written: set[str] = set()
        self.made: tuple[str, ...] = ()  # folders, with a separator at the end
        self.called: list[str] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _WATCHES or event not in ("open", "os.mkdir", "socket.connect"):
        return
    watch = _WATCHES.get(threading.get_ident())
    if watch is None:
        return
    if event == "open":
        _opened(watch, *arguments)
    elif event == "os.mkdir":
        watch.made += (os.path.realpath(os.fsdecode(arguments[0])) + os.sep,)
    elif isinstance(arguments[1], tuple):
        watch.called.append(":".join(map(str, arguments[1][:2])))


def _opened(watch: _Watch, file: object, mode: object, flags: object) -> None:
    if not isinstance(file, (str, bytes, os.PathLike)):
        return  # a descriptor: it was opened before
    path = os.path.realpath(os.fsdecode(file))
    creates = isinstance(flags, int) and bool(flags & (os.O_TRUNC | os.O_EXCL))
    if creates or (isinstance(mode, str) and mode[:1] in ("w", "x")):
        watch.written.add(path)
    elif path in watch.written or path.startswith(watch.made) or os.path.isdir(path):  # noqa: PTH112
        return  # its own, or no file
    elif not _is_no_data(path) and not _is_importing(watch):
        watch.opened.append(Path(path))


_OWN = tuple(
    {os.path.realpath(place) + os.sep for place in (sys.prefix, sys.base_prefix)}
    | {os.path.realpath(place) + os.sep for place in sysconfig.get_paths().values() if place}
)
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/share/", "/usr/lib/", "/lib/")
_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dll", ".dylib")


def _is_no_data(path: str) -> bool:
    """Return whether a file is code, a library's, or the system's: its version stands for it."""
    return path.endswith(_CODE) or path.startswith((*_OWN, *_SYSTEM)) or "site-packages" in path


def _is_importing(watch: _Watch) -> bool:
    """Return whether the step imports a module: what that reads then is in its values."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None and frame is not watch.caller:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _paths(value: object) -> Iterator[Path]:
    """Yield the paths in a value, as they are found by the system."""
    if isinstance(value, Path):
        yield value.resolve()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _paths(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _paths(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _paths(getattr(value, field.name, None))


def _below(path: Path, known: Collection[Path]) -> bool:
    return any(path == each or each in path.parents for each in known)

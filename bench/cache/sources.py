"""The text of functions, classes and imports, read once."""

import inspect
import types

from bench.cache.importing import Importing

__all__ = ["source_of"]

# Read once: the file may be edited while the process runs, and what ran stays what it was.
_SOURCES: dict[int, tuple[object, str | None]] = {}


def source_of(value: object) -> str | None:
    """Return the text of a thing, or None where there is none."""
    if isinstance(value, Importing):
        return value.text
    if not isinstance(value, (types.FunctionType, type)):
        return None
    known = _SOURCES.get(id(value))
    if known is None or known[0] is not value:
        try:
            text: str | None = inspect.getsource(value)
        except (OSError, TypeError, SyntaxError, IndexError):
            text = None
        known = _SOURCES[id(value)] = (value, text)
    return known[1]

"""Content as a stream of bytes in which neighbours can never run together."""

import struct
from collections.abc import Callable
from typing import Any

from bench.errors import BenchError

__all__ = ["UnhashableData", "Where", "Writer", "deeper", "unhashable"]

Where = tuple[object, ...]  # the steps from the whole value to a part of it


class UnhashableData(BenchError, TypeError):
    """A value whose content cannot be named; the message says which and what to do."""


def unhashable(value: object, where: Where, advice: str) -> UnhashableData:
    """Return the error for a value that has no canonical content."""
    place = "".join(f"[{step!r}]" for step in where)
    kind = type(value)
    at = f" at {place}" if place else ""
    return UnhashableData(
        f"no content hash for {kind.__module__}.{kind.__qualname__}{at}: {advice}"
    )


def deeper(value: object, where: Where) -> None:
    """Refuse what has no end."""
    if len(where) > 100:
        raise unhashable(value, where[:3], "nested deeper than 100 levels, or holds itself")


class Writer:
    """Takes the parts of a value, each with its kind and its lengths before it.

    Parameters
    ----------
    raw : callable
        Takes bytes, such as the update of a hash.
    feed : callable
        Writes any value, by its kind.

    Attributes
    ----------
    classes : dict
        What was found out of classes, which many parts of one value are of.
    open : list of int
        The objects that are being written, from the outside in.
    parts : dict
        The tensors and modules that were written, by number: what is shared is so in copies too.
    """

    __slots__ = ("_feed", "classes", "open", "parts", "raw")

    def __init__(
        self,
        raw: Callable[[Any], object],
        feed: Callable[["Writer", object, Where], None],
    ) -> None:
        self.raw = raw
        self._feed = feed
        self.classes: dict[type, str] = {}
        self.open: list[int] = []
        self.parts: dict[object, tuple[int, object]] = {}

    def part(self, tag: bytes, *lengths: int) -> None:
        """Open a part: its kind and its lengths."""
        count = len(lengths)
        self.raw(struct.pack(f"<B{len(tag)}sB{count}q", len(tag), tag, count, *lengths))

    def text(self, tag: bytes, text: str) -> None:
        """Write a part that is text."""
        self.blob(tag, text.encode("utf-8", "surrogatepass"))

    def blob(self, tag: bytes, data: bytes | memoryview) -> None:
        """Write a part that is bytes."""
        self.part(tag, len(data))
        self.raw(data)

    def value(self, value: object, where: Where = ()) -> None:
        """Write a value of any kind."""
        self._feed(self, value, where)

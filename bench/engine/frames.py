"""Messages between a keeper and its child: a kind, a length and text on a stream of bytes."""

import socket
import struct

__all__ = ["ANSWER", "BEGUN", "FAILED", "TASK", "Reader", "framed", "is_last", "last", "received"]

TASK, BEGUN, ANSWER, FAILED = b"T", b"B", b"A", b"F"

_HEAD = "!cI"
_HEAD_BYTES = struct.calcsize(_HEAD)
_BYTES = 1 << 16


def last(kind: bytes) -> bytes:
    """Return the kind of an answer after which its sender is not to be used again."""
    return kind.lower()


def is_last(kind: bytes) -> bool:
    """Return whether the sender of an answer is not to be used again."""
    return kind.islower()


def framed(kind: bytes, text: bytes = b"") -> bytes:
    """Return a message as the bytes that are sent."""
    return struct.pack(_HEAD, kind, len(text)) + text


def received(stream: socket.socket) -> tuple[bytes, bytes] | None:
    """Wait for a message and return its kind and text; None when the other side is gone."""
    reader = Reader()
    while (message := reader.message()) is None:
        data = stream.recv(_BYTES)
        if not data:
            return None
        reader.feed(data)
    return message


class Reader:
    """Puts messages together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> None:
        """Add bytes that came."""
        self._held += data

    def message(self) -> tuple[bytes, bytes] | None:
        """Return the next whole message and forget it; None when it is not all there yet."""
        if len(self._held) < _HEAD_BYTES:
            return None
        kind, length = struct.unpack_from(_HEAD, self._held)
        end = _HEAD_BYTES + length
        if len(self._held) < end:
            return None
        text = bytes(self._held[_HEAD_BYTES:end])
        del self._held[:end]
        return kind, text

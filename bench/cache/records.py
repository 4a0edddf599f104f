"""What the store knows under one key, as a line of JSON behind its own checksum."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
from blake3 import blake3

from bench.cache.plain import JSON

__all__ = ["Record", "is_key", "opened", "seal", "unseal"]

CHECK = 32  # hex characters of the checksum, before a newline and the JSON text

_KEY = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, slots=True)
class Record:
    """What the store knows under one key.

    Parameters
    ----------
    key : str
        The recipe or content key it was stored under.
    codec : str
        The format of the object.
    blob : str or None
        The blake3 digest of the object's bytes; None when they stand in the record.
    inline : JSON
        What is short: the value's JSON data, or of another codec its bytes in base64.
    nbytes : int
        The size of the object.
    data_hash : str
        The content hash of the value.
    meta : Mapping
        What the writer said about its origin.
    also : str or None
        Another key under which the same file stands.
    """

    key: str
    codec: str
    blob: str | None
    inline: JSON
    nbytes: int
    data_hash: str
    meta: Mapping[str, JSON]
    also: str | None = None


_pack = msgspec.json.Encoder().encode
_unpack = msgspec.json.Decoder(Record).decode


def is_key(text: str) -> bool:
    """Return whether a text may name a file of the store."""
    return _KEY.fullmatch(text) is not None


def seal(content: object) -> bytes:
    """Return JSON text behind its checksum."""
    text = _pack(content)
    return blake3(text).hexdigest(length=CHECK // 2).encode() + b"\n" + text


def opened(raw: bytes) -> memoryview | None:
    """Return the text behind a checksum, or None when they do not belong together."""
    text = memoryview(raw)[CHECK + 1 :]
    good = raw[:CHECK] == blake3(text).hexdigest(length=CHECK // 2).encode()
    return text if good and raw[CHECK : CHECK + 1] == b"\n" else None


def unseal(key: str, raw: bytes) -> Record | None:
    """Return the record of a key, or None when the bytes are not what was written for it."""
    text = opened(raw)
    if text is None:
        return None
    try:
        record = _unpack(text)
    except msgspec.MsgspecError:
        return None
    if record.also == key:
        return replace(record, key=key, also=record.key)
    # A record copied to another name is as wrong as a damaged one.
    return record if record.key == key else None

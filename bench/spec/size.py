"""Amounts of bytes as people write them."""

import math

from bench.errors import UserError, one_line

__all__ = ["read_size", "size_text"]

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def read_size(text: str, *, where: str) -> int:
    """Return the bytes that a text such as ``"500MB"`` names.

    Raises
    ------
    UserError
        It is no size; the message begins with `where`.

    Examples
    --------
    >>> read_size("1.5 GB", where="--max-size")
    1500000000
    """
    word = text.strip().upper().replace(" ", "")
    unit = word.lstrip("0123456789.")
    try:
        size = float(word.removesuffix(unit) if unit else word) * _UNITS[unit]
    except (ValueError, KeyError):
        size = math.nan
    if not math.isfinite(size):
        raise UserError(f'{where}: "{one_line(text, most=40)}" is no size; write 500MB or 2GB')
    return int(size)


def size_text(n_bytes: float) -> str:
    """Return an amount of bytes as a person reads it.

    Examples
    --------
    >>> size_text(2_000_000_000), size_text(1_500_000), size_text(999)
    ('2.0 GB', '1.5 MB', '999 B')
    """
    for unit in ("TB", "GB", "MB", "KB"):
        if n_bytes >= _UNITS[unit]:
            return f"{n_bytes / _UNITS[unit]:.1f} {unit}"
    return f"{n_bytes:.0f} B"

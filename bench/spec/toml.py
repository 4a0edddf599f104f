"""TOML as text: tables written out, and dotted overrides read from a command line."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from bench.errors import UserError, one_line

__all__ = ["merged", "override", "written"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_WORD = re.compile(r"[\w./~+*@:-]+")
_BARE_LIST = re.compile(r"\[\s*[\w./~+-]+(\s*,\s*[\w./~+-]+)*\s*,?\s*\]")


def written(tables: Mapping[str, object]) -> str:
    """Return nested tables as TOML, values before the tables inside them.

    Examples
    --------
    >>> print(written({"name": "x", "matrix": {"horizon": [1, 6]}}), end="")
    name = "x"
    <BLANKLINE>
    [matrix]
    horizon = [1, 6]
    """
    return "\n".join(_lines(tables, ())).lstrip("\n") + "\n"


def override(text: str) -> dict[str, Any]:
    """Return the nested table that ``matrix.horizon=[1,6]`` stands for.

    Words need no quotes: ``matrix.task=binary``, ``matrix.task=[binary,ordinal]``.

    Raises
    ------
    UserError
        The text is no ``key=value``, or its value is no TOML.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not text.isprintable():
        raise UserError(
            f'"{one_line(text, most=80)}" is neither an experiment file nor an override; '
            "write an override as models.lstm.hidden=64"
        )
    value = value.strip()
    table = _parsed(text)
    if table is None and _BARE_WORD.fullmatch(value):
        table = _parsed(f"{key} = {_quoted(value)}")
    if table is None and _BARE_LIST.fullmatch(value):
        table = _parsed(f"{key} = {_list_of_words(value)}")
    if table is None:
        raise UserError(
            f'override "{one_line(text, most=80)}": {one_line(value, most=40) or "nothing"} is no '
            'TOML value; write numbers as 1.5, text as "text", lists as [1,6]'
        )
    return table


def merged(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `top` over it, table by table; neither is changed."""
    result = dict(base)
    for key, value in top.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _list_of_words(text: str) -> str:
    words = [word.strip() for word in text.strip("[] ").split(",") if word.strip()]
    return f"[{', '.join(w if _parsed(f'x = {w}') else _quoted(w) for w in words)}]"


def _lines(table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = {key: value for key, value in table.items() if key not in inner}
    if path and (plain or not inner):
        yield f"\n[{'.'.join(_key(part) for part in path)}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        yield from _lines(value, (*path, key))


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | PurePath):
        return _quoted(str(value))
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{{pairs}}}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"TOML has no value for {type(value).__name__}")


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, but for the one control character that JSON leaves alone.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

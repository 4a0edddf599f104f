"""The filter language of ``-k``: which cells a condition keeps.

::

    model=lstm and horizon in (6, 24)
    (task=binary or task=ordinal) and not target=temp_*
    variant="lstm[hidden=16,*" and fold<2
    hidden>=32 and xgboost
"""

import fnmatch
import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.errors import UserError, did_you_mean, listed, one_line
from bench.spec.cell import JSON, Cell

__all__ = ["FIELDS", "select"]

FIELDS = ("dataset", "target", "task", "horizon", "fold", "model", "variant", "seed")

Condition = Callable[[Cell], bool]

_LONGEST = 2_000  # characters
_DEEPEST = 40  # brackets and nots inside each other

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark><=|>=|==|!=|=|<|>|\(|\)|\{|\}|,)
      | (?P<quoted>"[^"]*"|'[^']*')
      | (?P<word>[^\s()\{\},=<>!"']+)
    )""",
    re.VERBOSE,
)
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(cells: Iterable[Cell], condition: str) -> tuple[Cell, ...]:
    """Return the cells for which a condition holds, in their order.

    Parameters
    ----------
    condition : str
        Comparisons ``key=value`` (also ``!= < <= > >=`` and ``in (a, b)``) joined by ``and``,
        ``or``, ``not`` and brackets. Keys are the axes of a cell and the names of its
        parameters; values may hold ``*`` and ``?``. A word alone keeps the cells whose slug
        has it.

    Raises
    ------
    UserError
        The condition cannot be read, names an unknown key, or keeps no cell.
    """
    before = tuple(cells)
    kept = tuple(filter(_Reader(condition, before).condition(), before))
    if before and not kept:
        raise UserError(
            f'the filter "{one_line(condition, most=120)}" keeps none of {len(before)} cells'
            f"{_nearest_value(condition, before)}"
        )
    return kept


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    quoted: bool
    at: int

    def is_word(self, word: str) -> bool:
        return not self.quoted and self.text.casefold() == word


class _Reader:
    """Reads a condition by descent: ``or`` binds weakest, then ``and``, then ``not``."""

    def __init__(self, text: str, cells: Sequence[Cell]) -> None:
        if len(text) > _LONGEST:
            raise UserError(f"the filter has {len(text)} characters; at most {_LONGEST} are read")
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0
        self._keys = {*FIELDS, *(name for cell in cells for name, _ in cell.parameters)}

    def condition(self) -> Condition:
        if not self._tokens:
            raise self._wrong("is empty")
        whole = self._any()
        if (rest := self._peek()) is not None:
            raise self._wrong(f'has "{rest.text}" where and, or, or the end was expected')
        return whole

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda cell: any(part(cell) for part in parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda cell: all(part(cell) for part in parts)

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("has too many brackets inside each other")
        try:
            if self._take("not"):
                inner = self._one()
                return lambda cell: not inner(cell)
            if self._take("("):
                inner = self._any()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        key = self._value("a key such as model")
        mark = self._peek()
        if mark is not None and not mark.quoted:
            if mark.text in ("=", "==", "!="):
                self._next += 1
                matches = _equals(self._key(key), [self._value("a value")])
                return matches if mark.text != "!=" else lambda cell: not matches(cell)
            if mark.text in _ORDER:
                self._next += 1
                return _ordered(self._key(key), mark.text, self._value("a number"), self._wrong)
            if mark.is_word("in"):
                self._next += 1
                return _equals(self._key(key), self._values())
        pattern = _glob(f"*{key.text}*")
        return lambda cell: pattern(cell.slug)

    def _values(self) -> list[_Token]:
        closing = ")" if self._take("(") else "}"
        if closing == "}":
            self._expect("{")
        values = [self._value("a value")]
        while self._take(","):
            values.append(self._value("a value"))
        self._expect(closing)
        return values

    def _value(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise self._wrong(f"ends where {wanted} was expected")
        if not token.quoted and (
            token.text in "(){},=<>" or token.text in _ORDER or token.text in ("==", "!=")
        ):
            raise self._wrong(f'has "{token.text}" where {wanted} was expected')
        if not token.quoted and token.text.casefold() in ("and", "or", "not", "in"):
            raise self._wrong(f'has the word "{token.text}" where {wanted} was expected')
        self._next += 1
        return token

    def _key(self, token: _Token) -> str:
        if token.text not in self._keys:
            keys = [*FIELDS, *sorted(self._keys.difference(FIELDS))]
            hint = did_you_mean(token.text, keys)
            joint = " Keys" if hint else "; keys"
            raise self._wrong(f'has the unknown key "{token.text}"{hint}{joint}: {listed(keys)}')
        return token.text

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, word: str) -> bool:
        token = self._peek()
        if token is None or not token.is_word(word):
            return False
        self._next += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            token = self._peek()
            raise self._wrong(
                f'misses "{mark}"' + (f' before "{token.text}"' if token else " at its end")
            )

    def _wrong(self, what: str) -> UserError:
        return UserError(
            f'the filter "{one_line(self._text, most=120)}" {one_line(what, most=300)}'
        )


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise UserError(
                f'the filter "{one_line(text, most=120)}" has an unexpected '
                f'"{one_line(text[at:].strip()[:1])}" at character {at + 1}; '
                'write it as in model=lstm and horizon=24, values with spaces in "..."'
            )
        quoted = found["quoted"]
        word = quoted[1:-1] if quoted is not None else found[0].strip()
        yield _Token(word, quoted is not None, found.start())
        at = found.end()


def _axis(cell: Cell, key: str) -> JSON:
    if key in FIELDS:
        value: JSON = getattr(cell, key)
        return value
    return dict(cell.parameters).get(key)


def _equals(key: str, wanted: Sequence[_Token]) -> Condition:
    patterns = [_glob(token.text) for token in wanted]
    numbers = [number for token in wanted if (number := _number(token.text)) is not None]

    def matches(cell: Cell) -> bool:
        value = _axis(cell, key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value in numbers or any(pattern(str(value)) for pattern in patterns)
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return any(pattern(text) for pattern in patterns)

    return matches


def _ordered(key: str, mark: str, wanted: _Token, wrong: Callable[[str], UserError]) -> Condition:
    bound = _number(wanted.text)
    if bound is None:
        raise wrong(f'compares {key}{mark} with "{wanted.text}", which is not a number')

    def holds(cell: Cell) -> bool:
        value = _axis(cell, key)
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and _ORDER[mark](value, bound)
        )

    return holds


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _glob(pattern: str) -> Callable[[str], bool]:
    """Return a test for ``*`` and ``?`` alone: labels hold square brackets that mean themselves."""
    expression = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
    return lambda text: expression.match(text) is not None


def _nearest_value(condition: str, cells: Sequence[Cell]) -> str:
    """Return what the first comparison with an unknown value might have meant."""
    tokens = list(_tokens(condition))
    for key, mark, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if mark.text not in ("=", "==") or key.text not in FIELDS:
            continue
        there = list(dict.fromkeys(str(_axis(cell, key.text)) for cell in cells))
        if not any(map(_glob(value.text), there)):
            hint = did_you_mean(value.text, there)
            return hint or f'; no {key.text} is "{value.text}", there are {listed(there)}'
    return ""

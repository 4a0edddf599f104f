"""Numbers as people read them."""

from __future__ import annotations

import math

from reports.document import Entry

__all__ = [
    "blank",
    "count",
    "decimal",
    "duration",
    "number",
    "percent",
    "plural",
    "probability",
    "pvalue",
    "score",
    "signed",
    "word",
]

_MINUS = "−"


def decimal(value: float, digits: int) -> str:
    """Fixed decimals with a true minus sign.

    Examples
    --------
    >>> decimal(-1.0 / 3, 2), decimal(-0.001, 1), decimal(float("nan"), 2)
    ('−0.33', '0.0', '–')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    text = f"{value:.{digits}f}"
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else _MINUS + text[1:]
    return text


def signed(value: float, digits: int) -> str:
    """Fixed decimals with a sign in front of positive numbers too."""
    text = decimal(value, digits)
    return f"+{text}" if value > 0 and text.strip("0.") else text


def score(value: float) -> str:
    """A score with four significant digits at most, never in powers of ten for usual sizes.

    Examples
    --------
    >>> score(0.51234), score(12.3456), score(4321.987), score(0.0)
    ('0.512', '12.35', '4322', '0.000')
    """
    if not math.isfinite(value):
        return decimal(value, 3)
    size = abs(value)
    if size and size < 0.0005:
        return f"{value:.1e}".replace("-", _MINUS)
    digits = 3 if size < 10 else 2 if size < 100 else 1 if size < 1000 else 0
    return decimal(value, digits)


def percent(value: float) -> str:
    """A share as a signed percentage.

    Examples
    --------
    >>> percent(0.234), percent(-0.05)
    ('+23.4 %', '−5.0 %')
    """
    return "–" if not math.isfinite(value) else f"{signed(100 * value, 1)} %"


def probability(value: float) -> str:
    """A p-value for a table: three decimals, two digits below .001, never "0".

    Examples
    --------
    >>> probability(0.0312), probability(3.2e-9), probability(float("nan"))
    ('0.031', '3.2e−09', 'undefined')
    """
    if math.isnan(value):
        return "undefined"
    if value < 1e-300:
        return "<1e−300"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}".replace("-", _MINUS)


def pvalue(value: float) -> str:
    """A p-value for a sentence, kept on one line.

    Examples
    --------
    >>> pvalue(0.0312).replace(chr(0xA0), "_"), pvalue(0.0).replace(chr(0xA0), "_")
    ('p_=_0.031', 'p_<_1e−300')
    """
    text = probability(value)
    if text == "undefined":
        return "p\u00a0undefined"
    return f"p\u00a0<\u00a0{text[1:]}" if text[0] == "<" else f"p\u00a0=\u00a0{text}"


def duration(seconds: float) -> str:
    """Seconds, or minutes where they are many.

    Examples
    --------
    >>> duration(0.25), duration(42.0), duration(252.0), duration(7300.0)
    ('0.25 s', '42.0 s', '4 min 12 s', '2 h 1 min')
    """
    if not math.isfinite(seconds):
        return "–"
    if seconds < 120:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def count(value: float) -> str:
    """A whole number with a thin space at thousands.

    Examples
    --------
    >>> count(16800).replace(chr(0x202F), "_")
    '16_800'
    """
    return f"{value:,.0f}".replace(",", "\u202f")


def plural(value: int, one: str, many: str = "") -> str:
    """A count with its noun.

    Examples
    --------
    >>> plural(1, "model"), plural(3, "model")
    ('1 model', '3 models')
    """
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def number(value: float, text: str, *, tone: str = "", to: str = "", note: str = "") -> Entry:
    """A table cell that shows ``text`` and sorts by ``value``."""
    return Entry(text, value=value if math.isfinite(value) else None, tone=tone, to=to, note=note)


def word(text: str, *, tone: str = "", to: str = "", note: str = "", model: str = "") -> Entry:
    """A table cell with words."""
    return Entry(text, tone=tone, to=to, note=note, model=model)


def blank(reason: str = "") -> Entry:
    """A table cell for what does not exist."""
    return Entry("–", tone="hole" if reason else "", note=reason)

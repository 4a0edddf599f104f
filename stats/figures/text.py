"""How wide a text will be, known before anything is drawn and without loading a font."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

__all__ = ["clean", "shorten", "shortened", "text_width"]

# Advance widths of DejaVu Sans 2.37 (free licence) in thousandths of the font size, read once from
# the font file. It is the widest of the usual sans-serif faces, so a label that fits by these
# numbers also fits where a reader's system has a narrower one.
_ADVANCES: tuple[tuple[int, str], ...] = (
    (275, "'"),
    (278, "ijlìíîïĩīĭįıĵĺļ"),
    (284, "ł"),
    (295, "IJÌÍÎÏĨĪĬĮİĴΙΪ"),
    (318, " ,.·‘’"),
    (337, "/:;\\|¦"),
    (338, "ίι"),
    (342, "ŀ"),
    (352, "fſ"),
    (361, "-"),
    (375, "ľ"),
    (390, "()[]"),
    (392, "tţťŧ"),
    (401, "!¡²³¹"),
    (411, "rŕŗř"),
    (460, '"'),
    (471, "ªº"),
    (500, "*_`§¨¯°´¸–"),
    (518, "“”"),
    (521, "sśŝşš"),
    (525, "zźżžг"),
    (531, "?¿"),
    (532, "з"),
    (541, "έε"),
    (544, "ζ"),
    (549, "э"),
    (550, "cçćĉċčс"),
    (556, "ĳ"),
    (557, "LĹĻĽĿΓ"),
    (558, "ξ"),
    (559, "ν"),
    (562, "Ł"),
    (575, "F"),
    (578, "χ"),
    (579, "kķĸΰυ"),
    (583, "т"),
    (587, "ς"),
    (589, "κвь"),
    (590, "Ĳ•"),
    (591, "ч"),
    (592, "vxyýÿŷγλух"),
    (602, "πτя"),
    (603, "PΡР"),
    (604, "к"),
    (605, "Þ"),
    (609, "У"),
    (610, "Г"),
    (611, "TYÝŢŤŦŶŸΤΥΫТ"),
    (612, "o«»ðòóôõöøōŏőδθοо"),
    (613, "aàáâãäåāăąа"),
    (615, "eèéêëēĕėęěе"),
    (617, "б"),
    (630, "ß"),
    (632, "EÈÉÊËĒĔĖĘĚΕΞΣЕ"),
    (634, "hnuñùúûüĥńņňŋũūŭůűųήησ"),
    (635, "SbdgpqþďđĝğġģŚŜŞŠρр"),
    (636, "$0123456789{}¢£¤¥µ¶μ"),
    (638, "β"),
    (639, "л"),
    (641, "З"),
    (650, "ий"),
    (654, "нп"),
    (656, "KĶΚ"),
    (659, "άα"),
    (660, "φψ"),
    (681, "ц"),
    (684, "AVÀÁÂÃÄÅĀĂĄΑΔΛА"),
    (685, "XZŹŻŽΖΧХ"),
    (686, "BΒБВЧЬ"),
    (691, "д"),
    (695, "RħŔŖŘЯ"),
    (698, "CÇĆĈĊČСЭ"),
    (707, "ъ"),
    (710, "К"),
    (732, "UÙÚÛÜŨŪŬŮŰŲ"),
    (748, "NÑŃŅŇŊΝИЙ"),
    (752, "HĤΗΠЛНП"),
    (754, "м"),
    (764, "Ω"),
    (769, "▲▼"),
    (770, "DĎ"),
    (775, "GÐĐĜĞĠĢ"),
    (776, "Ц"),
    (780, "&"),
    (781, "Д"),
    (787, "OQÒÓÔÕÖØŌŎŐΘΟΦΨО"),
    (790, "ы"),
    (813, "ŉ"),
    (818, "wŵ"),
    (833, "Ъ"),
    (837, "ω"),
    (838, "#+<=>^~¬±×÷←↑→↓−≤≥≠"),
    (842, "ю"),
    (855, "ф"),
    (861, "Ф"),
    (863, "MΜМ"),
    (882, "Ы"),
    (901, "ж"),
    (915, "ш"),
    (916, "Ħ"),
    (942, "щ"),
    (950, "%"),
    (969, "¼½¾"),
    (974, "mÆ"),
    (982, "æ"),
    (989, "WŴ"),
    (1000, "@©®—…"),
    (1023, "œ"),
    (1069, "Ш"),
    (1070, "Œ"),
    (1077, "Ж"),
    (1080, "Ю"),
    (1094, "Щ"),
)
_BOLD = 1.13  # DejaVu Sans Bold against the regular face, mean over the table
_UNKNOWN = 0.75  # scripts that are not in the table: wider than a Latin letter
_FULL = 1.0  # Chinese, Japanese, Korean
_EMOJI = 1.4


@cache
def _advance(character: str) -> float:
    for thousandths, members in _ADVANCES:
        if character in members:
            return thousandths / 1000
    if character.isspace():
        return 0.318
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn", "Me"}:
        return 0.0
    if ord(character) >= 0x1F000:
        return _EMOJI
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _FULL
    return _UNKNOWN


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text in the unit of ``size``.

    Examples
    --------
    >>> round(text_width("average rank", 10.0), 2)
    66.49
    """
    return sum(map(_advance, text)) * size * (_BOLD if bold else 1.0)


def clean(text: str) -> str:
    """The text on one line, with what no document can hold replaced by a visible mark.

    Control characters and lone surrogates are not allowed in XML; marks that turn the direction of
    writing would reach beyond the name that carries them.

    Examples
    --------
    >>> clean("a\\x00b\\nc")
    'a�b c'
    """
    out = []
    for character in text:
        category = unicodedata.category(character)
        if character in "\t\n\r\u2028\u2029":
            out.append(" ")
        elif category in {"Cc", "Cs", "Co", "Cn"} or character in _TURNING:
            out.append("\ufffd")
        else:
            out.append(character)
    return "".join(out)


_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def shorten(text: str, size: float, limit: float, *, bold: bool = False) -> str:
    """The text, or its beginning and end around an ellipsis where it is wider than the limit.

    The end is kept because names of variants differ there.

    Examples
    --------
    >>> shorten("lstm/lookback=168/hidden=64", 10.0, 90.0)
    'lstm/lo…den=64'
    """
    if text_width(text, size, bold=bold) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        kept = (low + high + 1) // 2
        if text_width(_around(text, kept), size, bold=bold) <= limit:
            low = kept
        else:
            high = kept - 1
    return _around(text, low)


def shortened(texts: Sequence[str], size: float, limit: float) -> list[str]:
    """Each text as `shorten` gives it; where some would look alike, by the words that differ.

    Texts with the same first word are then all told by it and these words, or by their values
    alone. What does not fit even so is numbered.

    Examples
    --------
    >>> names = [f"xgboost[rate=0.1,depth={depth},trees=60]" for depth in (3, 6)]
    >>> shortened(names, 10.0, 110.0)
    ['xgboost…depth=3…', 'xgboost…depth=6…']
    """
    shown = {text: shorten(text, size, limit) for text in texts}
    families: dict[str, list[str]] = {}
    for text, short in shown.items():
        if short != text:
            families.setdefault(_BETWEEN.split(text)[0], []).append(text)
    for family in families.values():
        if not {*family} & {*_alike(shown)}:
            continue
        others = {short for text, short in shown.items() if text not in family}
        for told in _by_difference(family):
            fits = all(text_width(short, size) <= limit for short in told.values())
            if fits and len({*told.values()} - others) == len(family):
                shown |= told
                break
    for number, text in enumerate(_alike(shown), 1):
        mark = f" #{number}"
        shown[text] = shorten(text, size, limit - text_width(mark, size)) + mark
    return [shown[text] for text in texts]


def _alike(shown: Mapping[str, str]) -> list[str]:
    """Return the texts that another looks like."""
    times = Counter(shown.values())
    return [text for text, short in shown.items() if times[short] > 1]


def _by_difference(texts: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield shorter forms of texts: the first word with those that differ, then less and less."""
    parts = {text: [word for word in _BETWEEN.split(text) if word] for text in texts}
    lengths = {len(words) for words in parts.values()}
    if len(lengths) != 1:
        return
    places = range(lengths.pop())
    differ = [place for place in places if len({words[place] for words in parts.values()}) > 1]
    if not differ:
        return
    more = "…" * (differ[-1] < places[-1])
    for first, values in ((True, False), (True, True), (False, False), (False, True)):
        told = {}
        for text, words in parts.items():
            kept = [words[place].rpartition("=")[2] if values else words[place] for place in differ]
            told[text] = f"{words[0] * first}…{'…'.join(kept)}{more}"
        yield told


_BETWEEN = re.compile(r"[/ ,;|\[\]()]+")


def _around(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return text[:head] + "…" + text[len(text) - (kept - head) :]

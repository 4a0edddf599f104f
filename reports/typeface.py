"""The faces a PDF is set in: the one that is shipped, and those for other scripts if installed."""

from __future__ import annotations

import importlib.util
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stats.figures.style import FONTS

if TYPE_CHECKING:
    from typst import Fonts

__all__ = ["families", "fonts", "foreign", "isolated", "printable"]

_SHIPPED = "Source Sans 3"
# Noto Sans for the scripts of the world (SIL Open Font License), from pip install crossfold[fonts].
# Fonts of the system are never asked: the same report would look different elsewhere.
_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")
_NOT_WANTED = (" CJK HK", " CJK JP", " CJK KR", " CJK TC")  # the SC face has the letters of all
_JOINERS = frozenset({0x200C, 0x200D, *range(0xFE00, 0xFE10)})


def printable(text: str, *, single: bool = False, boxed: bool = False) -> str:
    """The text with each character that no face has as its code point.

    Parameters
    ----------
    single : for drawings: only the shipped face, and one box for a character that it lacks
    boxed : for labels set over drawings: every face, and one box for a character that they lack

    Examples
    --------
    >>> printable("ARIMA – \U000f0000"), printable("模型", single=True)
    ('ARIMA – [U+F0000]', '□□')
    """
    if not foreign(text):
        return text
    known = _shipped() if single else _shipped() | _others()
    return "".join(
        character
        if ord(character) in known
        else ""
        if ord(character) in _JOINERS
        else "□"
        if single or boxed or character == "\ufffd"
        else f"[U+{ord(character):04X}]"
        for character in text
    )


def foreign(text: str) -> bool:
    """Whether the shipped face lacks a character of the text."""
    return not _shipped().issuperset(map(ord, set(text)))


def isolated(text: str) -> str:
    """A name that runs from right to left, so that it leaves the words around it in place."""
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return f"\u2068{text}\u2069"
    return text


def fonts(*, every: bool) -> Fonts:
    """The faces for the compiler: the shipped one, or every one that is installed."""
    from typst import Fonts

    folders = [FONTS, *_folders()] if every else [FONTS]
    return Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in folders])


def families(faces: Fonts) -> list[str]:
    """Names of the faces in the order in which they are asked for a character."""
    found = {str(name) for name in faces.families() if str(name).startswith("Noto")}
    wanted = (name for name in found if not name.endswith(_NOT_WANTED))
    # Letters before pictures: digits and signs are in the emoji face as well.
    return [_SHIPPED, *sorted(wanted, key=lambda name: ("Emoji" in name, "CJK" in name, name))]


@cache
def _folders() -> tuple[Path, ...]:
    places = (importlib.util.find_spec(name) for name in _PACKAGES)
    return tuple(
        Path(folder)
        for spec in places
        if spec is not None
        for folder in spec.submodule_search_locations or ()
    )


@cache
def _shipped() -> frozenset[int]:
    return _coverage(FONTS / "SourceSans3-Regular.ttf") | {ord("\n")}


@cache
def _others() -> frozenset[int]:
    files = sorted(f for folder in _folders() for f in folder.iterdir() if f.suffix in _ENDINGS)
    return frozenset().union(*map(_coverage, files))


_ENDINGS = (".ttf", ".otf", ".ttc")


def _coverage(path: Path) -> frozenset[int]:
    """Characters of a font file, or of the first font in a collection."""
    from fontTools.ttLib import TTFont

    with TTFont(path, fontNumber=0, lazy=True) as font:
        return frozenset(font.getBestCmap())

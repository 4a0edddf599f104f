"""A layout as TikZ, for papers."""

from __future__ import annotations

import re
import unicodedata

from stats.figures.marks import Box, Cells, Dot, Figure, Label, Line, Mark
from stats.figures.style import PALETTES, STYLES
from stats.figures.text import clean, text_width

__all__ = ["GLYPH", "LETTER", "PIXEL", "PREAMBLE", "document", "escape", "named", "picture"]

# What a paper needs to take the picture in; all of it is in every LaTeX distribution.
PREAMBLE = r"""\usepackage{iftex}
\ifPDFTeX
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage{textcomp}
\else
\usepackage{fontspec}
\fi
\usepackage{amssymb}
\usepackage{tikz}
"""

# A letter of another script: as itself where the engine and the paper's font have it.
LETTER = (
    r"\ifdefined\cfletter\else\protected\def\cfletter#1#2{\ifdefined\Umathchar"
    r"\iffontchar\font#1 \char#1 \else[U+#2]\fi\else[U+#2]\fi\allowbreak}\fi"
)

# The same in a label, which must not grow: a box, or nothing for an accent or a joiner.
GLYPH = (
    r"\ifdefined\cfglyph\else\protected\def\cfglyph#1#2{\ifdefined\Umathchar"
    r"\iffontchar\font#1 \char#1 \else#2\fi\else#2\fi}\fi"
)

PIXEL = 0.72  # big points in a pixel of the layout, as in matplotlib: 860 pixels are 8.6 inches
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}

# Every character that TeX could act on, and those of ours that its fonts know by name alone.
_NAMED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    # Brackets and stars are arguments behind a line end, hyphens and commas join to others.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "-": "-{}",
    ",": ",{}",
    "\u00a0": "~",
    "\u2009": r"\,",
    "\u202f": r"\,",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "…": r"\dots{}",
    "·": r"\textperiodcentered{}",
    "•": r"\textbullet{}",
    "−": "$-$",
    "±": "$\\pm$",
    "×": "$\\times$",
    "≤": "$\\leq$",
    "≥": "$\\geq$",
    "≠": "$\\neq$",
    "√": "$\\surd$",
    "∞": "$\\infty$",
    "←": "$\\leftarrow$",
    "→": "$\\rightarrow$",
    "↑": "$\\uparrow$",
    "↓": "$\\downarrow$",
    "▲": "$\\blacktriangle$",
    "▼": "$\\blacktriangledown$",
    "²": "\\textsuperscript{2}",
    "³": "\\textsuperscript{3}",
    "°": "\\textdegree{}",
    "µ": "$\\mu$",
    "α": "$\\alpha$",
    "β": "$\\beta$",
    "χ": "$\\chi$",
    "λ": "$\\lambda$",
    "μ": "$\\mu$",
    "σ": "$\\sigma$",
    "τ": "$\\tau$",
    "Δ": "$\\Delta$",
}
# Letters that the T1 encoding has.
_LETTERS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĂăĄąĆćČčĎďĐđĘęĚěĞğİıĹĺĽľŁłŃńŇňŊŋŐőŒœŔŕŘřŚśŞşŠšŢţŤťŮůŰűŸŹźŻżŽž"
)


def escape(text: str, *, single: bool = False) -> str:
    """The text as LaTeX that prints it and does nothing else.

    Letters that the usual fonts lack are given by their code point to :data:`LETTER`, which has to
    come before.

    Parameters
    ----------
    single : give them to :data:`GLYPH`, which prints a box and no code point

    Examples
    --------
    >>> print(escape("50 % of x_1 & é 模"))
    50 \\% of x\\_1 \\& é \\cfletter{27169}{6A21}
    """
    return "".join(_glyph(c, single) for c in unicodedata.normalize("NFC", clean(text)))


def named(text: str) -> str:
    """The text as it is read in print, with the code points of letters that the fonts lack.

    Examples
    --------
    >>> named("x_1 模")
    'x_1 [U+6A21]'
    """
    return "".join(
        character if _held(character) else f"[U+{ord(character):04X}]"
        for character in unicodedata.normalize("NFC", clean(text))
    )


def _held(character: str) -> bool:
    return character in _NAMED or character in _LETTERS or " " <= character <= "~"


def _glyph(character: str, single: bool) -> str:
    if _held(character):
        return _NAMED.get(character, character)
    if single:
        instead = "$\\square$" if text_width(character, 1.0) else ""
        return f"\\cfglyph{{{ord(character)}}}{{{instead}}}"
    return f"\\cfletter{{{ord(character)}}}{{{ord(character):04X}}}"


def document(figure: Figure, *, theme: str = "light") -> str:
    """A file of its own, which ``pdflatex`` makes a PDF of exactly the figure's size."""
    return (
        "\\documentclass[tikz]{standalone}\n"
        f"{PREAMBLE}"
        "\\renewcommand{\\familydefault}{\\sfdefault}\n"
        "\\begin{document}\n"
        f"{picture(figure, theme=theme)}"
        "\\end{document}\n"
    )


def picture(figure: Figure, *, theme: str = "light") -> str:
    """The ``tikzpicture`` alone; it brings its colours and letters and needs :data:`PREAMBLE`."""
    palette = PALETTES[theme]
    width, height = _number(figure.width), _number(figure.height)
    # In a comment nothing is escaped but the end of the line, which ``clean`` took out.
    lines = [f"% {clean(figure.title)}. {clean(figure.description)}"]
    lines.append(f"\\begin{{tikzpicture}}[x={PIXEL}bp,y=-{PIXEL}bp]")
    lines += [
        f"\\definecolor{{{_colour(name)}}}{{HTML}}{{{value.lstrip('#').upper()}}}"
        for name, value in sorted(palette.items())
    ]
    lines.append(f"\\useasboundingbox (0,0) rectangle ({width},{height});")
    for mark in figure.marks:
        lines += _mark(mark)
    lines.append("\\end{tikzpicture}")
    if any("\\cfglyph" in line for line in lines):
        lines.insert(1, GLYPH)
    return "\n".join(lines) + "\n"


def _mark(mark: Mark) -> list[str]:
    style = STYLES[mark.role]
    stroke = f"draw={_colour(style.stroke)},line width={_length(style.width)}"
    if isinstance(mark, Line):
        options = [stroke]
        if style.opacity < 1:
            options.append(f"draw opacity={_number(style.opacity)}")
        if style.dashed:
            options.append(f"dash pattern=on {_length(4)} off {_length(3)}")
        path = " -- ".join(f"({_number(x)},{_number(y)})" for x, y in mark.points)
        return [f"\\draw[{','.join(options)}] {path};"]
    if isinstance(mark, Box):
        return [_rectangle(style.fill, mark.x, mark.y, mark.width, mark.height)]
    if isinstance(mark, Cells):
        return [
            _rectangle(
                STYLES[role].fill,
                mark.x + column * mark.size,
                mark.y + row * mark.size,
                length * mark.size,
                mark.size,
            )
            for code, role in enumerate(mark.roles)
            if role
            for row, column, length in mark.runs(code)
        ]
    if isinstance(mark, Dot):
        paint = [f"fill={_colour(style.fill)}"] if style.fill else []
        if style.stroke:
            paint.append(stroke)
        place = f"({_number(mark.x)},{_number(mark.y)})"
        return [f"\\path[{','.join(paint)}] {place} circle[radius={_length(mark.radius)}];"]
    return [_text(mark)]


def _rectangle(fill: str | None, x: float, y: float, width: float, height: float) -> str:
    corner = f"({_number(x + width)},{_number(y + height)})"
    return f"\\fill[{_colour(fill)}] ({_number(x)},{_number(y)}) rectangle {corner};"


def _text(mark: Label) -> str:
    style = STYLES[mark.role]
    size = mark.size * PIXEL
    font = f"\\fontsize{{{_number(size)}bp}}{{{_number(1.2 * size)}bp}}\\selectfont"
    font += "\\bfseries" if style.bold else "\\itshape" if style.italic else ""
    options = [f"anchor={_ANCHORS[mark.anchor]}", "inner sep=0pt", f"text={_colour(style.fill)}"]
    if style.halo:
        options += [f"fill={_colour('paper')}", "fill opacity=0.8", "text opacity=1"]
    place = f"({_number(mark.x)},{_number(mark.y)})"
    text = escape(mark.text, single=True)
    return f"\\node[{','.join(options)},font={{{font}}}] at {place} {{{text}}};"


def _colour(name: str | None) -> str:
    # Only letters: other packages give digits and hyphens in names of colours a meaning.
    if name is None:
        return "none"
    return "cf" + re.sub(r"[^a-z]", "", name.translate(_DIGITS))


_DIGITS = str.maketrans("01234567", "abcdefgh")


def _length(pixels: float) -> str:
    return f"{_number(pixels * PIXEL)}bp"


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text

"""What each kind of mark looks like, in light and in dark, for every backend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["FAMILIES", "FONTS", "PALETTES", "STYLES", "Style", "style_of"]


@dataclass(frozen=True, slots=True)
class Style:
    """Paint of one role; colours are names in a palette, widths are in pixels."""

    stroke: str | None = None
    width: float = 1.0
    fill: str | None = None
    bold: bool = False
    italic: bool = False
    opacity: float = 1.0
    dashed: bool = False
    halo: bool = False


# Source Sans 3 (SIL Open Font License), unmodified: the typeface of every format that embeds one.
FONTS = Path(__file__).parent / "fonts"

# Families of models: told apart by hue and by lightness, so that a grey print keeps an order
# (after Okabe and Ito 2008, darkened for text-sized marks on white).
FAMILIES = 8

PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "ink": "#14181d",
        "soft": "#5d6672",
        "line": "#98a1ad",
        "grid": "#e3e7ec",
        "bar": "#1d4f7c",
        "band": "#e6edf5",
        "lit": "#b3261e",
        "better": "#1f5fa8",
        "worse": "#a8500f",
        "better-some": "#a9c8ea",
        "worse-some": "#ecc7a4",
        "f0": "#1d5fb0",
        "f1": "#a02060",
        "f2": "#2b7d32",
        "f3": "#9a6700",
        "f4": "#5b3fa0",
        "f5": "#00798c",
        "f6": "#b3541e",
        "f7": "#4a5560",
    },
    "dark": {
        "paper": "#14181d",
        "ink": "#edf0f3",
        "soft": "#a3adb9",
        "line": "#6b7683",
        "grid": "#2b323a",
        "bar": "#7fb4e6",
        "band": "#202b38",
        "lit": "#ff8a80",
        "better": "#7fb4f0",
        "worse": "#f0a56a",
        "better-some": "#2d5279",
        "worse-some": "#75481f",
        "f0": "#74aef2",
        "f1": "#ee7fb4",
        "f2": "#7ccb83",
        "f3": "#dfb04a",
        "f4": "#b9a0f0",
        "f5": "#5ccadb",
        "f6": "#f09a68",
        "f7": "#b4bec9",
    },
}

STYLES: dict[str, Style] = {
    "axis": Style(stroke="ink", width=1.4),
    "tick": Style(stroke="ink", width=1.4),
    "minor": Style(stroke="ink", width=0.9),
    "ruler": Style(stroke="ink", width=2.0),
    "stem": Style(stroke="line", width=1.1),
    "bar": Style(stroke="bar", width=4.0),
    "member": Style(stroke="paper", width=1.2, fill="bar"),
    "spanned": Style(stroke="bar", width=1.6, fill="paper"),
    "point": Style(stroke="paper", width=0.8, fill="ink"),
    "name": Style(fill="ink"),
    "value": Style(fill="soft"),
    "note": Style(fill="soft", italic=True),
    "caption": Style(fill="soft"),
    "scale": Style(fill="ink"),
    "heading": Style(fill="ink", bold=True),
    "grid": Style(stroke="grid", width=1.0),
    "band": Style(fill="band"),
    "limit": Style(stroke="ink", width=1.0, dashed=True),
    "leader": Style(stroke="line", width=0.9),
    "better-most": Style(stroke="better", width=1.0, fill="better"),
    "better-some": Style(stroke="better-some", width=1.0, fill="better-some"),
    "worse-some": Style(stroke="worse-some", width=1.0, fill="worse-some"),
    "worse-most": Style(stroke="worse", width=1.0, fill="worse"),
    "undefined": Style(stroke="line", width=1.0, fill="line"),
} | {
    f"{kind}-{i}": style
    for i in range(FAMILIES)
    for kind, style in {
        "span": Style(stroke=f"f{i}", width=2.2, opacity=0.55),
        "thin": Style(stroke=f"f{i}", width=1.0, opacity=0.5),
        "dot": Style(stroke="paper", width=0.8, fill=f"f{i}"),
        "ring": Style(stroke=f"f{i}", width=1.6, fill="paper"),
        "seed": Style(fill=f"f{i}"),
        "label": Style(fill=f"f{i}", halo=True),
        "curve": Style(stroke=f"f{i}", width=1.8),
    }.items()
}


def style_of(role: str) -> Style:
    """The style of a role; a role nobody paints is a mistake in the layout."""
    return STYLES[role]

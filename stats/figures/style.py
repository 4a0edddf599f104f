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
        # Cells: dark is better and light is worse, so that grey keeps the sides apart.
        "cell-better": "#174a86",
        "cell-worse": "#e08a35",
        "cell-better-some": "#a9c8ea",
        "cell-worse-some": "#f6dcc0",
        "tint-better": "#dbe8f6",
        "tint-worse": "#fae9d8",
        "shade-a": "#174a86",
        "shade-b": "#4f86c0",
        "shade-c": "#8fb5dc",
        "shade-d": "#c6daee",
        "shade-e": "#eef4fa",
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
        "cell-better": "#7fb4f0",
        "cell-worse": "#a85a17",
        "cell-better-some": "#2d4a6b",
        "cell-worse-some": "#4a2a10",
        "tint-better": "#20344c",
        "tint-worse": "#40280f",
        "shade-a": "#8fc0f5",
        "shade-b": "#6396cc",
        "shade-c": "#446c97",
        "shade-d": "#2c4664",
        "shade-e": "#1c2937",
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
    "truth": Style(stroke="ink", width=1.4),
    "better-most": Style(stroke="cell-better", width=1.0, fill="cell-better"),
    "better-some": Style(stroke="cell-better-some", width=1.0, fill="cell-better-some"),
    "worse-some": Style(stroke="cell-worse-some", width=1.0, fill="cell-worse-some"),
    "worse-most": Style(stroke="cell-worse", width=1.0, fill="cell-worse"),
    "undefined": Style(stroke="line", width=1.0, fill="line"),
    "strike": Style(stroke="paper", width=1.2),
    "on-dark": Style(fill="paper"),
    "tile-better": Style(fill="tint-better"),
    "tile-worse": Style(fill="tint-worse"),
    "tile-hole": Style(fill="grid"),
    "dot-better": Style(stroke="paper", width=0.8, fill="cell-better"),
    "dot-worse": Style(stroke="paper", width=0.8, fill="cell-worse"),
    "ring-none": Style(stroke="soft", width=1.6, fill="paper"),
    "dot-none": Style(stroke="paper", width=0.8, fill="soft"),
    "rug": Style(stroke="soft", width=1.0, opacity=0.45),
    "reach": Style(stroke="soft", width=1.2),
    "core": Style(stroke="line", width=5.0),
    "best": Style(fill="ink", bold=True),
    "shade-a": Style(fill="shade-a"),
    "shade-b": Style(fill="shade-b"),
    "shade-c": Style(fill="shade-c"),
    "shade-d": Style(fill="shade-d"),
    "shade-e": Style(fill="shade-e"),
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

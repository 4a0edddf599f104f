"""A lineage as a picture: steps in layers, data flowing downwards, as SVG that needs no program."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from bench.cache.lineage import Lineage, Recipe

__all__ = ["to_svg"]

_LINE, _CHARACTER, _PAD = 15.0, 6.7, 9.0  # heights and widths of text at 12 pixels
_GAP_X, _GAP_Y, _MARGIN = 18.0, 46.0, 16.0
_MOST_TEXT = 42  # characters of a line
_SWEEPS = 12
# What says nothing to a reader: our own package, and the digest in the name of a user's file.
_MINOR = re.compile(r"^dataflows\.|^crossfold_user\.|(?<=.)_[0-9a-f]{8}$")
_STYLE = """
  .box { fill: #fff; stroke: #444; } .gone .box { stroke-dasharray: 4 3; }
  .root .box { fill: #e8eef7; stroke: #1f4e9c; } .edge { fill: none; stroke: #8a8f98; }
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #111; }
  .key { fill: #666; }
  @media (prefers-color-scheme: dark) {
    .box { fill: #1c1e22; stroke: #aaa; } .root .box { fill: #22304a; stroke: #7aa2e3; }
    text { fill: #eee; } .key { fill: #9aa; }
  }
""".strip()


@dataclass(slots=True)
class _Place:
    """A box, or where an edge passes a layer; x is its middle, y its top."""

    lines: tuple[str, ...]
    layer: int
    x: float = 0.0
    y: float = 0.0
    depth: float = 0.0  # of its layer

    @property
    def width(self) -> float:
        return max(map(len, self.lines)) * _CHARACTER + 2 * _PAD if self.lines else 2.0

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + 2 * _PAD - 3 if self.lines else 0.0


def to_svg(found: Lineage) -> str:
    """Return the picture of a lineage.

    Each box has the function, the inputs it was given and the beginning of its key.
    """
    layers = _layers(found)
    places = {
        key: _Place(_lines(found.recipes.get(key), key), layer) for key, layer in layers.items()
    }
    edges = [
        (dep, key)
        for key, recipe in found.recipes.items()
        for dep in dict.fromkeys(recipe.deps.values())
    ]
    routes = [_route(places, dep, key, number) for number, (dep, key) in enumerate(edges)]
    rows = _rows(places)
    _order(rows, routes)
    _set_out(rows, places, routes)
    return "\n".join(_drawn(found, places, routes)) + "\n"


def _layers(found: Lineage) -> dict[str, int]:
    """Return for each step the longest way from the raw data; what it needs is above it."""
    known: dict[str, int] = {}
    for key in (found.root, *found.recipes):
        stack = [key]
        while stack:
            name = stack[-1]
            recipe = found.recipes.get(name)
            deps = () if recipe is None else tuple(recipe.deps.values())
            waiting = [dep for dep in deps if dep not in known]
            if waiting:
                stack += waiting
                continue
            known[name] = 1 + max((known[dep] for dep in deps), default=-1)
            stack.pop()
    return known


def _lines(recipe: Recipe | None, key: str) -> tuple[str, ...]:
    if recipe is None:
        return ("not stored", key[:12])
    given = (
        f"{name} = {recipe.values[name][:12] if value is None else value}"
        for name, value in ((name, recipe.inputs.get(name)) for name in recipe.values)
    )
    short = (recipe.node, _MINOR.sub("", recipe.module), *given)
    return tuple(_cut(line) for line in (*filter(None, short), key[:12]))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


def _route(places: dict[str, _Place], start: str, end: str, number: int) -> list[str]:
    """Return the names of the places an edge goes through; new ones for the layers between."""
    route = [start]
    for layer in range(places[start].layer + 1, places[end].layer):
        name = f"edge {number} {layer}"
        places[name] = _Place((), layer)
        route.append(name)
    return [*route, end]


def _rows(places: Mapping[str, _Place]) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(1 + max(place.layer for place in places.values()))]
    for name, place in places.items():
        rows[place.layer].append(name)
    return rows


def _order(rows: list[list[str]], routes: Iterable[list[str]]) -> None:
    """Order each row by the middle of its neighbours, down and up in turns: fewer crossings."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for route in routes:
        for first, second in pairwise(route):
            above.setdefault(second, []).append(first)
            below.setdefault(first, []).append(second)
    for sweep in range(_SWEEPS):
        near, order = (above, rows) if sweep % 2 == 0 else (below, rows[::-1])
        for before, row in pairwise(order):
            rank = {name: place for place, name in enumerate(before)}
            middle = {
                name: sum(ranks) / len(ranks)
                if (ranks := [rank[n] for n in near.get(name, ()) if n in rank])
                else float(place)
                for place, name in enumerate(row)
            }
            row.sort(key=middle.__getitem__)


def _set_out(
    rows: list[list[str]], places: Mapping[str, _Place], routes: Iterable[list[str]]
) -> None:
    """Give every place its coordinates: rows packed, then pulled below what they come from."""
    y = _MARGIN
    for row in rows:
        x = 0.0
        for name in row:
            places[name].x = x + places[name].width / 2
            places[name].y = y
            x += places[name].width + _GAP_X
        depth = max(places[name].height for name in row)
        for name in row:
            places[name].depth = depth
        y += depth + _GAP_Y
    near: dict[str, list[str]] = {}
    for route in routes:
        for first, second in pairwise(route):
            near.setdefault(second, []).append(first)
            near.setdefault(first, []).append(second)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            _pull(row, places, near)
    left = min(place.x - place.width / 2 for place in places.values())
    for place in places.values():
        place.x += _MARGIN - left


def _pull(row: list[str], places: Mapping[str, _Place], near: Mapping[str, list[str]]) -> None:
    """Move a row's places towards the middle of their neighbours, in order and without overlap."""
    wanted = [
        sum(places[n].x for n in near[name]) / len(near[name]) if near.get(name) else places[name].x
        for name in row
    ]
    gaps = [(places[a].width + places[b].width) / 2 + _GAP_X for a, b in pairwise(row)]
    rightwards, leftwards = [wanted[0]], [wanted[-1]]
    for x, gap in zip(wanted[1:], gaps, strict=True):
        rightwards.append(max(x, rightwards[-1] + gap))
    for x, gap in zip(wanted[-2::-1], gaps[::-1], strict=True):
        leftwards.append(min(x, leftwards[-1] - gap))
    # Both keep the distances, so their mean does.
    for name, first, second in zip(row, rightwards, leftwards[::-1], strict=True):
        places[name].x = (first + second) / 2


def _drawn(
    found: Lineage, places: Mapping[str, _Place], routes: Iterable[list[str]]
) -> Iterable[str]:
    width = max(place.x + place.width / 2 for place in places.values()) + _MARGIN
    height = max(place.y + place.height for place in places.values()) + _MARGIN
    root = found.recipes[found.root]
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img">'
    )
    yield f"<title>What {escape(root.name)} {found.root[:12]} was made of</title>"
    yield f"<style>{_STYLE}</style>"
    for route in routes:
        yield f'<path class="edge" d="{_path([places[name] for name in route])}"/>'
    for key, place in places.items():
        if not place.lines:
            continue
        kind = "root" if key == found.root else "" if key in found.recipes else "gone"
        left = place.x - place.width / 2
        yield f'<g class="{kind}"><title>{escape(key)}</title>'
        yield (
            f'<rect class="box" x="{left:.1f}" y="{place.y:.1f}" rx="4" '
            f'width="{place.width:.1f}" height="{place.height:.1f}"/>'
        )
        for number, line in enumerate(place.lines):
            y = place.y + _PAD + _LINE * number + 9
            quiet = ' class="key"' if number else ""
            # The width is told, so that another font fits its box as well.
            yield (
                f'<text{quiet} x="{left + _PAD:.1f}" y="{y:.1f}" '
                f'textLength="{len(line) * _CHARACTER:.1f}" lengthAdjust="spacingAndGlyphs">'
                f"{escape(line)}</text>"
            )
        yield "</g>"
    yield "</svg>"


def _path(route: list[_Place]) -> str:
    """Return a smooth line from the foot of the first box to the head of the last."""
    start, *rest = route
    x, y = start.x, start.y + start.height
    words = [f"M{x:.1f},{y:.1f}"]
    for place in rest:
        middle = (y + place.y) / 2
        words.append(
            f"C{x:.1f},{middle:.1f} {place.x:.1f},{middle:.1f} {place.x:.1f},{place.y:.1f}"
        )
        x, y = place.x, place.y
        if not place.lines:  # straight down beside the boxes of the layer
            y += place.depth
            words.append(f"V{y:.1f}")
    return " ".join(words)

"""What holds for every layout, and names and ranks to try it on."""

from bisect import bisect_left

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from stats.figures.marks import Box, Cells, Dot, Figure, Label
from stats.figures.style import STYLES

__all__ = [
    "EASY",
    "HOSTILE",
    "NAMES",
    "QUICK",
    "assert_inside",
    "assert_labels_apart",
    "assert_paintable",
    "assert_sound",
    "extents",
    "grouped",
    "rankings",
]

HOSTILE = (
    "</text><script>alert(1)</script>",
    "&amp; \"quoted\" 'single'",
    "\\input{/etc/passwd} $x^2$ 50 % #1 ~",
    '#eval("1") @label *bold* _it_ `raw`',
    "]]>--><!-- <![CDATA[",
    "نموذج التنبؤ العربي",
    "עברית מימין לשמאל",
    "模型名称很长的一个预测模型",
    "予測モデル",
    "🚀🔥 emoji 👩‍👩‍👧",
    "a\u202eb\u0000c\nline\ttab",
    "e\u0301" * 40,
    "W" * 200,
    " ",
    "=cmd|' /C calc'!A0",
)
"""Names with the metacharacters of every format, scripts of every direction, and 200 letters."""

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=200)
EASY = st.text("abcdefghij-/=_0123456789", min_size=1, max_size=40)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def rankings(draw, least=2, most=15):
    """Names and average ranks that can occur: k models, ranks within 1 and k, ties likely."""
    k = draw(st.integers(least, most))
    names = draw(st.lists(st.one_of(EASY, NAMES), min_size=k, max_size=k, unique=True))
    blocks = draw(st.sampled_from([1, 2, 7, 10]))
    steps = st.integers(0, (k - 1) * blocks)
    ranks = [1 + draw(steps) / blocks for _ in range(k)]
    return names, ranks


@st.composite
def grouped(draw):
    """A ranking with any groups at all: they need not be contiguous."""
    names, ranks = draw(rankings())
    groups = draw(st.lists(st.lists(st.sampled_from(names), min_size=1, unique=True), max_size=6))
    difference = draw(st.none() | st.floats(0.05, 30.0))
    return names, ranks, groups, difference


def extents(figure: Figure):
    for mark in figure.marks:
        if isinstance(mark, Label):
            yield mark, mark.extent()
        elif isinstance(mark, Dot):
            r = mark.radius
            yield mark, (mark.x - r, mark.y - r, mark.x + r, mark.y + r)
        elif isinstance(mark, Box):
            yield mark, (mark.x, mark.y, mark.x + mark.width, mark.y + mark.height)
        elif isinstance(mark, Cells):
            side = len(mark.codes) * mark.size
            yield mark, (mark.x, mark.y, mark.x + side, mark.y + side)
        else:
            xs, ys = zip(*mark.points, strict=True)
            yield mark, (min(xs), min(ys), max(xs), max(ys))


def assert_inside(figure: Figure):
    for mark, (left, top, right, bottom) in extents(figure):
        assert left >= -0.01, mark
        assert top >= -0.01, mark
        assert right <= figure.width + 0.01, mark
        assert bottom <= figure.height + 0.01, mark


def assert_labels_apart(figure: Figure):
    boxes = sorted(
        ((box, mark) for mark, box in extents(figure) if isinstance(mark, Label)),
        key=lambda found: found[0][1],
    )
    tops = [box[1] for box, _ in boxes]
    for at, (a, one) in enumerate(boxes):
        # Only labels that begin above the end of this one can touch it.
        for b, other in boxes[at + 1 : bisect_left(tops, a[3] - 0.01)]:
            assert a[2] <= b[0] + 0.01 or b[2] <= a[0] + 0.01, (one, other)


def assert_paintable(figure: Figure):
    assert {mark.role for mark in figure.marks} <= set(STYLES)


def assert_sound(figure: Figure):
    assert_inside(figure)
    assert_labels_apart(figure)
    assert_paintable(figure)
    assert figure.columns
    assert all(len(row) == len(figure.columns) for row in figure.rows)

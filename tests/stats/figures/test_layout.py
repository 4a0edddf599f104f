"""Geometry: labels never overlap, nothing leaves the canvas, bars cover exactly their members."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.figures import (
    critical_difference,
    horizon_lines,
    intervals,
    significance_matrix,
    strips,
    trade_off,
)
from stats.figures.marks import Cells, Dot, Line, stack
from stats.figures.ranking import families_of
from stats.figures.space import pack
from stats.figures.style import STYLES

from .geometry import (
    QUICK,
    assert_inside,
    assert_labels_apart,
    assert_paintable,
    grouped,
    rankings,
)


@given(grouped(), st.sampled_from([480.0, 620.0, 860.0, 1200.0]))
@QUICK
def test_a_critical_difference_diagram_is_well_laid_out(case, width):
    names, ranks, groups, difference = case
    figure = critical_difference(
        names, ranks, groups=groups, difference=difference, width=width, caption="Nemenyi " * 30
    )
    assert_inside(figure)
    assert_labels_apart(figure)
    assert_paintable(figure)


@given(grouped())
@QUICK
def test_bars_cover_exactly_their_members(case):
    names, ranks, groups, difference = case
    rank = dict(zip(names, ranks, strict=True))
    figure = critical_difference(names, ranks, groups=groups, difference=difference)
    bars = figure.marks_of("bar")
    wanted = sorted(tuple(sorted(group)) for group in groups if len(group) > 1)
    assert sorted(tuple(sorted(bar.who)) for bar in bars) == wanted
    points = {dot.who[0]: dot.x for dot in figure.marks_of("point")}
    marks = list(figure.marks)
    for at, bar in enumerate(marks):
        if not isinstance(bar, Line) or bar.role != "bar":
            continue
        (x0, y), (x1, _) = bar.points
        assert x0 == pytest.approx(min(points[name] for name in bar.who))
        assert x1 == pytest.approx(max(points[name] for name in bar.who))
        # The dots of a bar follow it: filled for members, open for models it only spans.
        dots = []
        for mark in marks[at + 1 :]:
            if not (isinstance(mark, Dot) and mark.y == y and mark.role in ("member", "spanned")):
                break
            dots.append(mark)
        members = {dot.who[0] for dot in dots if dot.role == "member"}
        spanned = {dot.who[0] for dot in dots if dot.role == "spanned"}
        assert members == set(bar.who)
        low, high = min(rank[n] for n in bar.who), max(rank[n] for n in bar.who)
        between = {name for name in names if low <= rank[name] <= high}
        assert spanned == between - members


@given(grouped(), st.sampled_from([300.0, 340.0]))
@QUICK
def test_upright_bars_cover_exactly_their_members(case, width):
    names, ranks, groups, difference = case
    figure = critical_difference(
        names, ranks, groups=groups, difference=difference, width=width, caption="Nemenyi " * 9
    )
    assert_inside(figure)
    assert_labels_apart(figure)
    points = {dot.who[0]: dot.y for dot in figure.marks_of("point")}
    assert sorted(points, key=points.get) == [row[0] for row in figure.rows]
    bars = figure.marks_of("bar")
    wanted = sorted(tuple(sorted(group)) for group in groups if len(group) > 1)
    assert sorted(tuple(sorted(bar.who)) for bar in bars) == wanted
    dots = figure.marks_of("member") + figure.marks_of("spanned")
    for bar in bars:
        (x, top), (_, bottom) = bar.points
        assert top == min(points[name] for name in bar.who)
        assert bottom == max(points[name] for name in bar.who)
        mine = [dot for dot in dots if dot.x == x and top <= dot.y <= bottom]
        assert {dot.who[0] for dot in mine if dot.role == "member"} == set(bar.who)
        between = {name for name, y in points.items() if top <= y <= bottom}
        assert {dot.who[0] for dot in mine if dot.role == "spanned"} == between - set(bar.who)
    for one, other in combinations(bars, 2):
        (ax, a0), (_, a1) = one.points
        (bx, b0), (_, b1) = other.points
        assert ax != bx or a1 < b0 or b1 < a0


def test_a_member_and_a_stranger_of_one_rank_are_both_seen():
    figure = critical_difference(
        ["a", "b", "c", "d"], [1.0, 2.0, 2.0, 3.0], groups=[["a", "b", "d"]], width=860.0
    )
    (stranger,) = figure.marks_of("spanned")
    member = next(dot for dot in figure.marks_of("member") if dot.who == ("b",))
    assert (stranger.who, stranger.x, stranger.y) == (("c",), member.x, member.y)
    assert stranger.radius > member.radius + 1
    assert figure.marks.index(stranger) < figure.marks.index(member)
    assert any("open dot: not a member" in mark.text for mark in figure.marks_of("caption"))


@given(grouped())
@QUICK
def test_bars_of_one_lane_keep_apart(case):
    names, ranks, groups, difference = case
    figure = critical_difference(names, ranks, groups=groups, difference=difference)
    for one, other in combinations(figure.marks_of("bar"), 2):
        (a0, ya), (a1, _) = one.points
        (b0, yb), (b1, _) = other.points
        assert abs(ya - yb) >= 10.0 or a1 + 10.0 <= b0 or b1 + 10.0 <= a0


@given(rankings())
@QUICK
def test_points_stand_where_their_ranks_are(case):
    names, ranks = case
    figure = critical_difference(names, ranks)
    ticks = [m for m in figure.marks_of("scale") if m.text.isdigit()]
    if len(ticks) < 2:
        return
    first, last = ticks[0], ticks[-1]
    unit = (last.x - first.x) / (float(last.text) - float(first.text))
    for dot in figure.marks_of("point"):
        rank = ranks[names.index(dot.who[0])]
        assert dot.x == pytest.approx(first.x + (rank - float(first.text)) * unit, abs=0.01)


@given(rankings())
@QUICK
def test_stems_of_one_side_never_cross(case):
    names, ranks = case
    figure = critical_difference(names, ranks)
    for one, other in combinations(figure.marks_of("stem"), 2):
        (ax, _), (_, ay), (at, _) = one.points
        (bx, top), (_, by), (bt, _) = other.points
        if (at < ax) != (bt < bx):
            continue
        # The horizontal part of each must not cut the vertical part of the other.
        for x, tip, y, stem_x, depth in ((ax, at, ay, bx, by), (bx, bt, by, ax, ay)):
            inside = min(x, tip) + 0.01 < stem_x < max(x, tip) - 0.01
            assert not (inside and top < y < depth - 0.01)


def test_the_ruler_has_the_length_of_the_critical_difference():
    # Demsar 2006, section 3.2.2: CD = 1.25 for 4 models on 14 data sets
    figure = critical_difference(
        ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"], [3.143, 2.0, 2.893, 1.964], difference=1.25
    )
    ruler = figure.marks_of("ruler")[0]
    ticks = {m.text: m.x for m in figure.marks_of("scale") if m.text.isdigit()}
    unit = ticks["2"] - ticks["1"]
    assert ruler.points[1][0] - ruler.points[0][0] == pytest.approx(1.25 * unit)
    assert any(m.text == "CD = 1.25" for m in figure.marks_of("scale"))


def test_a_ruler_longer_than_the_axis_says_so():
    figure = critical_difference(["a", "b", "c"], [1.0, 2.0, 3.0], difference=9.0)
    assert any("longer than the axis" in m.text for m in figure.marks_of("scale"))
    assert_inside(figure)


@given(rankings(2, 60), st.floats(0.1, 50.0), st.sampled_from([480.0, 860.0]))
@QUICK
def test_intervals_are_well_laid_out(case, difference, width):
    names, ranks = case
    families = {name: f"family {i % 5}" for i, name in enumerate(names)}
    figure = intervals(names, ranks, difference=difference, families=families, width=width)
    assert_inside(figure)
    assert_labels_apart(figure)
    assert_paintable(figure)
    near = {row[0] for row in figure.rows if row[5] == "no"}
    assert near == {n for n, r in zip(names, ranks, strict=True) if r - min(ranks) <= difference}


@pytest.mark.parametrize("k", [41, 240, 1000])
def test_intervals_of_many_models_are_well_laid_out(k):
    names = [f"{'abcdef'[i % 6]}/variant-{i}" for i in range(k)]
    ranks = [1 + (i * 7919 % k) * (k - 1) / k for i in range(k)]
    families = {name: name[0] for name in names}
    figure = intervals(names, ranks, difference=k / 4, families=families, caption="Nemenyi")
    assert_inside(figure)
    assert_labels_apart(figure)
    upright = [m for m in figure.marks if m.role.startswith("thin-")]
    along = figure.marks_of("reach")
    # A thousand lines a pixel apart are a slab: their ends are drawn instead.
    assert (len(upright), len(along)) == ((k, 0) if k <= 240 else (0, 2))


@given(rankings(3, 60), st.floats(0.1, 50.0))
@QUICK
def test_strips_show_every_model_once_and_apart(case, difference):
    names, ranks = case
    families = {name: f"f{i % 3}" for i, name in enumerate(names)}
    figure = strips(names, ranks, difference=difference, families=families)
    assert_inside(figure)
    assert_labels_apart(figure)
    dots = [m for m in figure.marks if isinstance(m, Dot)]
    assert sorted(m.who[0] for m in dots) == sorted(names)
    for one, other in combinations(dots, 2):
        gap = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5
        assert gap >= 5.0


def test_a_stack_keeps_both_parts_apart():
    names = ["a", "b", "c"]
    upper = critical_difference(names, [1.0, 2.0, 3.0])
    lower = strips(names, [1.0, 2.0, 3.0], difference=1.0, families=dict.fromkeys(names, "f"))
    figure = stack(upper, lower, title="two levels")
    assert figure.height > upper.height + lower.height
    assert_inside(figure)
    assert_labels_apart(figure)


def test_figures_of_different_width_do_not_stack():
    upper = critical_difference(["a", "b"], [1.0, 2.0], width=500.0)
    lower = critical_difference(["a", "b"], [1.0, 2.0], width=600.0)
    with pytest.raises(ValueError, match=r"one width, got 500.0 and 600.0"):
        stack(upper, lower, title="")


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 50)), max_size=30), st.floats(0.1, 5))
def test_packed_spans_of_a_lane_keep_their_gap(raw, gap):
    spans = [(start, start + length) for start, length in raw]
    lanes = pack(spans, gap=gap)
    for (one, a), (other, b) in combinations(zip(spans, lanes, strict=True), 2):
        if a == b:
            assert one[1] + gap <= other[0] + 1e-9 or other[1] + gap <= one[0] + 1e-9
    assert sorted(set(lanes)) == list(range(len(set(lanes))))


@given(
    rankings(1, 10),
    st.lists(st.integers(1, 500), min_size=1, max_size=6, unique=True).map(sorted),
    st.data(),
)
@QUICK
def test_lines_over_horizons_are_well_laid_out(case, horizons, data):
    names, _ = case
    number = st.floats(-5.0, 1.0) | st.just(float("nan"))
    values = {
        name: data.draw(st.lists(number, min_size=len(horizons), max_size=len(horizons)))
        for name in names
    }
    figure = horizon_lines(names, horizons, values, baseline=names[0])
    assert_inside(figure)
    assert_labels_apart(figure)
    assert_paintable(figure)
    dots = [mark for mark in figure.marks if isinstance(mark, Dot)]
    assert len(dots) == sum(v == v for row in values.values() for v in row)


@given(rankings(1, 60), st.data())
@QUICK
def test_trade_offs_are_well_laid_out_and_show_who_is_dominated(case, data):
    names, ranks = case
    seconds = data.draw(
        st.lists(st.floats(0.001, 5000.0), min_size=len(names), max_size=len(names))
    )
    figure = trade_off(
        names, seconds, ranks, families={n: f"f{i % 4}" for i, n in enumerate(names)}
    )
    assert_inside(figure)
    assert_labels_apart(figure)
    assert_paintable(figure)
    told = {row[0]: row[3] for row in figure.rows}
    for name, cost, rank in zip(names, seconds, ranks, strict=True):
        beaten = any(
            c <= cost and r <= rank and (c < cost or r < rank)
            for c, r in zip(seconds, ranks, strict=True)
        )
        if told[name] == "no":
            assert not beaten
        else:
            # Of equal models one stands for all.
            twins = [c == cost and r == rank for c, r in zip(seconds, ranks, strict=True)]
            assert beaten or sum(twins) > 1


@pytest.mark.parametrize("k", [2, 16, 40, 41, 240])
def test_a_significance_matrix_is_well_laid_out(k):
    names = [f"model {i} with a name" for i in range(k)]
    net = [[((j - i) % 21 - 10) / 10 for j in range(k)] for i in range(k)]
    figure = significance_matrix(names, net)
    assert_inside(figure)
    assert_labels_apart(figure)
    assert_paintable(figure)
    cells = next(mark for mark in figure.marks if isinstance(mark, Cells))
    painted = {
        (row, column + i)
        for code in range(1, 5)
        for row, column, n in cells.runs(code)
        for i in range(n)
    }
    assert painted == {(i, j) for i in range(k) for j in range(k) if i != j and net[i][j]}
    assert sorted({cells.codes[i][j] for i in range(k) for j in range(k) if net[i][j] > 0.5}) in (
        [],
        [1],
        [0, 1],
    )


def test_a_significance_matrix_needs_all_pairs():
    with pytest.raises(ValueError, match="2 models were given"):
        significance_matrix(["a", "b"], [[0.0, 1.0]])
    with pytest.raises(ValueError, match="2 models were given"):
        significance_matrix(["a", "b"], [[0.0, 1.0], [-1.0, 0.0]], undefined=[[False]])


@pytest.mark.parametrize("k", [2, 3, 16, 40, 41, 240])
def test_a_matrix_of_one_test_is_well_laid_out(k):
    names = [f"model {i} with a name" for i in range(k)]
    net = [[(j > i + 2) - (j < i - 2) for j in range(k)] for i in range(k)]
    none = [[abs(i - j) == 1 for j in range(k)] for i in range(k)]
    figure = significance_matrix(names, net, undefined=none, blocks="", caption="word " * 60)
    assert_inside(figure)
    assert_labels_apart(figure)
    assert_paintable(figure)
    cells = next(mark for mark in figure.marks if isinstance(mark, Cells))
    assert len(cells.runs(5)) == 2 * (k - 1)
    # Some formats paint cells as strokes, others as areas.
    assert all(STYLES[role].stroke and STYLES[role].fill for role in cells.roles if role)
    assert sum(n for *_, n in cells.runs(1)) == sum(n for *_, n in cells.runs(4))


def test_few_models_all_have_their_number():
    figure = significance_matrix(["a", "b", "c"], [[0, 1, 1], [-1, 0, 0.2], [-1, -0.2, 0]])
    assert sorted(mark.text for mark in figure.marks_of("value")) == ["1", "1", "2", "2", "3", "3"]


def test_colours_after_the_seventh_family_are_shared():
    names = [f"m{i}" for i in range(12)]
    found = families_of(names, {name: name for name in names})
    assert [number for _, number in found.values()] == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7]


@pytest.mark.parametrize(
    ("names", "ranks", "message"),
    [
        (["a"], [1.0], "at least 2 models, got 1"),
        (["a", "b"], [1.0], "got 2 names and 1 ranks"),
        (["a", "a"], [1.0, 2.0], "got 'a' twice"),
        (["a", "b"], [1.0, float("nan")], "got nan for 'b'"),
        (["a", "b"], [0.2, 2.0], "got 0.2 for 'a'"),
    ],
)
def test_what_cannot_be_drawn_is_told(names, ranks, message):
    with pytest.raises(ValueError, match=message):
        critical_difference(names, ranks)


def test_a_group_with_an_unknown_model_is_told():
    with pytest.raises(ValueError, match="without a rank: 'z'"):
        critical_difference(["a", "b"], [1.0, 2.0], groups=[["a", "z"]])


def test_equal_input_gives_an_equal_layout():
    assert critical_difference(["a", "b"], [1.0, 2.0]) == critical_difference(
        ["a", "b"], [1.0, 2.0]
    )

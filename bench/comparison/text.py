"""A comparison as text for a terminal: the answer first, then what it rests on."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from bench.cache.explain import Change, reasons
from bench.comparison.runs import Comparison, Difference
from bench.console import Grid
from bench.errors import listed

if TYPE_CHECKING:
    from reports.contrast import Flip, Shift

__all__ = ["came", "lines", "short", "wherefore"]

_MOST = 10  # of one kind that are shown before their number is
_MOST_SHIFTS = 12
_OWN_MODULE = re.compile(r"^crossfold_user\.(\w+)_[0-9a-f]{8}\.")


def lines(found: Comparison) -> Iterator[str]:
    """Yield the comparison line by line."""
    yield f"before  {found.names[0]}"
    yield f"after   {found.names[1]}"
    yield ""
    if not found.changed and found.equal:
        yield f"nothing differs: {found.n_scores:,} scores of both runs are equal"
        yield from (f"note: {note}" for note in found.notes)
        return
    for title, said in (("changed", wherefore(found)), ("result", came(found))):
        for at, (name, text) in enumerate(said):
            yield f"{title if not at else '':<8}{name:<12}{text}"
    yield from (f"{'note' if not at else '':<8}{note}" for at, note in enumerate(found.notes))
    flips, shifts = found.contrast.flips, found.contrast.shifts
    if flips:
        yield from ("", "verdicts that flip")
        yield from _first([f"  {_flip(flip)}" for flip in flips])
    if shifts:
        yield ""
        yield _shifts(shifts).text(width=100)
    if found.statuses:
        yield from ("", "cells that went another way")
        yield from _first(
            [f"  {s.cell}: {s.before} -> {s.after} ({s.reason})" for s in found.statuses]
        )
    for name, only in zip(
        found.names, (found.results.only_before, found.results.only_after), strict=True
    ):
        if only:
            yield from ("", f"only in {name}: {_cells(len(only))}")
            yield from _first([f"  {slug}" for slug in only])
    if found.code:
        yield ""
        yield from reasons(found.code)


def wherefore(found: Comparison) -> list[tuple[str, str]]:
    """Return what was changed, a line for each part of a run."""
    code = [change.name for change in found.code if change.kind == "code"]
    others = [change for change in found.code if change.kind != "code"]
    told = [
        ("settings", [_setting(each) for each in found.settings]),
        ("data", [_setting(each) for each in found.data]),
        ("code", list(dict.fromkeys(map(short, code)))),
        ("steps", _others(others)),
        ("packages", [_setting(each) for each in found.packages]),
        ("environment", [_setting(each) for each in found.environment]),
    ]
    said = [(name, listed(words, most=4)) for name, words in told if words]
    return said or [("nothing", "same settings, data, code, packages and environment")]


def came(found: Comparison) -> list[tuple[str, str]]:
    """Return what came of it, a line for each kind of result."""
    told: list[tuple[str, str]] = []
    results, moved = found.results, found.contrast
    if results.only_before or results.only_after:
        told.append(
            (
                "cells",
                f"{len(results.only_before):,} only before, {len(results.only_after):,} only after",
            )
        )
    if found.statuses:
        kinds = Counter(f"{s.before} -> {s.after}" for s in found.statuses)
        told.append(("statuses", ", ".join(f"{n:,} {kind}" for kind, n in kinds.items())))
    if not found.scores:
        told.append(("scores", f"all {found.n_scores:,} of both runs are equal"))
    else:
        told.append(("scores", f"{len(found.scores):,} of {found.n_scores:,} differ"))
        better = sum(shift.improved for shift in moved.shifts)
        sure = [s for s in moved.shifts if s.pvalue <= 0.05]
        told.append(
            (
                "means",
                f"{len(moved.shifts):,} of {moved.n_scores:,} (model, task, horizon) differ: "
                f"{better:,} better, {len(moved.shifts) - better:,} worse"
                f"; {len(sure) or 'none'} significant{_who(sure)}",
            )
        )
    flips = Counter(flip.kind for flip in moved.flips)
    words = {
        "leader": "on the best model",
        "omnibus": "on all alike",
        "pair": "on pairs of models",
        "forecast": "against the reference",
    }
    indirect = sum(flip.indirect for flip in moved.flips)
    kinds_said = ", ".join(f"{n:,} {words[kind]}" for kind, n in flips.items())
    told.append(
        (
            "verdicts",
            f"{len(moved.flips):,} of {moved.n_verdicts:,} flip"
            + (f" ({kinds_said})" if flips else "")
            + (f"; {indirect} through other models alone" if indirect else ""),
        )
    )
    return told


def _setting(each: Difference) -> str:
    """Return a fact that differs as a phrase."""
    if not each.before:
        return f"{each.name} is new{'' if each.after == 'there' else f' ({each.after})'}"
    if not each.after:
        return f"{each.name} is gone{'' if each.before == 'there' else f' ({each.before})'}"
    return f"{each.name} {each.before} -> {each.after}"


def _place(task: str, horizon: int | None) -> str:
    """Return where a verdict or score stands."""
    return task if horizon is None else f"{task} h={horizon}"


def _number(value: float) -> str:
    """Return a score or p-value."""
    return "–" if math.isnan(value) else f"{value:.4f}" if abs(value) < 1000 else f"{value:.5g}"


def short(name: str) -> str:
    """Name a function of the asker's own file by the file."""
    return _OWN_MODULE.sub(r"\1.py: ", name)


def _who(shifts: Sequence[Shift]) -> str:
    tally = Counter((shift.model, shift.improved) for shift in shifts)
    said = [f"{model} {'better' if up else 'worse'} in {n}" for (model, up), n in tally.items()]
    return f" ({listed(said, most=4)})" if said else ""


def _flip(flip: Flip) -> str:
    through = " [through the others alone]" if flip.indirect else ""
    where = _place(flip.task, flip.horizon)
    return f"{where}: {flip.subject}: {flip.before} -> {flip.after}{through}"


def _shifts(shifts: Sequence[Shift]) -> Grid:
    rows = tuple(
        (
            shift.model,
            _place(shift.task, shift.horizon),
            shift.metric,
            _number(shift.before),
            _number(shift.after),
            "–" if math.isnan(shift.percent) else f"{shift.percent:+.1f} %",
            "better" if shift.improved else "worse",
            f"{shift.better}/{shift.worse} of {shift.n_targets}",
            "–" if math.isnan(shift.pvalue) else f"{shift.pvalue:.3f}",
        )
        for shift in shifts[:_MOST_SHIFTS]
    )
    more = len(shifts) - len(rows)
    return Grid(
        "mean scores that moved, the largest change first",
        ("model", "where", "metric", "before", "after", "change", "", "better/worse", "p"),
        rows,
        left=3,
        note=f"and {more} more, with --html, --pdf or --json" if more else "",
    )


def _others(changes: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys(change.line() for change in changes))


def _cells(n: int) -> str:
    return f"{n:,} cell{'s'[: n != 1]}"


def _first(rows: Sequence[str]) -> Iterator[str]:
    yield from rows[:_MOST]
    if len(rows) > _MOST:
        yield f"  and {len(rows) - _MOST:,} more"

"""The one file that prints: progress while a run lasts, tables and sentences afterwards."""

import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Literal, Protocol, Self, TextIO

from bench.errors import BenchError, one_line

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.table import Table

__all__ = [
    "Bars",
    "Finished",
    "Grid",
    "JsonLines",
    "Plain",
    "Progress",
    "Quiet",
    "ReaderGoneError",
    "complain",
    "duration",
    "planned_sentence",
    "progress",
    "say",
    "show",
]

Style = Literal["auto", "bars", "plain", "json", "quiet"]

_SHOWN_FAILURES = 20  # more would push the bars off the screen; all are in the summary and the log


class Finished(Protocol):
    """What is told about a run at its end."""

    @property
    def run_id(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def n_failed(self) -> int: ...
    @property
    def seconds(self) -> float: ...


class Progress(Protocol):
    """What a run tells while it lasts."""

    def planned(self, counts: Mapping[str, int]) -> None:
        """Tell what there is to do, before any of it is done."""

    def attach(self, path: Path) -> None:
        """Write the log to a file, with what was told so far."""

    def wave(self, index: int, n_waves: int, n_chunks: int) -> None:
        """Tell that a wave of pieces of work begins."""

    def advanced(self, label: str, seconds: float, stage: str) -> None:
        """Tell that one piece of work ended, well or not."""

    def failed(self, slug: str, error_type: str, message: str) -> None:
        """Tell that a piece of work failed, before it is told to have ended."""

    def warned(self, text: str) -> None:
        """Tell what the asker should know although work goes on."""

    def finished(self, result: Finished) -> None:
        """Tell that all is done and written."""


@dataclass(slots=True)
class _Wave:
    """How far one wave is."""

    index: int
    n_waves: int
    total: int
    begun: float
    done: int = 0
    failed: int = 0
    stage: str = ""
    ended: float | None = None

    def left(self, now: float) -> float | None:
        """Return seconds to the end of the wave; None while nobody can know."""
        spent = now - self.begun
        if self.done == 0 or spent < 1.0:
            return None
        return spent / self.done * (self.total - self.done)


class Quiet:
    """Shows nothing, and writes the log: one JSON object a line, each with time and event.

    The other styles show what this one records. Waves hold work that is not in the store, so
    what is left is never reckoned from results that were only looked up.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._log: IO[str] | None = None
        self._before: list[str] = []  # told before there was a file
        self._waves: list[_Wave] = []
        self._stages: Counter[str] = Counter()
        self._n_failed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._record("stopped", reason=kind.__name__, message=one_line(error))
        self._close()
        if self._log is not None:
            self._log.close()
            self._log = None

    def attach(self, path: Path) -> None:
        self._log = path.open("a", encoding="utf-8")
        self._log.writelines(self._before)
        self._log.flush()
        self._before.clear()

    def planned(self, counts: Mapping[str, int]) -> None:
        self._record("planned", **counts)
        self._show_plan(counts)

    def wave(self, index: int, n_waves: int, n_chunks: int) -> None:
        self._record("wave", index=index, n_waves=n_waves, n_chunks=n_chunks)
        if self._waves:
            self._waves[-1].ended = time.monotonic()
        self._waves.append(_Wave(index, n_waves, n_chunks, time.monotonic()))
        self._stages.clear()
        self._show_wave(self._waves[-1])

    def advanced(self, label: str, seconds: float, stage: str) -> None:
        self._record("advanced", label=label, seconds=round(seconds, 4), stage=stage)
        if not self._waves:
            return
        wave = self._waves[-1]
        wave.done += 1
        self._stages[stage] += 1
        wave.stage = self._stages.most_common(1)[0][0]
        if wave.done >= wave.total:
            wave.ended = time.monotonic()
        self._show_advance(wave)

    def failed(self, slug: str, error_type: str, message: str) -> None:
        self._record("failed", slug=slug, error_type=error_type, message=message)
        if self._waves:
            self._waves[-1].failed += 1
        self._n_failed += 1
        if self._n_failed <= _SHOWN_FAILURES:
            self._show_line(f"✗ {slug}: {error_type}: {one_line(message, most=160)}", "red")
        elif self._n_failed == _SHOWN_FAILURES + 1:
            self._show_line("✗ more failures are in log.jsonl and the summary", "red")

    def warned(self, text: str) -> None:
        self._record("warned", message=text)
        self._show_line(f"! {one_line(text)}", "yellow")

    def finished(self, result: Finished) -> None:
        self._record(
            "finished",
            run_id=result.run_id,
            seconds=round(result.seconds, 3),
            n_failed=result.n_failed,
            **{k: v for k, v in result.counts.items() if k not in ("run_id", "n_failed")},
        )
        self._close()

    def _record(self, event: str, **facts: object) -> None:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        line = json.dumps({"time": f"{stamp}Z", "event": event, **facts}) + "\n"
        self._show_record(line)
        if self._log is None:
            self._before.append(line)
            return
        self._log.write(line)
        self._log.flush()

    def _show_record(self, line: str) -> None:
        """Show a line of the log."""

    def _show_plan(self, counts: Mapping[str, int]) -> None:
        """Show what there is to do."""

    def _show_wave(self, wave: _Wave) -> None:
        """Show that a wave begins."""

    def _show_advance(self, wave: _Wave) -> None:
        """Show that a wave went on."""

    def _show_line(self, text: str, colour: str) -> None:
        """Show a line that stays."""

    def _close(self) -> None:
        """Leave the screen in order."""


class JsonLines(Quiet):
    """Shows the log itself, for another program to read."""

    def _show_record(self, line: str) -> None:
        self._stream.write(line)
        self._stream.flush()


class Plain(Quiet):
    """Shows a line now and then, for logs and pipes.

    Parameters
    ----------
    every : float
        Seconds between two lines about one wave.
    """

    def __init__(self, stream: TextIO | None = None, *, every: float = 5.0) -> None:
        super().__init__(stream)
        self._every = every
        self._shown = 0.0

    def _show_plan(self, counts: Mapping[str, int]) -> None:
        self._write(planned_sentence(counts))

    def _show_wave(self, wave: _Wave) -> None:
        self._shown = wave.begun

    def _show_advance(self, wave: _Wave) -> None:
        now = time.monotonic()
        over = wave.done >= wave.total
        # A wave that was over at once is not worth a line.
        if now - (wave.begun if over else self._shown) < self._every:
            return
        self._shown = now
        failed = f", {wave.failed:,} failed" if wave.failed else ""
        left = wave.left(now)
        rest = f", about {duration(left)} left" if left else ""
        self._write(
            f"wave {wave.index + 1}/{wave.n_waves} {wave.stage}: {wave.done:,}/{wave.total:,}"
            f"{failed}{f' in {duration(now - wave.begun)}' if over else rest}"
        )

    def _show_line(self, text: str, colour: str) -> None:
        self._write(text)

    def _write(self, text: str) -> None:
        print(_encodable(text, self._stream), file=self._stream, flush=True)


class Bars(Quiet):
    """Shows a bar for each wave on a terminal, redrawn as work goes on."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._console = _console(self._stream)
        self._live: Live | None = None
        self._begun = time.monotonic()

    def _show_plan(self, counts: Mapping[str, int]) -> None:
        from rich.live import Live

        self._show_line(planned_sentence(counts), "bold")
        if counts.get("to_compute", 1):
            self._live = Live(
                get_renderable=self._screen,
                console=self._console,
                refresh_per_second=4,
                transient=False,
            )
            self._live.start()

    def _show_line(self, text: str, colour: str) -> None:
        from rich.text import Text

        self._console.print(Text(text, style=colour), soft_wrap=True)

    def _close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _screen(self) -> "Group":
        from rich.console import Group
        from rich.text import Text

        spent = duration(time.monotonic() - self._begun)
        foot = f" {spent} elapsed · Ctrl-C stops; the same command goes on from there"
        return Group(self._table(), Text(foot, "dim"))

    def _table(self) -> "Table":
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        table = Table(box=None, padding=(0, 1), expand=True)
        for title, justify in (("wave", "left"), ("stage", "left")):
            table.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        table.add_column("", ratio=1)
        for title in ("done", "failed", "time"):
            table.add_column(title, justify="right", no_wrap=True)
        for wave in self._waves[-8:]:
            over = wave.ended is not None
            left = None if over else wave.left(now)
            spent = duration((wave.ended or now) - wave.begun)
            table.add_row(
                f"{wave.index + 1}/{wave.n_waves}",
                wave.stage or "…",
                ProgressBar(total=max(wave.total, 1), completed=wave.done),
                f"{wave.done:,}/{wave.total:,}",
                Text(f"{wave.failed:,}", "red") if wave.failed else Text("·", "dim"),
                Text(spent, "dim") if over or left is None else Text(f"{duration(left)} left"),
            )
        return table


def progress(style: Style = "auto", *, stream: TextIO | None = None) -> Quiet:
    """Return the reporter of a style: bars where a person watches, plain lines elsewhere."""
    chosen = stream if stream is not None else sys.stderr
    if style == "auto":
        style = "bars" if chosen.isatty() else "plain"
    kinds: dict[str, type[Quiet]] = {
        "bars": Bars,
        "plain": Plain,
        "json": JsonLines,
        "quiet": Quiet,
    }
    return kinds[style](chosen)


def planned_sentence(counts: Mapping[str, int]) -> str:
    """Return the counts of a plan as a sentence.

    Examples
    --------
    >>> planned_sentence({"cells": 240, "node_calls": 16800, "distinct": 4183, "cached": 3901,
    ...                   "to_compute": 282})
    '240 cells: 16,800 node calls, 4,183 distinct, 3,901 cached, 282 to compute'
    """
    words = ", ".join(
        f"{counts[key]:,} {key.replace('_', ' ')}"
        for key in ("node_calls", "distinct", "cached", "to_compute")
        if key in counts
    )
    return f"{counts.get('cells', 0):,} cells: {words}"


def duration(seconds: float) -> str:
    """Return a time as a person says it.

    Examples
    --------
    >>> [duration(s) for s in (0.4, 12.3, 75, 3700)]
    ['0.4 s', '12 s', '1 min 15 s', '1 h 1 min']
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table for people.

    Parameters
    ----------
    left : int
        How many columns from the left are words, aligned left; the others are numbers.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    note: str = ""

    def text(self, *, width: int = 10_000) -> str:
        """Return the table as aligned lines; the widest words give way when space is short."""
        widths = [
            max(len(row[i]) for row in (self.columns, *self.rows)) for i in range(len(self.columns))
        ]
        over = sum(widths) + 2 * (len(widths) - 1) - width
        if over > 0:
            widest = max(range(self.left), key=lambda i: widths[i])
            widths[widest] = max(widths[widest] - over, 8)
        lines = [self.title] if self.title else []
        for row in (self.columns, *self.rows):
            cells = (
                f"{_cut(cell, w):<{w}}" if i < self.left else f"{cell:>{w}}"
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  ".join(cells).rstrip())
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)


class ReaderGoneError(BenchError):
    """What read our output, such as ``head``, has seen enough and left."""

    exit_code = 0


def say(*lines: str, stream: TextIO | None = None) -> None:
    """Print lines for the asker.

    Raises
    ------
    ReaderGoneError
        Nobody reads any more.
    """
    out = stream if stream is not None else sys.stdout
    try:
        for line in lines:
            print(_encodable(line, out), file=out)
        out.flush()
    except BrokenPipeError:
        # What is still in the buffer goes nowhere, else the interpreter complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        raise ReaderGoneError("the reader of this output has left") from None


def complain(text: str) -> None:
    """Print what went wrong, as one line on the error stream."""
    say(f"error: {one_line(text, most=2000)}", stream=sys.stderr)


def show(grids: Iterable[Grid], *, width: int = 10_000) -> None:
    """Print tables: drawn on a terminal, aligned text of at most `width` columns in a pipe."""
    terminal = sys.stdout.isatty()
    for index, grid in enumerate(grids):
        if index:
            say("")
        if not terminal:
            say(grid.text(width=width))
            continue
        _draw(grid)


def _draw(grid: Grid) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    console = _console(sys.stdout)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for i, name in enumerate(grid.columns):
        left = i < grid.left
        table.add_column(
            Text(name), justify="left" if left else "right", no_wrap=not left, overflow="ellipsis"
        )
    for row in grid.rows:
        table.add_row(*map(Text, row))
    # Title and note on lines of their own: rich would fold them to the width of the table.
    if grid.title:
        console.print(Text(grid.title, "bold"))
    console.print(table)
    if grid.note:
        console.print(Text(grid.note, "dim"))


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    # Names and messages come from files and modules: nothing in them is markup.
    return Console(file=stream, markup=False, highlight=False, emoji=False)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _encodable(text: str, stream: TextIO) -> str:
    """Return a text that the stream's encoding has letters for."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with contextlib.suppress(UnicodeEncodeError, LookupError):
        text.encode(encoding)
        return text
    return text.encode("ascii", "replace").decode()

"""What a run tells: to a person, to a log, to another program."""

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench import console

COUNTS = {"cells": 24, "node_calls": 1680, "distinct": 418, "cached": 390, "to_compute": 28}


@dataclass(frozen=True)
class Result:
    path: Path
    run_id: str = "small-1"
    counts: dict[str, int] = field(default_factory=lambda: {"cells": 24, "failed": 1})
    n_failed: int = 1
    seconds: float = 2.5


class Clock:
    """A clock that a test winds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(console.time, "monotonic", clock)
    return clock


def told(progress, clock, path):
    with progress:
        progress.planned(COUNTS)
        progress.attach(path)
        progress.wave(0, 2, 4)
        for _ in range(3):
            clock.now += 6.0
            progress.advanced("X of weather", 5.9, "features")
        progress.failed("weather.y.binary.h1.f0.lstm", "LinAlgError", "singular\nmatrix \x1b[31m")
        progress.advanced("lstm", 0.1, "fit")
        progress.warned("object 12ab was damaged and is computed again")
        progress.wave(1, 2, 100)
        progress.finished(Result(path.parent))


@pytest.mark.parametrize("kind", [console.Quiet, console.Plain, console.JsonLines, console.Bars])
def test_the_log_has_everything_whatever_is_shown(kind, clock, tmp_path):
    told(kind(io.StringIO()), clock, tmp_path / "log.jsonl")
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [e["event"] for e in events] == [
        "planned",
        "wave",
        *["advanced"] * 3,
        "failed",
        "advanced",
        "warned",
        "wave",
        "finished",
    ]
    assert events[0]["to_compute"] == 28  # told before there was a file to write to
    assert events[5]["message"] == "singular\nmatrix \x1b[31m"
    assert events[-1]["run_id"] == "small-1"


def test_a_log_is_read_while_the_run_goes_on(tmp_path):
    progress = console.Quiet(io.StringIO())
    with progress:
        progress.attach(tmp_path / "log.jsonl")
        progress.wave(0, 1, 1)
        assert "wave" in (tmp_path / "log.jsonl").read_text()


def test_an_interrupted_run_says_so_in_its_log(tmp_path):
    def interrupted():
        with console.Quiet(io.StringIO()) as progress:
            progress.attach(tmp_path / "log.jsonl")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    last = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["reason"]) == ("stopped", "KeyboardInterrupt")


def test_plain_lines_are_few_and_safe(clock, tmp_path):
    stream = io.StringIO()
    told(console.Plain(stream), clock, tmp_path / "log.jsonl")
    assert stream.getvalue().splitlines() == [
        "24 cells: 1,680 node calls, 418 distinct, 390 cached, 28 to compute",
        "wave 1/2 features: 1/4, about 18 s left",
        "wave 1/2 features: 2/4, about 12 s left",
        "wave 1/2 features: 3/4, about 6.0 s left",
        "✗ weather.y.binary.h1.f0.lstm: LinAlgError: singular matrix �[31m",
        "wave 1/2 features: 4/4, 1 failed in 18 s",
        "! object 12ab was damaged and is computed again",
    ]


def test_plain_lines_are_rate_limited(clock, tmp_path):
    stream = io.StringIO()
    with console.Plain(stream) as progress:
        progress.wave(0, 1, 1000)
        for _ in range(1000):
            clock.now += 0.02
            progress.advanced("x", 0.02, "fit")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4  # at 5, 10, 15 and 20 seconds
    assert lines[-1] == "wave 1/1 fit: 1,000/1,000 in 20 s"


def test_a_hundred_failures_do_not_fill_the_screen(clock):
    stream = io.StringIO()
    with console.Plain(stream) as progress:
        progress.wave(0, 1, 100)
        for i in range(100):
            progress.failed(f"cell {i}", "ValueError", "no")
            progress.advanced("x", 0.0, "fit")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 21
    assert lines[-1] == "✗ more failures are in log.jsonl and the summary"


def test_json_lines_are_json(clock, tmp_path):
    stream = io.StringIO()
    told(console.JsonLines(stream), clock, tmp_path / "log.jsonl")
    assert stream.getvalue() == (tmp_path / "log.jsonl").read_text()


def test_bars_show_each_wave_and_what_is_left(clock, monkeypatch):
    from rich.console import Console

    stream = io.StringIO()
    bars = console.Bars(stream)
    bars.wave(0, 2, 1)
    bars.advanced("x", 1.0, "data")
    bars.wave(1, 2, 480)
    clock.now += 60
    for _ in range(240):
        bars.advanced("x", 1.0, "fit")
    bars.failed("cell", "ValueError", "[bold]not markup[/bold]")
    Console(file=stream, width=80).print(bars._screen())
    lines = stream.getvalue().splitlines()
    assert lines[0] == "✗ cell: ValueError: [bold]not markup[/bold]"
    assert lines[1].split() == ["wave", "stage", "done", "failed", "time"]
    assert lines[2].split()[:2] == ["1/2", "data"]
    assert lines[2].split()[-4:] == ["1/1", "·", "0.0", "s"]
    assert lines[3].split()[-7:] == ["240/480", "1", "1", "min", "0", "s", "left"]
    assert "Ctrl-C stops" in lines[4]
    assert max(map(len, lines)) <= 80


def test_bars_leave_the_terminal_in_order(clock, tmp_path):
    stream = io.StringIO()
    bars = console.Bars(stream)
    bars._console = console._console(stream)
    told(bars, clock, tmp_path / "log.jsonl")
    assert bars._live is None


@pytest.mark.parametrize(
    ("style", "kind"),
    [
        ("auto", console.Plain),  # a StringIO is no terminal
        ("plain", console.Plain),
        ("bars", console.Bars),
        ("json", console.JsonLines),
        ("quiet", console.Quiet),
    ],
)
def test_a_style_is_a_reporter(style, kind):
    assert type(console.progress(style, stream=io.StringIO())) is kind


def test_a_grid_fits_its_width_by_cutting_words_and_never_numbers():
    grid = console.Grid("title", ("model", "score"), (("m" * 100, "0.1234"), ("b", "12.5")))
    lines = grid.text(width=40).splitlines()
    assert [len(line) for line in lines] == [5, 40, 40, 40]
    assert lines[2].endswith("…  0.1234")
    assert lines[3].startswith("b ")
    assert lines[3].endswith("  12.5")


def test_letters_that_a_stream_has_not_are_replaced(monkeypatch):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console.say("✗ failed", stream=stream)
    stream.flush()
    assert raw.getvalue() == b"? failed\n"


def test_on_a_terminal_a_grid_is_drawn_with_its_text_as_text(capsys, monkeypatch):
    monkeypatch.setattr(console.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    title = "a title that is much longer than the table below it"
    console.show([console.Grid(title, ("model", "h=1"), (("[red]x[/red]", "0.5"),), note="a note")])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert lines[0] == title
    assert lines[1].split() == ["model", "h=1"]
    assert lines[3].split() == ["[red]x[/red]", "0.5"]
    assert lines[4] == "a note"

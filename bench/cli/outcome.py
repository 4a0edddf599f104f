"""What a run gave, as tables on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench import console
from bench.cli.named import short_path
from bench.console import Grid
from bench.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

    from bench.runner import Run

__all__ = ["show_run"]

_MOST_ROWS = 12  # models a table of the leaderboard shows before it says how many more there are
_MOST_CAUSES = 10


def show_run(found: "Run", *, n_failed: int, seconds: float) -> None:
    """Print the leaderboard of a run, what failed and where the files are."""
    from bench.results.leaderboard import standings

    manifest = found.manifest
    boards = standings(found.runs, found.scores, primary=manifest["primary"])
    several = len({board.dataset for board in boards}) > 1
    groups: dict[tuple[str, str], list[Any]] = {}
    for board in boards:
        groups.setdefault((board.dataset, board.task), []).append(board)
    for group in groups.values():
        # A score with its rank takes 16 columns: four horizons fill a line with the names.
        for start in range(0, len(group), 3):
            console.show(
                [_board(group[start : start + 3], str(manifest["reference"]), named=several)],
                width=80,
            )
            console.say("")
    counts = manifest["counts"]
    console.say(
        f"{counts['cells']:,} cells: {counts['ok']:,} ok, {n_failed:,} failed, "
        f"{counts['computed']:,} of {counts['distinct']:,} distinct nodes computed, "
        f"{console.duration(seconds)}"
    )
    if n_failed:
        console.say(*_failures(found.runs), f"why, in full: {short_path(found.path)}/failures/")
    folder = short_path(found.path)
    page = folder / "report.html"
    console.say(f"report: {page}" if page.is_file() else f"tables: {folder}")


def _board(boards: Sequence[Any], reference: str, *, named: bool) -> Grid:
    """Return the table of one task: a row for each model, a column for each horizon."""
    import pandas as pd

    first = boards[0]
    ranks = pd.concat([b.table["rank"] for b in boards], axis="columns")
    order = ranks.mean(axis="columns", skipna=False).sort_values(kind="stable", na_position="last")
    shown = list(order.index[:_MOST_ROWS])
    if reference in order.index and reference not in shown:
        shown.append(reference)
    rows = tuple((name, *(_score(b.table.loc[name]) for b in boards)) for name in shown)
    better = "higher" if first.higher_is_better else "lower"
    targets = f"{first.n_targets} target{'s'[: first.n_targets != 1]}"
    more = len(order) - len(shown)
    notes = [f"and {more} more models, in the report"] if more else []
    if ranks.isna().any(axis=None):
        notes.append("– no rank: a target or fold is missing")
    return Grid(
        f"{f'{first.dataset} · ' if named else ''}{first.task}: {first.metric}, {better} is better,"
        f" mean over {targets} (mean rank)",
        ("model", *(f"h={b.horizon}" for b in boards)),
        rows,
        note="; ".join(notes),
    )


def _score(row: "pd.Series[Any]") -> str:
    score, rank = row["score"], row["rank"]
    shown = "–" if score != score else f"{score:.4f}" if abs(score) < 1000 else f"{score:.5g}"
    return f"{shown} {'(–)' if rank != rank else f'({rank:.1f})':>6}"


def _failures(runs: "pd.DataFrame") -> list[str]:
    """Return a line for each cause, the most frequent first, with a cell that shows it."""
    bad = runs[runs["status"] != "ok"]
    causes: dict[tuple[str, str, str], list[str]] = {}
    for row in bad.itertuples():
        key = (str(row.variant), str(row.error_type), one_line(row.error_message, most=120))
        causes.setdefault(key, []).append(str(row.slug))
    ordered = sorted(causes.items(), key=lambda item: -len(item[1]))
    lines = [
        f"✗ {variant}, {len(slugs)} cell{'s'[: len(slugs) != 1]}: {kind}: {message} "
        f"(as in {slugs[0]})"
        for (variant, kind, message), slugs in ordered[:_MOST_CAUSES]
    ]
    if len(ordered) > _MOST_CAUSES:
        lines.append(f"✗ and {len(ordered) - _MOST_CAUSES} more causes, in runs.parquet")
    return lines

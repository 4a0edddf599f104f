"""The command that tells how a run went, or how far it is."""

from pathlib import Path
from typing import Any

import click

from bench import console
from bench.cli.codes import OK
from bench.cli.group import Command
from bench.cli.named import found_run
from bench.cli.options import runs_option
from bench.cli.outcome import show_run

__all__ = ["status"]


@click.command(cls=Command)
@click.argument("run_name", metavar="[RUN]", required=False)
@runs_option
def status(run_name: str | None, runs: Path) -> int:
    """Tell how a run went, or how far it is.

    RUN is a folder or the name of one, by default the newest.
    """
    going_on = _unfinished(runs, run_name)
    if going_on is not None:
        console.say(*_log_summary(going_on))
        return OK
    from bench.runner import load_run

    found = load_run(found_run(run_name, runs))
    manifest = found.manifest
    console.say(
        f"{manifest['run_id']}: {manifest['experiment']}, {manifest['mode']} mode, "
        f"started {manifest['started']}",
    )
    show_run(found, n_failed=int(manifest["counts"]["failed"]), seconds=manifest["seconds"])
    return OK


def _unfinished(runs: Path, name: str | None) -> Path | None:
    """Return the folder of a run that goes on or was stopped: the named one, or the newest."""
    folders = [Path(name), runs / name] if name is not None else list(runs.glob("*/"))
    logs = [folder / "log.jsonl" for folder in folders if not folder.is_symlink()]
    there = sorted((log.stat().st_mtime, log) for log in logs if log.is_file())
    if not there:
        return None
    newest = there[-1][1].parent
    return None if (newest / "manifest.json").is_file() else newest


def _log_summary(folder: Path) -> list[str]:
    """Return what the log of an unfinished run says."""
    import json
    import time

    log = folder / "log.jsonl"
    waves: list[dict[str, Any]] = []
    done, n_failed, stopped = 0, 0, ""
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # the last line of a killed run may be half a line
        if event["event"] == "wave":
            waves.append(event)
            done = 0
        done += event["event"] == "advanced"
        n_failed += event["event"] == "failed"
        if event["event"] == "stopped":
            stopped = f"stopped ({event['reason']})"
    ago = console.duration(max(time.time() - log.stat().st_mtime, 0.0))
    state = stopped or f"not finished; last heard of {ago} ago"
    lines = [f"{folder.name}: {state}"]
    if waves:
        last = waves[-1]
        lines.append(
            f"wave {last['index'] + 1}/{last['n_waves']}: {done:,}/{last['n_chunks']:,}, "
            f"{n_failed:,} failed"
        )
    return lines

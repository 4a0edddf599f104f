"""What words on the command line name: an experiment, a run, a store."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.options import OUTSIDE
from bench.errors import UserError, did_you_mean, listed, one_line, unknown

if TYPE_CHECKING:
    from bench.spec.experiment import Experiment

__all__ = ["asked_experiment", "found_run", "mode_of", "opened_store", "short_path"]


def asked_experiment(words: Sequence[str], mode: str | None, where: str) -> "Experiment":
    """Return the experiment that words on the command line name: a file first, then overrides."""
    from bench import preflight

    preflight.check_packages()
    from bench.spec.experiment import MODES, Experiment

    if mode is not None and mode not in MODES:
        raise unknown("mode", mode, MODES, where="--mode")
    first = [] if not words or "=" in words[0] else [words[0]]
    overrides = words[len(first) :]
    path = short_path(Path(first[0]) if first else _default_experiment())
    outside = bool(click.get_current_context().meta.get(OUTSIDE))
    return Experiment.load(path, mode=mode, overrides=overrides, where=where, outside=outside)


def _default_experiment() -> Path:
    """Return weather.toml of the checkout, else the copy that was installed."""
    checkout = Path(__file__).resolve().parents[2] / "experiments" / "weather.toml"
    if checkout.is_file():
        return checkout
    from importlib import metadata

    try:
        files = metadata.files("crossfold") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.match("crossfold/experiments/weather.toml"):
            return Path(str(file.locate())).resolve()
    raise UserError("no default experiment is installed; name an experiment file")


def short_path(path: Path) -> Path:
    """Return a path as short as it can be, for messages."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def opened_store(store: Path) -> Any:
    """Return a store that is there; none is made."""
    from bench.cache.store import Store

    if not store.is_dir():
        raise UserError(f"{store}: no store there; a run makes one")
    return Store(store, create=False)


def found_run(name: str | None, runs: Path) -> Path:
    """Return the folder of a finished run: the named one, or the newest."""
    if name is None:
        from bench.runner import latest

        return latest(runs)
    for path in (Path(name), runs / name):
        if (path / "manifest.json").is_file():
            return path
    known = sorted(p.parent.name for p in runs.glob("*/manifest.json"))
    hint = did_you_mean(name, known)
    raise UserError(
        f'no finished run "{one_line(name, most=80)}" in {runs}'
        f"{hint or f'; there are {listed(reversed(known), most=5)}'}"
    )


def mode_of(run: Path) -> str:
    """Return the mode in which a run was made."""
    import json

    return str(json.loads((run / "manifest.json").read_text(encoding="utf-8"))["mode"])

"""A run as offline runs of Weights & Biases: one for each model, task and horizon."""

from __future__ import annotations

from pathlib import Path

from bench.export.trackers import brought, entries
from bench.runner import Run

__all__ = ["to_wandb"]


def to_wandb(run: Run, folder: Path) -> int:
    """Write a run for ``wandb sync``, and return how many runs that are; nothing is sent.

    Parameters
    ----------
    run : Run
        The run.
    folder : Path
        Where to write them.
    """
    wandb = brought("wandb", extra="wandb")
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for entry in entries(run):
        logged = wandb.init(
            mode="offline",
            dir=str(folder),
            project=str(run.manifest["experiment"]),
            group=str(run.manifest["run_id"]),
            name=entry.name,
            config=dict(entry.parameters),
            settings=wandb.Settings(silent=True, disable_git=True, save_code=False),
            reinit="finish_previous",
        )
        by_fold: dict[int, dict[str, float]] = {}
        for name, fold, value in entry.scores:
            by_fold.setdefault(fold, {})[name] = value
        for fold in sorted(by_fold):
            logged.log({"fold": fold, **by_fold[fold]}, step=fold)
        logged.finish(exit_code=1 if entry.failed else 0)
        count += 1
    return count

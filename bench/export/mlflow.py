"""A run as runs of MLflow: a parent with the files, a child for each model, task and horizon."""

from __future__ import annotations

import os
import time
from typing import Any

from bench.errors import UserError, one_line
from bench.export.trackers import Entry, brought, entries
from bench.runner import Run

__all__ = ["to_mlflow"]

# Parameters that one call may carry, by a limit of MLflow.
_PARAMETERS = 100
_FILES = ("experiment.toml", "manifest.json", "scores.parquet", "report.html")


def to_mlflow(run: Run, uri: str) -> int:
    """Log a run and return how many children it got.

    Parameters
    ----------
    run : Run
        The run.
    uri : str
        The tracking server, such as ``http://127.0.0.1:5000``; with all of MLflow installed also
        a data base, such as ``sqlite:///mlflow.db``.

    Raises
    ------
    UserError
        MLflow is not installed, or refuses.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # by itself it tries for minutes
    refused = brought("mlflow.exceptions", extra="mlflow").MlflowException
    try:
        return _logged(run, brought("mlflow.tracking", extra="mlflow").MlflowClient(uri))
    except refused as cause:
        raise UserError(f"MLflow, asked to log in {uri}, says: {one_line(cause)}") from cause


def _logged(run: Run, client: Any) -> int:
    title = str(run.manifest["experiment"])
    known = client.get_experiment_by_name(title)
    home = known.experiment_id if known is not None else client.create_experiment(title)
    tags = {
        "crossfold.run_id": str(run.manifest["run_id"]),
        "crossfold.mode": str(run.manifest["mode"]),
        "mlflow.source.git.commit": str(run.manifest["environment"]["git_commit"]),
    }
    parent = client.create_run(home, run_name=str(run.manifest["run_id"]), tags=tags).info.run_id
    count = 0
    for entry in entries(run):
        child = client.create_run(
            home, run_name=entry.name, tags={**tags, "mlflow.parentRunId": parent}
        ).info.run_id
        _log(client, child, entry)
        client.set_terminated(child, status="FAILED" if entry.failed else "FINISHED")
        count += 1
    for name in _FILES:
        if (run.path / name).is_file():
            client.log_artifact(parent, str(run.path / name))
    client.set_terminated(parent)
    return count


def _log(client: Any, child: str, entry: Entry) -> None:
    words = brought("mlflow.entities", extra="mlflow")
    now = int(time.time() * 1000)
    scores = [words.Metric(name, value, now, fold) for name, fold, value in entry.scores]
    given = [words.Param(name, value[:500]) for name, value in entry.parameters.items()]
    for start in range(0, max(len(scores), len(given)), _PARAMETERS):
        stop = start + _PARAMETERS
        client.log_batch(child, metrics=scores[start:stop], params=given[start:stop])

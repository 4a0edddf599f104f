"""Every kind of figure from made-up scores: `python examples/gallery.py` draws docs/figures."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import reports
import stats
from stats import figures

NAMES = (
    "xgboost/depth=6",
    "lstm/hidden=64",
    "linear",
    "theta",
    "ets/damped",
    "drift",
    "seasonal naive",
    "climatology",
)
SKILL = np.array([1.0, 1.04, 1.15, 1.3, 1.34, 1.5, 1.52, 1.7])


def scores(rng: np.random.Generator) -> stats.Scores:
    """Errors of eight models on twenty series."""
    level = rng.gamma(4, 0.25, size=(20, 1))
    values = level * (SKILL + 0.18 * rng.normal(size=(20, 8)))
    return stats.Scores(values=values, models=NAMES, blocks=tuple(range(20)), declared=True)


def losses(rng: np.random.Generator) -> stats.Losses:
    """Squared errors of the same models at 150 times and three horizons."""
    horizons = np.array([1.0, 1.6, 2.4])
    common = rng.chisquare(1, size=(150, 1, 3))
    own = rng.chisquare(1, size=(150, 8, 3))
    return stats.Losses(
        values=(common + own) * SKILL[None, :, None] * horizons,
        models=NAMES,
        times=tuple(range(150)),
        horizons=(1, 6, 24),
    )


def gallery() -> dict[str, figures.Figure]:
    """One figure of each kind."""
    rng = np.random.default_rng(7)
    table, series = scores(rng), losses(rng)
    many = [f"{NAMES[i % 8].split('/')[0]}/v{i // 8}" for i in range(240)]
    ranks = stats.Scores.of(
        rng.normal(size=(60, 240)) + np.tile(SKILL, 30) * 2 + np.repeat(rng.random(30), 8),
        blocks=range(60),
    )
    mean = ranks.ranks().mean(axis=0).tolist()
    families = {name: name.split("/")[0] for name in many}
    difference = stats.critical_difference(60, 240)
    drawn = {
        "critical-difference": reports.figure("critical-difference", table),
        "critical-difference-narrow": reports.figure("critical-difference", table, width=340),
        "intervals": reports.figure("intervals", table),
        "intervals-240": figures.intervals(
            many, mean, difference=difference, families=families, caption="k = 240, N = 60 series"
        ),
        "strips": figures.strips(many, mean, difference=difference, families=families),
        "comparison-matrix": reports.figure("comparison-matrix", table),
        "against-control": reports.figure("against-control", table, control="seasonal naive"),
        "paired-differences": reports.figure(
            "paired-differences", table, control="seasonal naive", score="error"
        ),
        "forecast-matrices": reports.figure("forecast-matrices", series),
        "significance-matrix": stats.diebold_mariano(series).at(6).adjusted("holm").figure(),
        "confidence-set": reports.figure(
            "confidence-set", pd.DataFrame(series.values[:, :, 1], columns=NAMES), rng=rng
        ),
    }
    steps = [1, 6, 24]
    gain = {
        name: [(1.6 - skill) * (0.6 - 0.2 * step) - 0.04 * step for step in range(3)]
        for name, skill in zip(NAMES, SKILL.tolist(), strict=True)
    }
    drawn["horizon-lines"] = figures.horizon_lines(
        NAMES[:5], steps, gain, baseline="seasonal naive"
    )
    folds = [f"2013-{month:02d}" for month in range(5, 11)]
    by_fold = 1 + np.argsort(np.argsort(SKILL + 0.12 * rng.normal(size=(6, 8)), axis=1), axis=1)
    drawn["fold-strips"] = figures.fold_strips(NAMES, folds, by_fold.T.tolist())
    seconds = [12.0, 95.0, 0.8, 1.9, 4.5, 0.02, 0.01, 0.015]
    drawn["trade-off"] = figures.trade_off(NAMES, seconds, table.ranks().mean(axis=0).tolist())
    drawn["p-values"] = stats.christoffersen(rng.random(400) < 0.13, nominal=0.1).figure()
    two = stats.bayes_signed_rank(table.select(NAMES[:2]), rope=0.02, rng=rng)
    drawn["posterior"] = two.figure()
    return drawn


if __name__ == "__main__":
    warnings.simplefilter("ignore", stats.StatsWarning)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/figures")
    for name, figure in gallery().items():
        print(figure.save(folder / f"{name}.svg"))

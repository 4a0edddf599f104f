"""Critical difference pictures beside those of peers, on the same tables: time, and flaws counted.

Run with ``python -m benchmarks.pictures --peers PYTHON``: the interpreter of an environment that
has scikit-posthocs, aeon and autorank (their versions of pandas and numpy need not be ours), as
``nox -s pictures`` makes it. Without it only ours are drawn. A peer that cannot draw a table is
recorded with its error. Flaws are counted with one yardstick on the finished matplotlib figure:
text that leaves the canvas, pairs of texts that cover each other, bars that touch on one line.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

# As a script this folder comes first on the path, where stats.py would shadow the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

__all__ = ["flaws", "main", "tables"]

PEERS = ("scikit-posthocs", "aeon", "autorank")
PATIENCE = 300  # seconds for one picture
SIZES = (8, 12, 40, 240, 1000)


def tables(shared: Path | None, run: Path | None) -> dict[int, tuple[pd.DataFrame, str]]:
    """Losses (lower is better) of each number of models, real ones where they are to be had."""
    found = {k: (_generated(k), "generated") for k in SIZES}
    if shared and (shared / "tsml_bakeoff2023_best8_142x30.parquet").exists():
        raw = pd.read_parquet(shared / "tsml_bakeoff2023_best8_142x30.parquet")
        scores = raw.pivot_table(index="dataset", columns="estimator", values="accuracy")
        found[8] = (1 - scores.dropna(), "bake-off redux, 1 - accuracy")
    if shared and (shared / "tabzilla_18alg_104ds_tuned.csv").exists():
        raw = pd.read_csv(shared / "tabzilla_18alg_104ds_tuned.csv")
        scores = raw.pivot_table(
            index="dataset_name", columns="alg_name", values="Accuracy__test_mean"
        )
        whole = scores.loc[:, scores.isna().sum().sort_values().index[:12]].dropna()
        found[12] = (1 - whole, "TabZilla, 12 of 18, 1 - accuracy")
    if run:
        runs = pd.read_parquet(run / "runs.parquet")
        scores = pd.read_parquet(run / "scores.parquet").merge(
            runs[["cell_id", "variant", "target"]], on="cell_id"
        )
        rmse = scores[scores["metric"] == "rmse"]
        wide = rmse.pivot_table(index="target", columns="variant", values="value").dropna(axis=1)
        found[240] = (wide, "run of experiments/variants.toml, RMSE by target")
    return found


def _generated(k: int) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    families = ("lstm/hidden", "xgboost/depth", "theta/season", "ets/damped", "patchtst/window")
    names = [f"{families[i % 5]}={8 * (i // 5 + 1)}" for i in range(k)]
    blocks = {8: 30, 12: 18, 40: 30}.get(k, 60)
    noise = rng.normal(size=(blocks, k)) + rng.normal(size=(blocks, 1))
    skill = rng.permutation(np.linspace(0, 2, k))
    return pd.DataFrame(3 + noise + skill, columns=names)


def flaws(figure: Any) -> dict[str, int]:
    """Counts on a matplotlib figure as it would be saved, in its own size."""
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    figure.canvas.draw()
    canvas = figure.bbox
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    boxes = [text.get_window_extent() for text in texts]
    cut = sum(
        b.x0 < -1 or b.y0 < -1 or b.x1 > canvas.width + 1 or b.y1 > canvas.height + 1 for b in boxes
    )
    order = sorted(boxes, key=lambda box: box.y0)
    covered = 0
    for at, one in enumerate(order):
        for other in order[at + 1 :]:
            if other.y0 > one.y1 - 1:
                break
            covered += int(min(one.x1, other.x1) - max(one.x0, other.x0) > 1)
    thick = [line for line in figure.findobj(Line2D) if line.get_linewidth() >= 2]
    bars = []
    for line in thick:
        points = line.get_transform().transform(line.get_xydata())
        if len(points) == 2 and abs(points[0][1] - points[1][1]) < 0.5:
            low, high = sorted((points[0][0], points[1][0]))
            if high - low > 3:
                bars.append((points[0][1], low, high))
    touching = sum(
        abs(a[0] - b[0]) < 2 and min(a[2], b[2]) - max(a[1], b[1]) > -1
        for a, b in itertools.combinations(bars, 2)
    )
    return {"texts": len(texts), "cut": int(cut), "covered": covered, "touching": int(touching)}


def _by_peer(peer: str, table: pd.DataFrame) -> Any:
    """The figure that the peer's manual draws: all its defaults, lower is better."""
    import matplotlib.pyplot as plt

    if peer == "scikit-posthocs":
        import scikit_posthocs

        ranks = table.rank(axis=1).mean()
        p = scikit_posthocs.posthoc_nemenyi_friedman(table)
        plt.figure(figsize=(8.6, 4))
        scikit_posthocs.critical_difference_diagram(ranks, p)
        return plt.gcf()
    if peer == "aeon":
        from aeon.visualisation import plot_critical_difference

        return plot_critical_difference(
            table.to_numpy(), list(table.columns), lower_better=True, alpha=0.05
        )[0]
    import autorank

    result = autorank.autorank(table, force_mode="nonparametric", order="ascending")
    drawn = autorank.plot_stats(result, allow_insignificant=True)
    return drawn.get_figure() if hasattr(drawn, "get_figure") else plt.gcf()


def _child(peer: str, table: Path, picture: Path) -> None:
    """Draw one picture in the environment of the peers and tell about it in one line of JSON."""
    import matplotlib as mpl

    mpl.use("Agg")
    warnings.simplefilter("ignore")
    frame = pd.read_csv(table)
    try:
        _by_peer(peer, frame.iloc[:, :3])  # what is imported on the way is not timed
        mpl.pyplot.close("all")
        start = time.perf_counter()
        figure = _by_peer(peer, frame)
        figure.savefig(picture, dpi=120)
        told: dict[str, Any] = {"seconds": time.perf_counter() - start, **flaws(figure)}
        figure.savefig(picture.with_suffix(".tight.png"), dpi=120, bbox_inches="tight")
        told["inches"] = [round(float(v), 1) for v in figure.get_size_inches()]
    except Exception as cause:
        told = {"error": f"{type(cause).__name__}: {' '.join(str(cause).split())[:160]}"}
    print(json.dumps(told))


def _theirs(python: str, peer: str, table: Path, picture: Path) -> dict[str, Any]:
    command = [python, "-W", "ignore", __file__, "--child", peer, str(table), str(picture)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not drawn after {PATIENCE} s"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        last = (done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1]
        return {"error": last[:160]}
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def _ours(table: pd.DataFrame, picture: Path) -> dict[str, Any]:
    import reports
    import stats
    from stats.figures import axes

    scores = stats.Scores.of(table, blocks=range(len(table)))
    kind = "critical-difference" if table.shape[1] <= 15 else "intervals"
    reports.figure("critical-difference", scores.select(scores.models[:3])).save(picture)
    start = time.perf_counter()
    figure = reports.figure(kind, scores)
    laid_out = time.perf_counter() - start
    figure.save(picture.with_suffix(".svg"))
    figure.save(picture)
    told: dict[str, Any] = {"seconds": time.perf_counter() - start, "layout": laid_out}
    told |= flaws(axes.draw(figure).get_figure())
    told["inches"] = [round(figure.width / 100, 1), round(figure.height / 100, 1)]
    reports.figure(kind, scores, width=340).save(picture.with_suffix(".narrow.png"))
    if 15 < table.shape[1] <= 240:
        square = stats.wilcoxon(scores).adjusted("holm").figure()
        square.save(picture.with_suffix(".square.png"))
    return told


def main() -> None:
    """Draw all, count, and print one line for each picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", default="", help="interpreter with the peers installed")
    parser.add_argument("--out", type=Path, default=Path("pictures"), help="folder for pictures")
    parser.add_argument("--data", type=Path, default=None, help="folder of published tables")
    parser.add_argument("--run", type=Path, default=None, help="a run of experiments/variants.toml")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, choices=SIZES)
    parser.add_argument("--child", nargs=3, default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        peer, table, picture = asked.child
        return _child(peer, Path(table), Path(picture))
    asked.out.mkdir(parents=True, exist_ok=True)
    told: dict[str, dict[str, Any]] = {}
    for k, (table, source) in tables(asked.data, asked.run).items():
        if k not in asked.sizes:
            continue
        path = asked.out / f"table-{k}.csv"
        table.to_csv(path, index=False)
        print(f"\n{table.shape[1]} models on {len(table)} blocks ({source})", flush=True)
        for who in ("ours", *(PEERS if asked.peers else ())):
            picture = asked.out / f"{who}-{k}.png"
            found = (
                _ours(table, picture) if who == "ours" else _theirs(asked.peers, who, path, picture)
            )
            told[f"{who}-{k}"] = found
            print(f"  {who:16} {_line(found)}", flush=True)
    (asked.out / "flaws.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return None


def _line(found: dict[str, Any]) -> str:
    if "error" in found:
        return f"cannot: {found['error']}"
    width, height = found["inches"]
    return (
        f"{found['seconds']:7.2f} s  {width} x {height} in  {found['texts']:5} texts, "
        f"{found['cut']:4} cut, {found['covered']:6} pairs covered, "
        f"{found['touching']:4} bars touch"
    )


if __name__ == "__main__":
    main()

"""The automatic checks of a run: what a careful reviewer would look for first."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from blake3 import blake3

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Check", "ForecastFacts", "checks", "forecast_facts"]

Severity = Literal["info", "warning", "error"]

# Fewer origins than this many horizons leave a forecast comparison with almost no
# independent information: overlapping h-step errors correlate over h origins.
ORIGINS_PER_HORIZON = 10


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: which check, how bad, about what, and in a sentence why."""

    check: str
    severity: Severity
    subject: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ForecastFacts:
    """What the checks need to know of one cell's forecasts."""

    n: int
    n_missing: int
    constant: bool
    digest: str


def forecast_facts(predictions: pd.DataFrame, rows: Sequence[int]) -> list[ForecastFacts]:
    """Return the facts of the forecasts of cells whose tables stand one below the other.

    Parameters
    ----------
    predictions : DataFrame
        The tables.
    rows : sequence of int
        The number of rows of each cell.
    """
    import numpy as np

    # Column by column: choosing several at once costs ten times the rest of this function.
    names = [c for c in predictions.columns if c == "y_pred" or c.startswith("p_")]
    values = np.column_stack([predictions[name].to_numpy(dtype="float64") for name in names])
    return [_facts(part) for part in np.split(values, np.cumsum(rows)[:-1])]


def _facts(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> ForecastFacts:
    import numpy as np

    probabilities = values[:, 1:] if values.shape[1] > 1 else values
    moves = probabilities.max(axis=0) - probabilities.min(axis=0) if len(values) else np.zeros(1)
    return ForecastFacts(
        n=len(values),
        n_missing=int(np.isnan(values).any(axis=1).sum()),
        constant=len(values) > 1 and bool((moves < 1e-12).all()),
        digest=blake3(values.tobytes()).hexdigest(length=12),
    )


def checks(
    runs: pd.DataFrame,
    scores: pd.DataFrame,
    facts: Mapping[str, ForecastFacts],
    reports: Mapping[str, Mapping[str, object]],
    *,
    primary: Mapping[str, str],
    reference: str | None,
) -> list[Check]:
    """Return the findings of all checks; a check that found nothing says so.

    Parameters
    ----------
    runs, scores : DataFrame
        The run's tables.
    facts : mapping of cell_id
        Facts of the cells' forecasts.
    reports : mapping of cell_id
        What the dataflows tell of a cell's training: rows, last outcome seen, trials.
    primary : mapping of task to metric
    reference : str, optional
        Name of the model that others are held against.
    """
    cells = runs.set_index("cell_id", drop=False)
    return [
        *_failures(cells),
        *_overlap(reports, cells),
        *_missing(facts, cells),
        *_constant(facts, cells),
        *_duplicates(facts, cells),
        *_few_origins(facts, cells),
        *_one_class(reports, cells),
        *_search_edge(reports, cells),
        *_worse_than_reference(scores, cells, primary, reference),
    ]


def _failures(cells: pd.DataFrame) -> list[Check]:
    failed = cells[cells["status"] != "ok"]
    if failed.empty:
        return [Check("failed cells", "info", "all", f"0 of {len(cells)} cells failed")]
    found = []
    for (variant, status, kind), group in failed.groupby(["variant", "status", "error_type"]):
        first = group.iloc[0]
        found.append(
            Check(
                "failed cells",
                "error",
                str(variant),
                f"{len(group)} cells {status} with {kind}; the first is {first['slug']}: "
                f"{first['error_message']}",
            )
        )
    return found


def _overlap(reports: Mapping[str, Mapping[str, object]], cells: pd.DataFrame) -> list[Check]:
    seen, found = 0, []
    for cell_id, report in reports.items():
        if "last_train_target" in report and "first_test_target" in report:
            seen += 1
            if str(report["last_train_target"]) >= str(report["first_test_target"]):
                found.append(
                    Check(
                        "time overlap",
                        "error",
                        str(cells.at[cell_id, "slug"]),
                        f"a training outcome of {report['last_train_target']} is not before the "
                        f"first tested time {report['first_test_target']}",
                    )
                )
    if found:
        return found
    return [
        Check(
            "time overlap",
            "info",
            "all",
            f"in {seen} of {seen} cells every training outcome lies before the first tested time",
        )
    ]


def _missing(facts: Mapping[str, ForecastFacts], cells: pd.DataFrame) -> list[Check]:
    bad = {c: f for c, f in facts.items() if f.n_missing}
    return _by_model(
        "missing forecasts",
        "error",
        bad,
        cells,
        lambda of: f"{sum(f.n_missing for f in of)} forecasts are missing in {len(of)} cells",
        "no forecast is missing",
    )


def _constant(facts: Mapping[str, ForecastFacts], cells: pd.DataFrame) -> list[Check]:
    bad = {c: f for c, f in facts.items() if f.constant}
    return _by_model(
        "constant forecasts",
        "warning",
        bad,
        cells,
        lambda of: (
            f"the forecast does not move over the test block in {len(of)} cells "
            "(expected of a climatology, a sign of trouble in a trained model)"
        ),
        "no model gives one and the same forecast over a test block",
    )


def _by_model(
    name: str,
    severity: Severity,
    bad: Mapping[str, ForecastFacts],
    cells: pd.DataFrame,
    detail: Callable[[list[ForecastFacts]], str],
    good: str,
) -> list[Check]:
    groups: dict[str, list[ForecastFacts]] = {}
    for cell_id, fact in bad.items():
        groups.setdefault(str(cells.at[cell_id, "variant"]), []).append(fact)
    if not groups:
        return [Check(name, "info", "all", good)]
    return [Check(name, severity, variant, detail(group)) for variant, group in groups.items()]


def _duplicates(facts: Mapping[str, ForecastFacts], cells: pd.DataFrame) -> list[Check]:
    """Variants whose forecasts are the same to the bit wherever both have some."""
    table = cells.loc[list(facts)]
    place = (table[name] for name in ("dataset", "target", "task", "horizon", "fold"))
    digests = (f.digest for f in facts.values())
    alike: dict[tuple[object, ...], list[str]] = {}
    # Not by pandas: nearly every group is one cell, and a frame for each costs more than all else.
    for variant, *same in zip(table["variant"], *place, digests, strict=True):
        alike.setdefault(tuple(same), []).append(variant)
    pairs: Counter[tuple[str, str]] = Counter()
    for names in alike.values():
        pairs.update(itertools.combinations(sorted(names), 2))
    if not pairs:
        return [Check("duplicated models", "info", "all", "no two models forecast the same")]
    count = Counter(table["variant"])
    return [
        Check(
            "duplicated models",
            "warning",
            f"{a} = {b}",
            f"identical forecasts in {n} of {min(count[a], count[b])} cells; "
            "they count as two models in every rank",
        )
        for (a, b), n in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:50]
    ]


def _few_origins(facts: Mapping[str, ForecastFacts], cells: pd.DataFrame) -> list[Check]:
    table = cells.loc[list(facts)].assign(n=[f.n for f in facts.values()])
    pooled = table.groupby(["dataset", "target", "task", "horizon", "variant"])["n"].sum()
    fewest = pooled.groupby(level=["dataset", "horizon"]).min().reset_index()
    found = [
        Check(
            "too few origins",
            "warning",
            f"{row['dataset']}, horizon {row['horizon']}",
            f"{row['n']} pooled test origins are less than {ORIGINS_PER_HORIZON} horizons "
            f"({ORIGINS_PER_HORIZON * row['horizon']}); forecast comparisons reject too often here",
        )
        for row in fewest.to_dict("records")
        if row["n"] < ORIGINS_PER_HORIZON * row["horizon"]
    ]
    enough = f"every comparison has at least {ORIGINS_PER_HORIZON} test origins per step ahead"
    return found or [Check("too few origins", "info", "all", enough)]


def _one_class(reports: Mapping[str, Mapping[str, object]], cells: pd.DataFrame) -> list[Check]:
    groups: Counter[str] = Counter()
    for cell_id, report in reports.items():
        counts = report.get("class_counts")
        if isinstance(counts, list) and 0 in counts:
            row = cells.loc[cell_id]
            groups[f"{row['target']}, {row['task']}, horizon {row['horizon']}"] += 1
    if not groups:
        return [Check("classes in training", "info", "all", "every class occurs in training")]
    return [
        Check(
            "classes in training",
            "warning",
            subject,
            f"a class does not occur in the training window of {n} cells; no model can learn it",
        )
        for subject, n in groups.items()
    ]


def _search_edge(reports: Mapping[str, Mapping[str, object]], cells: pd.DataFrame) -> list[Check]:
    at_edge: Counter[tuple[str, str]] = Counter()
    searched: Counter[str] = Counter()
    for cell_id, report in reports.items():
        edges = report.get("at_edge")
        if isinstance(edges, Iterable):
            variant = str(cells.at[cell_id, "variant"])
            searched[variant] += 1
            at_edge.update((variant, str(name)) for name in edges)
    if not searched:
        return [Check("search range", "info", "all", "no parameter search in this run")]
    found = [
        Check(
            "search range",
            "warning" if n > searched[variant] / 2 else "info",
            f"{variant}: {name}",
            f"the chosen value lies at the edge of the searched range in {n} of "
            f"{searched[variant]} cells",
        )
        for (variant, name), n in sorted(at_edge.items())
    ]
    return found or [Check("search range", "info", "all", "no chosen value at a range's edge")]


def _worse_than_reference(
    scores: pd.DataFrame,
    cells: pd.DataFrame,
    primary: Mapping[str, str],
    reference: str | None,
) -> list[Check]:
    if reference is None or reference not in set(cells["variant"]):
        return []
    axes = ["dataset", "target", "task", "horizon", "fold"]
    table = scores[scores["defined"].astype(bool)].merge(
        cells.reset_index(drop=True)[["cell_id", "variant", *axes]], on="cell_id"
    )
    table = table[table["metric"] == table["task"].map(dict(primary))]
    held = table.loc[table["variant"] == reference, [*axes, "value"]]
    if held.empty:
        unknown = f"{reference} has no score to be held against"
        return [Check("worse than the reference", "warning", "all", unknown)]
    both = table[table["variant"] != reference].merge(held, on=axes, suffixes=("", "_held"))
    lower = (both["direction"] == "lower").map({True: 1.0, False: -1.0})
    both["gain"] = (both["value_held"] - both["value"]) * lower
    both["worse"] = both["gain"] < 0
    groups = both.groupby(["variant", "task", "horizon"])
    means = groups[["gain", "value", "value_held"]].mean()
    means = means.assign(worse=groups["worse"].sum(), n=groups.size()).reset_index()
    found = [
        Check(
            "worse than the reference",
            "warning",
            f"{row['variant']}, {row['task']}, horizon {row['horizon']}",
            f"mean {primary[row['task']]} {row['value']:.4g} against {row['value_held']:.4g} of "
            f"{reference}; worse in {row['worse']} of {row['n']} target-folds",
        )
        for row in means[means["gain"] < 0].to_dict("records")
    ]
    if found:
        return found
    return [Check("worse than the reference", "info", "all", f"every model beats {reference}")]

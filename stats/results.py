"""Evidence: what every test gives back, frozen and ready to be printed."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stats.adjust import METHODS, adjusted
from stats.errors import OptionError, StatsError, choice, level
from stats.grouping import cliques, compact_letters
from stats.scores import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from stats.figures import Figure

__all__ = [
    "BestResult",
    "ControlResult",
    "Evidence",
    "OmnibusResult",
    "PairsResult",
    "Result",
    "Table",
    "escape_latex",
    "format_number",
    "format_pvalue",
    "judged",
    "square_texts",
]

Table: TypeAlias = Mapping[str, Sequence[Any]]
"""Columns by name, all of one length: what the renderers below draw from."""

_STRONG = 0.001
"""Level of the darker squares of a picture of all pairs."""

SHOWN_ROWS = 30
"""Rows that `summary` and the notebook view print; `to_frame` and `to_latex` give all."""

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\n": " ",
}


def escape_latex(text: str) -> str:
    """`text` with every character that LaTeX reads as markup escaped.

    Examples
    --------
    >>> escape_latex("R&D_50%")
    'R\\\\&D\\\\_50\\\\%'
    """
    return "".join(_LATEX.get(character, character) for character in text)


def format_pvalue(value: float) -> str:
    """A p-value for people: three decimals, two digits below .001, never "0".

    Examples
    --------
    >>> format_pvalue(0.0412), format_pvalue(3.2e-9), format_pvalue(float("nan"))
    ('0.041', '3.2e-09', 'undefined')
    """
    if math.isnan(value):
        return "undefined"
    if value < 1e-300:
        return "<1e-300"
    return f"{value:.2g}" if value < 0.001 else f"{value:.3f}"


def format_number(value: object) -> str:
    """Four significant digits for floats, the plain text of anything else."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return "undefined" if math.isnan(value) else f"{value:.4g}"
    return str(value)


def _column(name: str, values: Sequence[Any]) -> list[str]:
    """Numbers of one column with as many decimals as each other, if that shows them all."""
    if _is_pvalue(name):
        return [format_pvalue(float(v)) for v in values]
    if values and all(isinstance(v, (float, np.floating)) for v in values):
        sizes = [abs(float(v)) for v in values if math.isfinite(v) and v != 0]
        if sizes:
            decimals = max(0, 3 - math.floor(math.log10(max(sizes))))
            if decimals <= 6 and min(sizes) >= 10.0**-decimals:
                return [
                    f"{v:.{decimals}f}" if math.isfinite(v) else format_number(v) for v in values
                ]
    return [format_number(v) for v in values]


def _cells(table: Table) -> list[list[str]]:
    columns = [_column(name, column) for name, column in table.items()]
    return [list(row) for row in zip(*columns, strict=True)]


def _heading(name: str) -> str:
    """A column's name for people: words, and p for p-values."""
    return name.replace("pvalue", "p").replace("_", " ")


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _is_pvalue(name: str) -> bool:
    return name == "pvalue" or name.startswith("pvalue_")


def _equal(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        a, b = np.asarray(one), np.asarray(other)
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
            return False
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and one == other


def _freeze(value: object) -> object:
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.copy()
        value.setflags(write=False)
    elif isinstance(value, np.generic):
        value = value.item()
    return value


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Evidence:
    """Parent of all that a comparison gives back: named, frozen, compared by value.

    A child declares its fields as a frozen dataclass with ``eq=False, repr=False, kw_only=True``
    and gives `_table` (columns to show) and `_sentences` (for `methods`). Arrays become
    read-only on the way in, after unpickling and after copying.

    Parameters
    ----------
    names : tuple of str
        The models.
    test : str
        The method's name as a paper would print it.
    notes : tuple of str
        What was done to the data, and what a reader should know.
    """

    names: tuple[str, ...]
    test: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, _freeze(getattr(self, each.name)))

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Pickle and copy bring arrays back writeable.
        self.__dict__.update({name: _freeze(value) for name, value in state.items()})

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(
            _equal(getattr(self, each.name), getattr(other, each.name))
            for each in dataclasses.fields(self)
        )

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.test, self.names))

    def _table(self) -> Table:
        raise NotImplementedError(f"{type(self).__name__} gives no table")

    def _head(self) -> str:
        return self.test

    def _sentences(self) -> list[str]:
        return [f"{self.test} was used."]

    def to_frame(self) -> pd.DataFrame:
        """The numbers as a tidy DataFrame; pandas is imported here."""
        import pandas as pd

        return pd.DataFrame({name: list(column) for name, column in self._table().items()})

    def summary(self) -> str:
        """Plain text: the test, its numbers and the notes."""
        table = self._table()
        rows = _cells(table)
        head = [_heading(name) for name in table]
        shown = rows[:SHOWN_ROWS]
        widths = [max(len(row[c]) for row in [head, *shown]) for c in range(len(head))]
        lines = [*(_sentence_case(line) for line in self._head().splitlines()), ""]
        lines += [
            "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in [head, *shown]
        ]
        if len(rows) > len(shown):
            lines.append(f"... {len(rows) - len(shown)} more rows in to_frame()")
        if self.notes:
            lines += ["", *(f"Note: {note}" for note in self.notes)]
        return "\n".join(lines)

    def to_latex(self, *, caption: str = "", label: str = "") -> str:
        r"""A booktabs table, names escaped, with its provenance as comments.

        Parameters
        ----------
        caption, label : str
            Given either, the tabular sits in a table environment. The caption is escaped.
        """
        table = self._table()
        kinds = ["l" if all(isinstance(v, str) for v in c) else "r" for c in table.values()]
        lines = [f"% {_provenance()}", *(f"% {line}" for line in self._head().splitlines())]
        lines += [f"% note: {_one_line(note)}" for note in self.notes]
        wrapped = bool(caption or label)
        if wrapped:
            lines += [r"\begin{table}", r"\centering"]
            if caption:
                lines.append(rf"\caption{{{escape_latex(caption)}}}")
            if label:
                lines.append(rf"\label{{{label}}}")
        lines += [rf"\begin{{tabular}}{{{''.join(kinds)}}}", r"\toprule"]
        lines.append(" & ".join(escape_latex(_heading(name)) for name in table) + r" \\")
        lines.append(r"\midrule")
        lines += [" & ".join(escape_latex(c) for c in row) + r" \\" for row in _cells(table)]
        lines += [r"\bottomrule", r"\end{tabular}"]
        if wrapped:
            lines.append(r"\end{table}")
        return "\n".join(lines) + "\n"

    def _repr_html_(self) -> str:
        table = self._table()
        rows = _cells(table)
        head = "".join(f"<th>{html.escape(_heading(name))}</th>" for name in table)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows[:SHOWN_ROWS]
        )
        more = len(rows) - SHOWN_ROWS
        head_line = "<br>".join(html.escape(_sentence_case(s)) for s in self._head().splitlines())
        notes = [f"{more} more rows in to_frame()"] if more > 0 else []
        told = "".join(f"<p>{html.escape(note)}</p>" for note in [*notes, *self.notes])
        return (
            f"<div><p><strong>{head_line}</strong></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{told}</div>"
        )

    def methods(self) -> str:
        """The paragraph for the paper: variant, sizes, correction, versions."""
        sentences = [*self._sentences(), *(_sentence(note) for note in self.notes)]
        return " ".join(
            [*(_sentence_case(s) for s in sentences), f"Computed with {_provenance()}."]
        )

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """The layout of the picture, in numbers: what `plot` and the reports draw.

        Parameters
        ----------
        alpha : float, default 0.05
        width : float, default 860
            Pixels, a hundred to the inch in print; from 300 on. Save it with
            ``figure(...).save("name.svg")``, or .pdf, .png, .tex (TikZ), .csv (its numbers).
        """
        raise StatsError(f"{type(self).__name__} has no picture; its numbers are in to_frame()")

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the result with matplotlib, laid out for the width of the Axes.

        Parameters
        ----------
        ax : Axes, optional
            A new figure of the layout's own size if left out.
        **options
            What `figure` takes, such as ``alpha``.
        """
        from stats.figures import axes

        return axes.draw(self.figure(**{"width": axes.room(ax), **options}), ax)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {'; '.join(self._head().splitlines())}>"

    def _replaced(self, **changes: Any) -> Any:
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Result(Evidence):
    """Parent of the results of tests.

    Parameters
    ----------
    statistic, pvalue : float or ndarray
        Scipy's names; nan where the test is undefined.
    """

    statistic: float | FloatArray
    pvalue: float | FloatArray

    def rejects(self, alpha: float = 0.05) -> Any:
        """Whether the null is rejected at `alpha`; an undefined p-value never rejects."""
        alpha = level(alpha)
        if isinstance(self.pvalue, np.ndarray):
            with np.errstate(invalid="ignore"):
                return self.pvalue <= alpha
        return bool(self.pvalue <= alpha)

    def methods(self, *, alpha: float = 0.05) -> str:
        """The paragraph for the paper: variant, sizes, correction, level, versions."""
        return judged(super().methods(), alpha)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OmnibusResult(Result):
    """One test of "all models are alike".

    Parameters
    ----------
    df : tuple of float
        Degrees of freedom of the reference distribution.
    locations : ndarray, shape (n_models,)
        Mean ranks of the models, lower is better.
    n_blocks : int
        Blocks used.
    effect : float
        Kendall's W where it is defined (0 = no agreement of blocks, 1 = complete).
    """

    statistic: float
    pvalue: float
    df: tuple[float, ...]
    locations: FloatArray
    n_blocks: int
    effect: float = math.nan

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """Mean ranks on an axis, without groups: an omnibus test separates no pair."""
        from stats import figures

        level(alpha)
        return figures.critical_difference(
            self.names,
            self.locations.tolist(),
            width=width,
            title="Mean ranks",
            caption=self._head(),
        )

    def _head(self) -> str:
        df = ", ".join(f"{d:g}" for d in self.df)
        return (
            f"{self.test}: statistic {format_number(self.statistic)} on {df} df, "
            f"p {format_pvalue(self.pvalue)} (k = {len(self.names)} models, "
            f"N = {self.n_blocks} blocks)"
        )

    def _table(self) -> Table:
        order = np.argsort(self.locations, kind="stable")
        return {
            "model": [self.names[i] for i in order],
            "location": self.locations[order].tolist(),
        }

    def _sentences(self) -> list[str]:
        df = ", ".join(f"{d:g}" for d in self.df)
        p = format_pvalue(self.pvalue)
        return [
            f"{len(self.names)} models were compared on {self.n_blocks} blocks with "
            f"{self.test} (statistic {format_number(self.statistic)}, df {df}, p = {p})."
        ]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PairsResult(Result):
    """One test for each pair of models.

    Parameters
    ----------
    statistic : ndarray, shape (n_models, n_models)
        [i, j] compares model i with model j; the diagonal is nan.
    pvalue : ndarray, shape (n_models, n_models)
        Symmetric for two-sided tests; nan on the diagonal and where undefined.
    difference : ndarray, shape (n_models, n_models)
        What the test looks at, model i minus model j; below 0 where i is better.
    locations : ndarray, shape (n_models,)
        Mean ranks (or what the test orders models by), lower is better.
    n_used : ndarray, shape (n_models, n_models)
        Blocks that took part.
    correction : str
        Adjustment for the number of pairs; "none" for raw p-values, "joint" when the test's
        own distribution already covers the family.
    alternative : str
        "two-sided", "less" or "greater".
    """

    statistic: FloatArray
    pvalue: FloatArray
    difference: FloatArray
    locations: FloatArray
    n_used: FloatArray
    n_blocks: int
    correction: str = "none"
    alternative: str = "two-sided"

    @property
    def undefined(self) -> BoolArray:
        """Pairs, off the diagonal, whose test does not exist for these data."""
        return np.isnan(self.pvalue) & ~np.eye(len(self.names), dtype=bool)

    @property
    def degenerate(self) -> BoolArray:
        """Pairs, off the diagonal, that are alike in every block: nothing was compared."""
        alike: BoolArray = self.n_used == 0
        return alike & ~np.eye(len(self.names), dtype=bool)

    def _family(self) -> tuple[Any, Any]:
        return np.triu_indices(len(self.names), 1)

    def adjusted(self, method: str = "holm") -> PairsResult:
        """The same evidence with p-values adjusted over all pairs.

        Undefined pairs are left out of the family and stay undefined. One-sided results form a
        family of k (k - 1) ordered pairs.
        """
        choice(method, METHODS, name="method")
        if self.correction != "none":
            raise OptionError(
                f"these p-values are already adjusted ({self.correction}); adjust the raw result"
            )
        k = len(self.names)
        if self.alternative == "two-sided":
            family = self._family()
        else:
            off = np.nonzero(~np.eye(k, dtype=bool))
            family = (off[0], off[1])
        raw = self.pvalue[family]
        keep = ~np.isnan(raw)
        new = np.full(raw.shape, np.nan)
        if method in ("shaffer", "bergmann_hommel"):
            if self.alternative != "two-sided" or not keep.all():
                raise OptionError(
                    f"{method} uses the logic of all k (k - 1) / 2 two-sided hypotheses; some "
                    "are one-sided or undefined here, use 'holm'"
                )
            new = adjusted(raw, method=method)
        elif keep.any():
            new[keep] = adjusted(raw[keep], method=method)
        matrix = np.full((k, k), np.nan)
        matrix[family] = new
        if self.alternative == "two-sided":
            matrix[family[1], family[0]] = new
        return self._replaced(pvalue=matrix, correction=method)  # type: ignore[no-any-return]

    def separated(self, alpha: float = 0.05) -> BoolArray:
        """[i, j] is True where the pair differs at `alpha`, whichever model is better."""
        rejected: BoolArray = np.asarray(self.rejects(alpha), dtype=np.bool_)
        return np.logical_or(rejected, rejected.T)

    def groups(self, alpha: float = 0.05) -> tuple[tuple[str, ...], ...]:
        """Maximal sets of models that no test separates, best first.

        They are the maximal cliques of the graph of pairs not separated, and are never forced
        to be contiguous in rank. Alone-standing models are groups of one.
        """
        return tuple(
            tuple(self.names[i] for i in clique)
            for clique in cliques(self.separated(alpha), order=self.locations)
        )

    def letters(self, alpha: float = 0.05) -> dict[str, str]:
        """Compact letter display: two models share a letter unless a test separates them."""
        told = compact_letters(self.separated(alpha), order=self.locations)
        return dict(zip(self.names, told, strict=True))

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """Mean ranks and groups: the classic diagram up to 15 models.

        Beyond, intervals of mean ranks where the test has a critical difference, and all pairs as
        a square where it has none.
        """
        from stats import figures

        locations = self.locations.tolist()
        caption = f"{self._head()}, alpha = {alpha:g}"
        ruler = self._ruler(alpha)
        if len(self.names) <= figures.CLASSIC:
            return figures.critical_difference(
                self.names,
                locations,
                groups=self.groups(alpha),
                difference=ruler,
                width=width,
                caption=caption,
            )
        if ruler is None:
            return self._square(alpha, width)
        return figures.intervals(
            self.names, locations, difference=ruler, width=width, caption=caption
        )

    def _square(self, alpha: float, width: float) -> Figure:
        """All pairs as a square, models in the order of their locations."""
        from stats.figures import significance_matrix

        order = np.argsort(self.locations, kind="stable")
        square = np.ix_(order, order)
        net, levels = self._net(alpha)
        return significance_matrix(
            [self.names[i] for i in order],
            net[square].tolist(),
            undefined=self.undefined[square].tolist(),
            texts=square_texts(self.statistic[square]),
            blocks="",
            levels=levels,
            width=width,
            title="All pairs, best first",
            caption=f"{self._head()}, alpha = {alpha:g}",
        )

    def _net(self, alpha: float) -> tuple[FloatArray, tuple[str, ...]]:
        """1 where i is better and strongly so, 0.5 where better, below 0 where worse, else 0."""
        with np.errstate(invalid="ignore"):
            sign = np.where(self.separated(alpha), -np.sign(self.difference), 0.0)
        if alpha <= _STRONG:
            return sign, ()
        levels = (f"p ≤ {_STRONG:g}", f"p ≤ {alpha:g}")
        return np.where(self.separated(_STRONG), sign, 0.5 * sign), levels

    def _ruler(self, alpha: float) -> float | None:
        return None

    def _head(self) -> str:
        told = {"none": "p-values not adjusted", "joint": "joint p-values"}
        correction = told.get(self.correction, f"p-values adjusted by {self.correction}")
        return (
            f"{self.test}, all pairs, {correction} (k = {len(self.names)} models, "
            f"N = {self.n_blocks} blocks)"
        )

    def _table(self) -> Table:
        k = len(self.names)
        if self.alternative == "two-sided":
            first, second = self._family()
        else:
            first, second = np.nonzero(~np.eye(k, dtype=bool))
        return {
            "first": [self.names[i] for i in first],
            "second": [self.names[j] for j in second],
            "difference": self.difference[first, second].tolist(),
            "statistic": self.statistic[first, second].tolist(),
            "pvalue": self.pvalue[first, second].tolist(),
        }

    def _sentences(self) -> list[str]:
        k = len(self.names)
        family = k * (k - 1) // (2 if self.alternative == "two-sided" else 1)
        told = {
            "none": "without adjustment for multiple testing",
            "joint": "with p-values from the joint distribution over all pairs",
        }
        correction = told.get(
            self.correction, f"with p-values adjusted by the {_method_name(self.correction)} method"
        )
        undefined = int(self.undefined[self._family()].sum())
        sentences = [
            f"All {family} pairs of {k} models were compared on {self.n_blocks} blocks with "
            f"{self.test} ({self.alternative}), {correction}."
        ]
        if undefined:
            sentences.append(f"{undefined} pairs were undefined and left out of the family.")
        return sentences


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ControlResult(Result):
    """One test for each model against one control.

    Parameters
    ----------
    control : str
        The model that the others are compared with.
    statistic, pvalue, difference : ndarray, shape (n_models,)
        In the order of `names`; nan at the control. Differences are model minus control, below 0
        where the model is better.
    locations : ndarray, shape (n_models,)
        Mean ranks, lower is better.
    """

    statistic: FloatArray
    pvalue: FloatArray
    difference: FloatArray
    locations: FloatArray
    control: str
    n_blocks: int
    correction: str = "none"
    alternative: str = "two-sided"

    def adjusted(self, method: str = "holm") -> ControlResult:
        """The same evidence with p-values adjusted over the k - 1 comparisons."""
        choice(method, METHODS, name="method")
        if self.correction != "none":
            raise OptionError(
                f"these p-values are already adjusted ({self.correction}); adjust the raw result"
            )
        if method in ("shaffer", "bergmann_hommel"):
            raise OptionError(
                f"{method} is for all pairs; against a control use 'holm', 'finner' or 'hommel'"
            )
        keep = ~np.isnan(self.pvalue)
        new = np.full(self.pvalue.shape, np.nan)
        if keep.any():
            new[keep] = adjusted(self.pvalue[keep], method=method)
        return self._replaced(pvalue=new, correction=method)  # type: ignore[no-any-return]

    def better(self, alpha: float = 0.05) -> tuple[str, ...]:
        """Models significantly better than the control."""
        rejected = self.rejects(alpha) & (self.difference < 0)
        return tuple(n for n, r in zip(self.names, rejected, strict=True) if r)

    def worse(self, alpha: float = 0.05) -> tuple[str, ...]:
        """Models significantly worse than the control."""
        rejected = self.rejects(alpha) & (self.difference > 0)
        return tuple(n for n, r in zip(self.names, rejected, strict=True) if r)

    _location = "average rank"

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """Each model beside the control, filled where the test tells them apart."""
        from stats.figures import against_control

        return against_control(
            self.names,
            self.locations.tolist(),
            self.pvalue.tolist(),
            control=self.control,
            differences=self.difference.tolist(),
            alpha=level(alpha),
            location=self._location,
            width=width,
            title=f"Comparison with {self.control}",
            caption=f"{self._head()}, alpha = {alpha:g}",
        )

    def _head(self) -> str:
        correction = (
            "not adjusted" if self.correction == "none" else f"adjusted by {self.correction}"
        )
        return (
            f"{self.test} against {self.control}, {correction} (k = {len(self.names)} models, "
            f"N = {self.n_blocks} blocks)"
        )

    def _table(self) -> Table:
        at = [i for i in np.argsort(self.locations, kind="stable") if self.names[i] != self.control]
        return {
            "model": [self.names[i] for i in at],
            "location": self.locations[at].tolist(),
            "difference": self.difference[at].tolist(),
            "statistic": self.statistic[at].tolist(),
            "pvalue": self.pvalue[at].tolist(),
        }

    def _sentences(self) -> list[str]:
        correction = (
            "without adjustment for multiple testing"
            if self.correction == "none"
            else f"with p-values adjusted by the {_method_name(self.correction)} method"
        )
        return [
            f"{len(self.names) - 1} models were compared with {self.control} on {self.n_blocks} "
            f"blocks with {self.test} ({self.alternative}), {correction}."
        ]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BestResult(Result):
    """Each model against the best of the others.

    Parameters
    ----------
    statistic : ndarray, shape (n_models,)
        Standardized distance of the mean rank from the smallest of the others.
    pvalue : ndarray, shape (n_models,)
        Small where the model can be told from the best.
    standard_error : float
        Of a difference of two mean ranks.
    """

    statistic: FloatArray
    pvalue: FloatArray
    locations: FloatArray
    standard_error: float
    n_blocks: int
    procedure: str

    def best(self, alpha: float = 0.05) -> tuple[str, ...]:
        """Models that cannot be told from the best, best first."""
        kept = ~np.asarray(self.rejects(alpha))
        order = np.argsort(self.locations, kind="stable")
        return tuple(self.names[i] for i in order if kept[i])

    def _head(self) -> str:
        return f"{self.test} (k = {len(self.names)} models, N = {self.n_blocks} blocks)"

    def _table(self) -> Table:
        order = np.argsort(self.locations, kind="stable")
        return {
            "model": [self.names[i] for i in order],
            "location": self.locations[order].tolist(),
            "statistic": self.statistic[order].tolist(),
            "pvalue": self.pvalue[order].tolist(),
        }

    def _sentences(self) -> list[str]:
        return [
            f"Each of {len(self.names)} models was compared with the best of the others on "
            f"{self.n_blocks} blocks by {self.test}."
        ]


def square_texts(statistic: FloatArray) -> list[list[str]]:
    """Statistics as they are written into squares; nothing where there are too many to read."""
    if len(statistic) > _WRITTEN:
        return []
    return [
        ["" if math.isnan(value) else f"{value:.2f}".replace("-", "−") for value in row]
        for row in statistic
    ]


_WRITTEN = 12


def judged(paragraph: str, alpha: float) -> str:
    """The paragraph with the level put before the versions."""
    text, before, versions = paragraph.rpartition("Computed with")
    return f"{text}The significance level was {level(alpha):g}. {before}{versions}"


def _method_name(method: str) -> str:
    proper = {
        "bonferroni": "Bonferroni",
        "sidak": "Šidák",
        "bh": "Benjamini-Hochberg (false discovery rate)",
        "by": "Benjamini-Yekutieli (false discovery rate)",
        "bergmann_hommel": "Bergmann-Hommel",
        "romano_wolf": "Romano-Wolf",
    }
    return proper.get(method, method.capitalize())


def _sentence(note: str) -> str:
    text = _sentence_case(note)
    return text if text.endswith((".", "!", "?")) else text + "."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _provenance() -> str:
    from importlib.metadata import PackageNotFoundError, version

    import scipy

    try:
        own = version("crossfold")
    except PackageNotFoundError:  # a checkout on the path, not installed
        own = "(source checkout)"
    return f"crossfold {own}, numpy {np.__version__}, scipy {scipy.__version__}"

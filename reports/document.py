"""What a report says, free of any format: sections made of paragraphs, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from stats.figures import Figure

if TYPE_CHECKING:
    import pandas as pd

    from reports.evidence import Evidence

__all__ = [
    "Anchor",
    "Block",
    "Code",
    "Column",
    "Details",
    "Document",
    "Entry",
    "Facts",
    "Group",
    "Items",
    "Model",
    "Note",
    "Paragraph",
    "Picture",
    "Row",
    "Section",
    "Strong",
    "Table",
    "build",
]


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that carry the sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A command, hash or identifier."""

    text: str


@dataclass(frozen=True, slots=True)
class Model:
    """The name of a model; pointing at it lights the model up everywhere."""

    name: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link to a place in this document."""

    text: str
    to: str


Inline: TypeAlias = str | Strong | Code | Model | Anchor


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that a reader must not overlook."""

    parts: tuple[Inline, ...]
    tone: str = "info"  # info, warning or error


@dataclass(frozen=True, slots=True)
class Items:
    """A list of remarks."""

    items: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Few numbers that come first: value and what it is."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a column; ``kind`` is text or number, ``target`` the block it shows."""

    title: str
    kind: str = "number"
    note: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell of a table: its text and what it means.

    Parameters
    ----------
    value : number to sort by and to export, where the text is rounded
    tone : better, worse, best, near, hole, quiet, code or nothing; lines of code are kept apart
    to : place in the document that the number comes from
    identifier : where links to this cell lead
    """

    text: str
    value: float | None = None
    tone: str = ""
    to: str = ""
    note: str = ""
    model: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row with the facets it is filtered by."""

    entries: tuple[Entry, ...]
    model: str = ""
    task: str = ""
    horizon: int | None = None
    target: str = ""
    apart: bool = False  # first row of a group


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; ``name`` becomes the file name of its CSV."""

    name: str
    caption: tuple[Inline, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with a caption; ``name`` becomes its identifier and file name.

    Parameters
    ----------
    narrow : the same for screens too narrow for it, where there is one
    """

    name: str
    figure: Figure
    caption: tuple[Inline, ...]
    narrow: Figure | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that are folded away at first, with the facets they are filtered by."""

    summary: str
    blocks: tuple[Block, ...]
    task: str = ""
    horizon: int | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A subsection, with the facets it is filtered by."""

    identifier: str
    title: str
    blocks: tuple[Block, ...]
    task: str = ""
    horizon: int | None = None
    target: str = ""


Block: TypeAlias = Paragraph | Note | Items | Facts | Table | Picture | Details | Group


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the report."""

    identifier: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Parameters
    ----------
    keys : short key of each model, in place of its name wherever an identifier is needed
    tasks, horizons, targets : what the reader can filter by
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    keys: Mapping[str, str]
    tasks: tuple[str, ...] = ()
    horizons: tuple[int, ...] = ()
    targets: tuple[str, ...] = ()

    def to_html(self, path: str | Path) -> Path:
        """Write the report as one self-contained HTML file and give its path."""
        from reports.html import page

        return _write(Path(path), page(self).encode("utf-8"))

    def to_pdf(self, path: str | Path) -> Path:
        """Write the report as a tagged PDF (PDF/UA-1) for print and give its path.

        Raises
        ------
        ImportError : the ``typst`` wheel is not installed
        """
        from reports.pdf import printed

        return _write(Path(path), printed(self))

    def to_latex(self, folder: str | Path) -> Path:
        """Write tables as booktabs, figures as TikZ and both as CSV; give the folder.

        ``report.tex`` in it takes them all in; each figure is also a document of its own.
        """
        from reports.latex import pages

        path = Path(folder)
        for name, text in pages(self).items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, text.encode("utf-8"))
        return path


def build(
    source: str | Path | Evidence | pd.DataFrame,
    *,
    higher_is_better: bool = False,
    blocks: str | None = None,
    models: str | None = None,
    scores: str | None = None,
    sections: Sequence[str | Path] | None = None,
    cells: Sequence[str] = (),
    title: str | None = None,
) -> Document:
    """The report on a run, or on anybody's scores.

    Parameters
    ----------
    source : folder of a run, its Evidence, or a table of scores
        A table has one row per block and one column per model, unless `blocks`, `models` and
        `scores` name the columns of a long one.
    higher_is_better : for a table of scores; a run says it itself
    blocks, models, scores : columns of a long table, with one row per score
    sections : names of sections to keep, in this order, "all", or paths of Python files with a
        function ``section(findings)``; by default what the run's experiment asks for, or all
    cells : beginnings of identifiers of cells to be shown from near, beside those chosen
    title : heading of the report; by default the name of the experiment

    Raises
    ------
    EvidenceError : the run is empty or its tables contradict each other
    SectionError : a section does not exist or does not work
    stats.errors.StatsError : the table of scores cannot be compared

    Examples
    --------
    ``build("runs/latest").to_html("report.html")``;
    ``build(frame, blocks="data set", models="method", scores="accuracy", higher_is_better=True)``
    """
    from reports.findings import findings
    from reports.sections import chapters

    evidence = _evidence(source, blocks, models, scores)
    found = findings(evidence, higher_is_better=higher_is_better, cells=cells)
    manifest = found.manifest
    parts = [str(manifest[key]) for key in ("run_id", "mode") if manifest.get(key)]
    if manifest.get("finished"):
        parts.append(f"finished {manifest['finished']}")
    return Document(
        title=found.title if title is None else title,
        subtitle=" · ".join(parts),
        sections=chapters(found, sections),
        keys=found.keys,
        tasks=found.tasks if found.evidence else (),
        horizons=found.horizons,
        targets=found.targets,
    )


def _evidence(
    source: str | Path | Evidence | pd.DataFrame,
    blocks: str | None,
    models: str | None,
    scores: str | None,
) -> Evidence | pd.DataFrame:
    from reports.evidence import Evidence, EvidenceError, read

    columns = {"blocks": blocks, "models": models, "scores": scores}
    named = [name for name, column in columns.items() if column is not None]
    if isinstance(source, str | Path | Evidence):
        if named:
            raise EvidenceError(f"{named[0]}= is for a table of scores; a run names its own")
        return source if isinstance(source, Evidence) else read(source)
    if blocks is None or models is None or scores is None:
        if named:
            lacking = next(name for name, column in columns.items() if column is None)
            raise EvidenceError(
                f"a long table needs blocks=, models= and scores=; {lacking}= is missing"
            )
        return source
    from reports.tidy import wide

    return wide(source, blocks=blocks, models=models, scores=scores)


def _write(path: Path, content: bytes) -> Path:
    # A reader never sees half a report, whatever happens while it is written.
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
    return path

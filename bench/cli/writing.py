"""The command that writes reports, and the files that documents go to."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench import console
from bench.cli.codes import OK
from bench.cli.group import Command
from bench.cli.named import found_run
from bench.cli.options import format_options, runs_option
from bench.errors import UserError, one_line

if TYPE_CHECKING:
    from reports.document import Document

__all__ = ["report", "target_files", "write_document"]


@click.command(cls=Command)
@click.argument("source", metavar="[RUN | SCORES]", required=False)
@format_options
@click.option(
    "--higher-is-better",
    is_flag=True,
    help="For a table of scores; a run knows it of its metrics.",
)
@click.option(
    "--section",
    "sections",
    metavar="NAME|FILE",
    multiple=True,
    help="A section, all of them (all), or a Python file with section(findings); repeat it.",
)
@click.option(
    "--cell",
    "cells",
    metavar="ID",
    multiple=True,
    help="A cell to show from near, by the beginning of its identifier; repeat it.",
)
@runs_option
def report(
    source: str | None,
    html: str | None,
    pdf: str | None,
    latex: Path | None,
    higher_is_better: bool,
    sections: tuple[str, ...],
    cells: tuple[str, ...],
    runs: Path,
) -> int:
    """Write the report of a run again, or of a table of scores.

    RUN is a folder or the name of one, by default the newest. SCORES is a CSV, TSV or Parquet
    file: a row for each data set, its name first, and a column for each model. Without a format it
    is HTML and PDF.
    """
    import reports
    from reports.scores import ENDINGS

    if html is None and pdf is None and latex is None:
        html = pdf = ""
    # A folder with such a name is a run.
    table = source is not None and source.lower().endswith(ENDINGS) and not Path(source).is_dir()
    if source is not None and table:
        if cells:
            raise UserError("--cell is for a run; a table of scores has none")
        home = Path(source).with_suffix("")
        targets = target_files(home, html, pdf)
        document = reports.build(
            reports.read_scores(source),
            higher_is_better=higher_is_better,
            sections=sections or None,
        )
    else:
        if higher_is_better:
            raise UserError("--higher-is-better is for a table of scores; a run knows it already")
        path = found_run(source, runs)
        targets = target_files(path / "report", html, pdf)
        document = reports.build(path, sections=sections or None, cells=cells)
    write_document(document, targets, latex)
    return OK


def target_files(home: Path, html: str | None, pdf: str | None) -> dict[str, Path]:
    """Return the file of each format; one without a name goes beside the other, or to `home`."""
    from bench import preflight

    if html or pdf:
        home = Path(html or pdf or "").with_suffix("")
    found: dict[str, Path] = {}
    for form, name in (("html", html), ("pdf", pdf)):
        if name is None:
            continue
        if name and not name.lower().endswith(f".{form}"):
            raise UserError(
                f'--{form}: "{one_line(name, most=80)}" does not end in .{form}; what is reported '
                f"on comes before the options"
            )
        found[form] = Path(name) if name else home.with_name(f"{home.name}.{form}")
        if found[form].is_dir():
            raise UserError(f"--{form}: {found[form]} is a folder")
        preflight.check_folders(found[form].absolute().parent)
    return found


def write_document(document: "Document", targets: Mapping[str, Path], latex: Path | None) -> None:
    """Write a document in each format, and say where it is."""
    from bench import preflight

    if latex is not None:
        preflight.check_folders(latex.absolute())
    writers = {"html": document.to_html, "pdf": document.to_pdf}
    try:
        for form, target in targets.items():
            console.say(f"report: {writers[form](target)}")
        if latex is not None:
            console.say(f"report: {document.to_latex(latex)}")
    except (OSError, ImportError) as cause:
        raise UserError(f"the report cannot be written: {one_line(cause)}") from cause

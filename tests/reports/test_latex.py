"""Files for papers: whole, escaped, and with the numbers of the page."""

import csv
import io
import re
import shutil
import subprocess

import pytest

import reports
from reports.document import Column, Document, Entry, Picture, Row, Section, Strong, Table
from reports.latex import booktabs, pages
from stats.figures import (
    critical_difference,
    intervals,
    significance_matrix,
    tikz,
)
from stats.figures.files import separated
from stats.figures.marks import Box, Cells, Dot, Label, Line
from stats.figures.style import PALETTES

from .conftest import HOSTILE

NASTY = (
    *HOSTILE,
    "\\write18{rm -rf /}",
    "\\input{/etc/passwd}",
    "}\\end{document}\\immediate{",
    "^^5cinput x",
    "$x^2_1$ & 50 % ~ # [a] *",
    "line\nbreak\rand\u2028more",
    "--- ,, << >> `` ''",
)
# Commands that our own names of characters are made of; anything else would come from a name.
KNOWN = {name for text in tikz._NAMED.values() for name in re.findall(r"\\[A-Za-z]+|\\.", text)}
KNOWN |= {"\\cfletter"}


def balanced(text):
    """Depth of braces at the end of the text, without escaped ones; fails where it is negative."""
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", text):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    return depth


@pytest.mark.parametrize("name", NASTY)
def test_an_escaped_name_holds_no_command_of_its_own(name):
    text = tikz.escape(name)
    assert set(re.findall(r"\\[A-Za-z]+|\\.", text)) <= KNOWN
    assert balanced(text) == 0
    assert not re.search(r"(?<!\\)[&#%_]", text)
    assert not re.search(r"[\^\n\r\u2028]|\^\^", text)
    assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0
    assert "--" not in text
    assert ",," not in text


def test_letters_are_kept_and_scripts_without_a_font_are_named():
    assert tikz.escape("Zürich e\u0301 Łódź") == "Zürich é Łódź"
    assert tikz.escape("模🚀") == "\\cfletter{27169}{6A21}\\cfletter{128640}{1F680}"
    assert tikz.named("x_模") == "x_[U+6A21]"
    assert tikz.escape("p < 0.05") == "p \\textless{} 0.05"


FIGURES = {
    "classic": critical_difference(["a_1", "b%", "c"], [1.2, 2.1, 2.7], difference=1.0),
    "intervals": intervals([f"m{i}" for i in range(30)], list(range(1, 31)), difference=2.0),
    "matrix": significance_matrix(["a", "b", "c"], [[0, 1, 1], [-1, 0, 0.2], [-1, -0.2, 0]]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_mark_is_drawn_inside_the_canvas(name):
    figure = FIGURES[name]
    text = tikz.document(figure)
    assert text.startswith("\\documentclass[tikz]{standalone}\n")
    assert text.endswith("\\end{tikzpicture}\n\\end{document}\n")
    assert text.count("\\begin{") == text.count("\\end{")
    assert balanced(text) == 0
    drawn = {
        "\\draw": sum(isinstance(m, Line) for m in figure.marks),
        "\\path": sum(isinstance(m, Dot) for m in figure.marks),
        "\\node": sum(isinstance(m, Label) for m in figure.marks),
        "\\fill": sum(isinstance(m, Box) for m in figure.marks)
        + sum(
            len(m.runs(code))
            for m in figure.marks
            if isinstance(m, Cells)
            for code, role in enumerate(m.roles)
            if role
        ),
    }
    for command, count in drawn.items():
        assert len(re.findall(rf"^{re.escape(command)}\[", text, re.M)) == count, command
    for x, y in re.findall(r"\((-?[\d.]+),(-?[\d.]+)\)", text):
        assert -0.01 <= float(x) <= figure.width + 0.01
        assert -0.01 <= float(y) <= figure.height + 0.01


def test_every_line_of_a_picture_is_one_whole_statement():
    for figure in FIGURES.values():
        for line in tikz.picture(figure).splitlines():
            assert line != tikz.GLYPH
            assert re.fullmatch(r"%.*|\\(begin|end|definecolor)\{.*|\\[a-z]+.*;", line), line
            assert balanced(line.lstrip("%") if line[0] != "%" else "") == 0


@pytest.mark.parametrize("theme", PALETTES)
def test_colours_have_names_of_their_own(theme):
    names = [tikz._colour(name) for name in PALETTES[theme]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]+", name) for name in names)


def test_every_table_and_figure_is_a_file_and_in_the_whole(run_dir, tmp_path):
    document = reports.build(reports.read(run_dir))
    folder = document.to_latex(tmp_path / "deep" / "paper")
    whole = (folder / "report.tex").read_text("utf-8")
    held = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert "tables/leaderboard.tex" in held
    assert "tables/leaderboard.csv" in held
    assert "figures/cd-continuous-1.tex" in held
    assert "figures/cd-continuous-1.csv" in held
    for name in held - {"report.tex"}:
        if name.endswith(".tex"):
            assert f"\\input{{{name[:-4]}}}" in whole
            assert balanced((folder / name).read_text("utf-8")) == 0
    assert not list(folder.rglob("*.partial"))


def test_csv_has_the_numbers_before_they_were_rounded(run_dir):
    document = reports.build(reports.read(run_dir))
    files = pages(document)
    board = next(
        b for s in document.sections for b in s.blocks if getattr(b, "name", "") == "leaderboard"
    )
    rows = list(csv.reader(io.StringIO(files["tables/leaderboard.csv"])))
    assert rows[0] == [column.title for column in board.columns]
    at = rows[0].index("Score")
    values = [row.entries[at].value for row in board.rows]
    assert [float(row[at]) for row in rows[1:]] == values


def test_hostile_names_bring_no_command(hostile_document):
    for name, text in pages(hostile_document).items():
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not [c for c in cells if re.match(r"[=@+\t\r]|-\D", c)]
            continue
        code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
        assert "\\input{/etc" not in code
        assert code.count("\\end{document}") == (not name.startswith("tables"))
        assert balanced(code) == 0
        assert re.fullmatch(r"(tables|figures)/[A-Za-z0-9-]+\.tex|report\.tex", name)


def test_a_table_keeps_tones_groups_and_columns():
    table = Table(
        "x_y",
        ("Scores & ", Strong("more"), "."),
        (Column("Model", "text"), Column("R%")),
        (
            Row((Entry("a_1"), Entry("1.0", value=1.0, tone="best"))),
            Row((Entry("[b]"), Entry("2\n3", tone="code")), apart=True),
        ),
    )
    assert booktabs(table).splitlines() == [
        "\\begin{table}",
        "\\centering",
        "\\caption{Scores \\& \\textbf{more}.}\\label{tab:x-y}",
        "\\small\\setlength{\\tabcolsep}{3pt}%",
        "\\begin{tabular}{@{}lr@{}}",
        "\\toprule",
        "\\textbf{Model} & \\textbf{R\\%} \\\\",
        "\\midrule",
        "a\\_1 & \\textbf{1.0} \\\\",
        "\\midrule",
        "{[}b{]} & \\begin{tabular}[t]{@{}l@{}}\\texttt{2} \\\\ \\texttt{3}\\end{tabular} \\\\",
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
    ]


def test_long_tables_break_and_repeat_their_head():
    rows = tuple(Row((Entry(str(i)),)) for i in range(42))
    text = booktabs(Table("long", ("c",), (Column("n"),), rows))
    assert "\\begin{longtable}{@{}r@{}}" in text
    assert text.count("\\textbf{n}") == 2
    assert "\\endfirsthead" in text
    assert "\\endhead" in text


def test_wide_tables_are_cut_into_parts_of_one_number():
    columns = (Column("Model", "text"), *(Column(f"target_{i}") for i in range(30)))
    rows = tuple(Row(tuple(Entry("0.123", model="m") for _ in columns)) for _ in range(20))
    text = booktabs(Table("wide", ("c",), columns, rows))
    parts = text.count("\\begin{longtable}")
    assert parts >= 2
    assert text.count("\\caption{") == 1
    assert text.count("\\addtocounter{table}{-1}") == parts - 1
    assert text.count("\\textbf{Model}") == 2 * parts


def compiled(folder, name, engine="pdflatex"):
    """The log of a compiler; skips where there is none."""
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} of a TeX distribution is not installed")
    done = subprocess.run(
        [engine, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", name],
        cwd=folder,
        capture_output=True,
        timeout=300,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-2000:]
    return said


def overfull(log):
    """Points by which lines and tables leave the page."""
    return [float(points) for points in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)]


@pytest.mark.slow
def test_the_whole_compiles_and_nothing_leaves_the_page(run_dir, tmp_path):
    folder = reports.build(reports.read(run_dir)).to_latex(tmp_path / "paper")
    log = compiled(folder, "report.tex")
    assert (folder / "report.pdf").stat().st_size > 100_000
    assert not overfull(log)
    # Numbers of tables are known to the second run.
    assert not re.findall(r"LaTeX (?:Font )?Warning: (?!.*[Rr]erun).*", log)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
def test_hostile_names_compile_and_stay_text(hostile_document, tmp_path, engine):
    folder = hostile_document.to_latex(tmp_path / "paper")
    log = compiled(folder, "report.tex", engine)
    assert not [points for points in overfull(log) if points > 4]
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext of poppler is not installed")
    read = subprocess.run(
        ["pdftotext", "report.pdf", "-"], cwd=folder, check=True, capture_output=True, text=True
    )
    assert "\\input{/etc/passwd} #eval $x$" in read.stdout
    assert "root:" not in read.stdout


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["hostile", *FIGURES])
def test_a_figure_is_a_document_of_its_own(figure, tmp_path):
    names = [*NASTY, "b"]
    hostile = intervals(names, list(range(1, len(names) + 1)), difference=2.0, title=NASTY[0])
    text = tikz.document(hostile if figure == "hostile" else FIGURES[figure])
    (tmp_path / "figure.tex").write_text(text, encoding="utf-8")
    assert not overfull(compiled(tmp_path, "figure.tex"))


def test_equal_documents_give_equal_files(run_dir):
    first, second = (pages(reports.build(reports.read(run_dir))) for _ in range(2))
    assert first == second


def test_a_figure_without_numbers_has_no_csv():
    bare = FIGURES["classic"].__class__("k", 10.0, 10.0, (), "t", "d")
    section = Section("s", "S", (Picture("p", bare, ("c",)),))
    assert set(pages(Document("t", "s", (section,), {}))) == {"figures/p.tex", "report.tex"}


def test_separated_defuses_words_and_keeps_numbers():
    text = separated(["a", "b"], [["@x", -1.5], ["plain", None]])
    assert text == "a,b\n'@x,-1.5\nplain,\n"

"""Commands that ask of results: what made them, what changed, whether they hold."""

from pathlib import Path

import click

from bench import console
from bench.cli.codes import INTERNAL, OK
from bench.cli.group import Command
from bench.cli.named import asked_experiment, found_run, mode_of, opened_store
from bench.cli.options import format_options, outside_option, runs_option, store_option
from bench.cli.writing import target_files, write_document
from bench.errors import unknown

__all__ = ["compare", "explain", "lineage", "verify"]


@click.command(cls=Command)
@click.argument("cell_name", metavar="CELL")
@click.option("--run", "run_name", metavar="RUN", help="A run, by default the newest.")
@click.option("--node", default="predictions", show_default=True, help="Which result of the cell.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "json", "dot", "svg", "prov"]),
    default="text",
    show_default=True,
    help="A tree to read, the graph as JSON, for Graphviz, as a picture, or as PROV-JSON.",
)
@store_option
@runs_option
def lineage(
    cell_name: str, run_name: str | None, node: str, form: str, store: Path, runs: Path
) -> int:
    """Tell what a result was made of, down to the raw data.

    CELL is the id or the slug of a cell, as `bench list cells` gives them, or a part that only
    one cell has.
    """
    import json

    from bench.cache.lineage import lineage as traced
    from bench.cache.picture import to_svg
    from bench.cache.provenance import prov_json
    from bench.results.recipes import read_recipes

    opened = opened_store(store)
    made = read_recipes(found_run(run_name, runs))
    keys = made.outputs[made.cell(cell_name)]
    if node not in keys:
        raise unknown("node", node, keys, where="--node")
    found = traced(opened, keys[node], planned=made.recipes)
    if form == "text":
        console.say(*found.lines())
    elif form == "dot":
        console.say(found.to_dot())
    elif form == "svg":
        console.say(to_svg(found).rstrip("\n"))
    else:
        console.say(json.dumps(prov_json(found) if form == "prov" else found.to_dict(), indent=1))
    return OK


@click.command(cls=Command)
@click.argument("cell_name", metavar="CELL")
@click.argument("words", nargs=-1, metavar="[EXPERIMENT] [KEY=VALUE]...")
@outside_option
@click.option("--run", "run_name", metavar="RUN", help="A run, by default the newest.")
@store_option
@runs_option
def explain(
    cell_name: str, words: tuple[str, ...], run_name: str | None, store: Path, runs: Path
) -> int:
    """Say why each step of a cell would be served or computed now.

    Compares the code, values and files as they are with those of a run. Without an EXPERIMENT it
    is the run's own. CELL is the id or the slug of a cell, or a part that only one has.
    """
    from bench import inquiry
    from bench.spec.experiment import Experiment

    opened_store(store)
    path = found_run(run_name, runs)
    if words and "=" not in words[0]:
        experiment = asked_experiment(words, mode_of(path), "")
    else:
        experiment = Experiment.load(path / "experiment.toml", overrides=words, outside=True)
    console.say(*inquiry.explain(path, cell_name, store=store, experiment=experiment).lines())
    return OK


@click.command(cls=Command)
@click.argument("before", metavar="RUN_A")
@click.argument("after", metavar="RUN_B")
@format_options
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@store_option
@runs_option
def compare(
    before: str,
    after: str,
    html: str | None,
    pdf: str | None,
    latex: Path | None,
    as_json: bool,
    store: Path,
    runs: Path,
) -> int:
    """Say what was changed between two runs, and what came of it.

    Settings, data, code, packages and environment; scores, verdicts of the tests that flip, and
    cells that went another way.
    """
    import json

    from bench.comparison import compare as compared

    paths = (found_run(before, runs), found_run(after, runs))
    home = Path(f"{paths[0].resolve().name}-{paths[1].resolve().name}")
    targets = target_files(home, html, pdf)
    found = compared(*paths, store=store)
    if targets or latex is not None:
        write_document(found.document(), targets, latex)
    if as_json:
        console.say(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    elif not targets and latex is None:
        console.say(*found.lines())
    return OK


@click.command(cls=Command)
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="How many cells are computed again.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses the sample.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1, 4096), default=1, help="Worker processes; by default 1."
)
@store_option
@runs_option
def verify(run_name: str | None, sample: int, seed: int, jobs: int, store: Path, runs: Path) -> int:
    """Compute some cells of a run again, from the raw data, and compare bytes.

    Exits with 1 when a value differs from the stored one.
    """
    from bench import inquiry

    opened_store(store)
    found = inquiry.verify(
        found_run(run_name, runs), store=store, sample=sample, seed=seed, jobs=jobs
    )
    console.say(
        *found.differing,
        f"{len(found.cells)} cells computed again: {found.n_steps} stored values compared, "
        f"{len(found.differing)} differ",
    )
    return INTERNAL if found.differing else OK

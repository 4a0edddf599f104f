"""What the pages say about experiments and commands is true."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from bench.cli import cli, main
from bench.spec.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]
DOCS, EXAMPLES = ROOT / "docs", ROOT / "examples"
BLOCKS = re.findall(r"```toml\n(.*?)```", (DOCS / "experiments.md").read_text(), flags=re.DOTALL)
MODEL = "def prediction(size: int = 1) -> dict: ...\n"


def test_the_experiment_on_the_page_works(tmp_path):
    path = tmp_path / "page.toml"
    path.write_text(BLOCKS[0])
    experiment = Experiment.load(path)
    assert experiment.protocol.n_folds == 2
    assert len(experiment.models) == 2 + 4
    assert Experiment.load(path, mode="evaluation").protocol.n_folds == 6


@pytest.mark.parametrize("block", BLOCKS[1:])
def test_each_other_piece_on_the_page_fits_into_it(block, tmp_path):
    (tmp_path / "sales.csv").write_text("date,revenue\n2024-01-01,1\n")
    (tmp_path / "path" / "to").mkdir(parents=True)
    (tmp_path / "path" / "to" / "mymodel.py").write_text(MODEL)
    (tmp_path / "mysection.py").write_text((EXAMPLES / "mysection.py").read_text())
    piece, whole = tomllib.loads(block), tomllib.loads(BLOCKS[0])
    tables = {**whole, **piece, "matrix": {**whole["matrix"], **piece.get("matrix", {})}}
    del tables["mode"]
    tables["protocol"].pop("reference")
    assert Experiment.parse(tables, path=tmp_path / "piece.toml").cells()


def test_every_command_is_on_the_page():
    page = (DOCS / "cli.md").read_text()
    for name in cli.commands:
        assert re.search(rf"\| `{name}\b", page), name


@pytest.mark.parametrize(
    "line",
    [
        line.removeprefix("python -m bench run ")
        for line in (DOCS / "cli.md").read_text().splitlines()
        if line.startswith("python -m bench run ") and "variants.toml" not in line
    ],
)
def test_every_example_on_the_page_keeps_cells(line, here, capsys):
    asked = cli.commands["run"].make_context("run", shlex.split(line, comments=True)).params
    mode = ["--mode", asked["mode"]] if asked["mode"] else []
    assert main(["list", "cells", *asked["words"], *mode, "-k", asked["where"]]) == 0
    assert capsys.readouterr().out

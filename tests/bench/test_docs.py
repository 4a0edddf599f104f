"""What the pages say about experiments and commands is true."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from bench.cli import cli, main
from bench.spec.experiment import Experiment

DOCS = Path(__file__).resolve().parents[2] / "docs"
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
    assert main(["list", "cells", *shlex.split(line)]) == 0
    assert capsys.readouterr().out

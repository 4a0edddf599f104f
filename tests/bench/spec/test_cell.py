"""Cells: what makes two of them equal, and what their names say."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.spec.cell import Cell, cell_seed

CELL = Cell(
    dataset="weather",
    target="temp_JFK",
    task="binary",
    horizon=24,
    fold=0,
    model="xgboost",
    variant="xgboost[n_rounds=40]",
    parameters=(("n_rounds", 40),),
    seed=11,
)


def test_every_field_is_in_the_id():
    others = {
        replace(CELL, **change).id
        for change in (
            {"dataset": "fx"},
            {"target": "temp_LGA"},
            {"task": "ordinal"},
            {"horizon": 6},
            {"fold": 1},
            {"model": "lstm"},
            {"variant": "other"},
            {"parameters": (("n_rounds", 41),)},
            {"parameters": (("n_rounds", 40.0),)},
            {"parameters": (("n_rounds", "40"),)},
            {"seed": 12},
        )
    }
    assert len(others | {CELL.id}) == 12


def test_the_id_is_the_same_on_every_machine():
    assert CELL.id == "0f5e4bfd68caea4d"
    program = f"from bench.spec.cell import Cell; print({CELL!r}.id)"
    for hash_seed in ("0", "1"):
        answer = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).resolve().parents[3],
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout.strip() == CELL.id


def test_the_seed_is_31_bits_and_does_not_know_the_parameters():
    axes = {"dataset": "d", "target": "t", "task": "binary", "horizon": 1, "fold": 0, "model": "m"}
    seeds = {cell_seed(s, **{**axes, "fold": f}) for s in range(20) for f in range(20)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**31 for seed in seeds)
    with pytest.raises(TypeError):
        cell_seed(1, **axes, parameters=())


def test_seeds_differ_when_text_moves_from_one_axis_to_the_next():
    axes = {"task": "binary", "horizon": 1, "fold": 0, "model": "m"}
    assert cell_seed(1, dataset="ab", target="c", **axes) != cell_seed(
        1, dataset="a", target="bc", **axes
    )


def test_the_slug_reads_well_and_is_a_file_name():
    assert CELL.slug == "weather.temp_JFK.binary.h24.f0.xgboost_n_rounds=40"
    hostile = replace(CELL, target="../../etc/passwd\x00 ü", variant='a/b\\c:"<>|?*')
    assert not set(hostile.slug) & set('/\\:"<>|?*\x00 ')
    long = replace(CELL, variant="x" * 500)
    assert len(long.slug) == 120
    assert long.slug != replace(CELL, variant="x" * 501).slug

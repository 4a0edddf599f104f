"""The recipes of a run come back as they were, and name cells as people do."""

from pathlib import Path

import pytest

from bench.cache.lineage import Recipe
from bench.errors import UserError
from bench.results.recipes import OUTPUTS, RECIPES, output_keys, read_recipes, write_recipes

RAW = Recipe("aa", "raw", "flow", "c1", {}, {"file": "9", "k": "8"}, {"k": 0.1})
X = Recipe("bb", "X", "flow", "c2", {"raw": "aa"}, {"mode": "7"}, {"mode": "ü"})
Y = Recipe("cc", "y", "flow", "c3", {"X": "bb", "raw": "aa"})
CELLS = [
    ("1f00", "a.binary.h1.persistence", {"y": "cc"}),
    ("1e00", "a.binary.h1", {"X": "bb", "y": "cc"}),
    ("2d00", "b.binary.h1", {"X": "bb"}),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_recipes(tmp_path, CELLS, [RAW, X, Y])
    return tmp_path


def test_recipes_come_back_as_they_were(folder: Path):
    found = read_recipes(folder)
    assert found.recipes == {"aa": RAW, "bb": X, "cc": Y}
    assert found.outputs == {cell: keys for cell, _, keys in CELLS}
    assert found.slugs == {cell: slug for cell, slug, _ in CELLS}
    assert output_keys(folder) == {"bb", "cc"}
    assert sorted(p.name for p in folder.iterdir()) == sorted([OUTPUTS, RECIPES])


def test_the_steps_of_a_cell_come_after_what_they_need(folder: Path):
    found = read_recipes(folder)
    assert list(found.steps("1f00")) == ["raw", "X", "y"]
    assert list(found.steps("2d00")) == ["raw", "X"]


def test_a_run_without_cells_has_recipes_all_the_same(tmp_path: Path):
    write_recipes(tmp_path, [], [])
    assert read_recipes(tmp_path).outputs == {}


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("1e00", "1e00"),
        ("2", "2d00"),
        ("b.bin", "2d00"),
        ("persist", "1f00"),
        # exact before prefix: one slug begins the other
        ("a.binary.h1", "1e00"),
    ],
)
def test_a_cell_is_named_by_id_slug_or_a_part_of_one(folder: Path, name: str, cell: str):
    assert read_recipes(folder).cell(name) == cell


@pytest.mark.parametrize(
    ("name", "said"),
    [("1", '2 cells have "1" in their names'), ("c.ordinal", 'no cell "c.ordinal"')],
)
def test_a_name_of_no_cell_or_several_is_refused(folder: Path, name: str, said: str):
    with pytest.raises(UserError, match=said):
        read_recipes(folder).cell(name)


def test_missing_and_damaged_recipes_are_told_in_one_line(folder: Path):
    (folder / RECIPES).write_bytes((folder / RECIPES).read_bytes()[:50])
    with pytest.raises(UserError, match=r"recipes\.parquet cannot be read") as damaged:
        read_recipes(folder)
    assert "\n" not in str(damaged.value)
    (folder / OUTPUTS).unlink()
    with pytest.raises(UserError, match=r"has no outputs\.parquet"):
        output_keys(folder)

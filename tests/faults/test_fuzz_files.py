"""Files of runs, stores, crates and people, with pieces changed: a value or one clear error."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given

from bench.cache.store import DamagedObject, Store
from bench.cli import main
from bench.errors import BenchError, UserError
from bench.export.archive import opened
from bench.export.reproduce import inspected
from bench.results.recipes import output_keys, read_recipes
from bench.runner import load_run
from dataflows.datasets import table
from dataflows.errors import DataError
from reports import evidence
from reports.scores import read_scores
from tests.faults.lab import FUZZ, Lab

CLEAR = (BenchError, evidence.EvidenceError, DataError)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=4
)


def changed(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """Bytes with pieces replaced: where, how many, by what."""
    held = bytearray(data)
    for share, length, piece in edits:
        at = int(share * len(held))
        held[at : at + length] = piece
    return bytes(held)


def clear(act: Callable[[], object]) -> None:
    """Assert that an act gives a value, or an error of ours."""
    with contextlib.suppress(*CLEAR):
        act()


@pytest.fixture(scope="module")
def run(reference: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder of a finished run."""
    return shutil.copytree(reference.latest, tmp_path_factory.mktemp("fuzz") / "run")


@pytest.mark.parametrize(
    "name",
    ["runs.parquet", "scores.parquet", "predictions.parquet", "manifest.json", "checks.json"],
)
@FUZZ
@given(EDITS)
def test_a_run_with_a_file_changed(run: Path, name: str, edits: list[tuple[float, int, bytes]]):
    path = run / name
    held = path.read_bytes()
    path.write_bytes(changed(held, edits))
    try:
        clear(lambda: load_run(run))
        clear(lambda: evidence.read(run))
    finally:
        path.write_bytes(held)


@pytest.mark.parametrize("name", ["recipes.parquet", "outputs.parquet"])
@FUZZ
@given(EDITS)
def test_recipes_that_are_changed(run: Path, name: str, edits: list[tuple[float, int, bytes]]):
    path = run / name
    held = path.read_bytes()
    path.write_bytes(changed(held, edits))
    try:
        clear(lambda: read_recipes(run))
        clear(lambda: output_keys(run))
    finally:
        path.write_bytes(held)


def test_recipes_that_lack_a_column_are_damaged(run: Path, tmp_path: Path):
    for name in ("recipes.parquet", "outputs.parquet"):
        folder = shutil.copytree(run, tmp_path / name)
        pd.read_parquet(folder / name).drop(columns="node").to_parquet(folder / name)
        with pytest.raises(UserError, match=rf"{name} cannot be read: it is damaged; run again"):
            read_recipes(folder)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Tables as people have them, by the ending of their file."""
    frame = pd.DataFrame({"time": ["2020-01-01", "2020-01-02", "2020-01-03"], "a": 1.5, "b": 2})
    folder = tmp_path_factory.mktemp("tables")
    frame.to_csv(folder / "x.csv", index=False)
    frame.to_csv(folder / "x.tsv", index=False, sep="\t")
    frame.to_parquet(folder / "x.parquet", index=False)
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
@FUZZ
@given(EDITS, st.binary(max_size=200), st.booleans())
def test_any_table_as_scores_or_data(
    tables: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    ending: str,
    edits: list[tuple[float, int, bytes]],
    data: bytes,
    whole: bool,
):
    path = tmp_path_factory.getbasetemp() / f"x{ending}"
    path.write_bytes(data if whole else changed(tables[ending], edits))
    clear(lambda: read_scores(path))
    clear(lambda: table.series(path))


@FUZZ
@given(st.data(), EDITS)
def test_a_store_with_a_file_changed(
    reference: Lab,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    edits: list[tuple[float, int, bytes]],
):
    root = tmp_path_factory.getbasetemp() / "store"
    if not root.exists():
        shutil.copytree(reference.store, root)
    there = [p.relative_to(reference.store) for p in reference.store.rglob("*") if p.is_file()]
    files = sorted(p for p in there if "quarantine" not in p.parts)
    for name in files:  # what was damaged the last time is set aside, with what rests on it
        if not (root / name).exists():
            shutil.copy(reference.store / name, root / name)
    path = root / data.draw(st.sampled_from(files))
    held = path.read_bytes()
    path.write_bytes(changed(held, edits))
    try:
        if path.name == "format":
            clear(lambda: Store(root))
            return
        store = Store(root)
        for key in [path.name] if path.parent.parent.name == "ac" else store.keys()[:20]:
            record = store.record(key)
            with contextlib.suppress(DamagedObject):
                assert record is None or store.load(record) is not None
        if path.parent.name == "src":
            store.source(path.name)
            store.units(path.name)
        store.info()
        store.verify()
    finally:
        path.write_bytes(held)


@FUZZ
@given(EDITS)
def test_a_crate_that_is_changed(
    crate: Path, tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[float, int, bytes]]
):
    path = tmp_path_factory.getbasetemp() / "changed.zip"
    path.write_bytes(changed(crate.read_bytes(), edits))

    def look() -> None:
        with opened(path) as folder:
            list(inspected(folder).lines())

    clear(look)


@pytest.mark.parametrize("name", ["manifest.json", "ro-crate-metadata.json"])
@FUZZ
@given(EDITS)
def test_a_crate_whose_facts_are_changed(
    crate: Path,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    edits: list[tuple[float, int, bytes]],
):
    folder = tmp_path_factory.getbasetemp() / "crate"
    if not folder.exists():
        shutil.unpack_archive(crate, folder)
    path = folder / name
    held = path.read_bytes()
    path.write_bytes(changed(held, edits))
    try:
        clear(lambda: list(inspected(folder).lines()))
    finally:
        path.write_bytes(held)


@pytest.fixture(scope="module")
def crate(reference: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as an archive for others."""
    path = tmp_path_factory.mktemp("crate") / "lab.zip"
    words = ["--to", str(path), "--licence", "CC0-1.0", "--author", "Ada"]
    folders = ["--store", str(reference.store), "--runs", str(reference.folder / "runs")]
    assert main(["export", "ro-crate", *words, *folders]) == 0
    return path


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(["counts", "run_id", "environment", "started", "primary", "datasets"]),
        st.none()
        | st.integers()
        | st.lists(st.text(max_size=3))
        | st.dictionaries(
            st.sampled_from(["failed", "cells", "packages"]), st.none() | st.text(max_size=3)
        ),
        min_size=1,
    )
)
def test_a_manifest_with_other_kinds_of_facts(
    run: Path, capsys: pytest.CaptureFixture[str], facts: dict[str, object]
):
    path = run / "manifest.json"
    held = path.read_text()
    path.write_text(json.dumps({**json.loads(held), **facts}))
    try:
        main(["status", str(run)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert len(said.err.splitlines()) <= 1
    finally:
        path.write_text(held)

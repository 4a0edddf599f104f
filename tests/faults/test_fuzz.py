"""Readers of files meet any bytes with a value or one clear error: no traceback, no hang."""

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bench.cache.codecs import decode
from bench.cache.records import opened, unseal
from bench.cache.store import DamagedObject, Store
from bench.engine.frames import Reader, framed
from bench.engine.task import Task
from bench.errors import BenchError, UserError
from bench.spec import filter, toml
from bench.spec.config import Config, read_table, read_toml
from bench.spec.experiment import Experiment
from bench.spec.size import read_size
from tests.faults.lab import EXPERIMENT, FUZZ, MODEL

KEY = "ab" * 10
CELLS = st.sampled_from(
    ["model", "horizon", "task", "fold", "and", "or", "not", "(", ")", "=", "!="]
)
WORDS = st.one_of(CELLS, st.text(max_size=8))


def clear(act: Callable[[], object]) -> None:
    """Assert that an act gives a value, or an error of one line that a terminal can show."""
    try:
        act()
    except UserError as cause:
        told = str(cause)
    else:
        return
    assert told.isprintable()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz")
    (made / "mymodel.py").write_text(MODEL)
    (made / "walk.csv").write_text("day,a,b\n2020-01-01,1,2\n")
    (made / "lab.toml").write_text(EXPERIMENT)
    return made


@FUZZ
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace"))
    )
)
def test_any_bytes_as_an_experiment_file(data: bytes):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "x.toml"
        path.write_bytes(data)
        clear(lambda: read_table(read_toml(path), Config, where=str(path)))


@FUZZ
@given(st.data())
def test_an_experiment_file_with_pieces_changed(folder: Path, data: st.DataObject):
    text = bytearray(EXPERIMENT.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    path = folder / "changed.toml"
    path.write_bytes(bytes(text))
    clear(lambda: Experiment.load(path))


@FUZZ
@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_any_text_as_a_filter(folder: Path, text: str):
    cells = Experiment.load(folder / "lab.toml").cells()
    clear(lambda: filter.select(cells, text))


@FUZZ
@given(st.text(max_size=60))
def test_any_text_as_an_override_or_a_size(text: str):
    clear(lambda: toml.override(text))
    clear(lambda: read_size(text, where="here"))


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes_as_a_record_of_the_store(data: bytes):
    assert unseal(KEY, data) is None
    assert opened(data) is None


@FUZZ
@given(
    st.sampled_from(["json", "frame", "array", "safetensors", "arrow", "npy", "file", "x"]),
    st.binary(max_size=400),
)
def test_any_bytes_as_an_object_of_the_store(codec: str, data: bytes):
    """Bytes that pass the digest are what was written; a reader still must not hang or run them.

    XGBoost's own reader is left out: it aborts the process at some bytes. Only children use it.
    """
    with contextlib.suppress(Exception):
        decode(codec, data)


@FUZZ
@given(st.data())
def test_a_stored_value_with_bytes_changed_is_never_given(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    store = Store(tmp_path_factory.getbasetemp() / "fuzzed")
    record = store.put(KEY, ["a value"] * 2000)
    path = Path(store.path("cas", record.blob or ""))
    held = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(held) - 1))
    held[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(held))
    with pytest.raises(DamagedObject):
        store.load(record)
    assert store.record(KEY) is None


@FUZZ
@given(st.lists(st.binary(max_size=50), max_size=5), st.data())
def test_messages_arrive_whole_however_they_are_cut(texts: list[bytes], data: st.DataObject):
    sent = b"".join(framed(b"T", t) for t in texts)
    reader, found = Reader(), []
    while sent:
        cut = data.draw(st.integers(1, len(sent)))
        reader.feed(sent[:cut])
        sent = sent[cut:]
        while (message := reader.message()) is not None:
            found.append(message[1])
    assert found == texts


@FUZZ
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=6,
        )
        | st.just(Path("/a/b")),
        max_size=4,
    )
)
def test_a_task_comes_out_as_it_went_in(inputs: dict[str, object]):
    from bench.engine.graph import FlowSpec

    task = Task(1, Path("/s"), FlowSpec(("m",), (("task", "x"),), "m"), inputs, (), ("k",), (), "e")
    text = task.text()
    assert Task.read(text) == task
    json.loads(text)


@pytest.mark.parametrize("name", ["runs.parquet", "scores.parquet", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"\x00" * 100, b"{", b"null", b"PAR1xPAR1"])
def test_a_run_folder_with_a_broken_file_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes
):
    import pandas as pd

    from bench.cli import main

    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    for table in ("runs", "predictions", "scores"):
        pd.DataFrame({"cell_id": ["a"], "status": ["ok"]}).to_parquet(run / f"{table}.parquet")
    (run / "manifest.json").write_text("{}")
    (run / name).write_bytes(content)
    assert main(["status", "one", "--runs", str(tmp_path / "runs")]) == 2
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1, said.err
    assert name in said.err
    assert "Traceback" not in said.err


def test_errors_of_ours_have_one_root():
    assert issubclass(UserError, BenchError)

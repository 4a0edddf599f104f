"""What a step reads while it runs is refused unless a key holds it."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bench.cache.codehash import UnhashableCode
from bench.cache.unseen import watched


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.txt"
    path.write_text("1 2\n")
    return path


def _run(step: Callable[..., object], declared: tuple[str, ...] = (), **given: object) -> object:
    with watched("flow.node", step, given, defaults={}, declared=declared):
        return step(**given)


def _by_name(name: str) -> str:
    return Path(name).read_text()


def test_a_file_opened_by_a_computed_name_is_refused(table: Path) -> None:
    message = rf"flow\.node opened {table}, which is not in its key; make it an input"
    with pytest.raises(UnhashableCode, match=message):
        _run(_by_name, name=str(table))
    with pytest.raises(UnhashableCode, match=message):
        _run(lambda name: np.loadtxt(name).sum(), name=os.fspath(table))
    assert _run(_by_name, ("files",), name=str(table)) == "1 2\n"


def test_a_file_that_comes_in_is_in_the_key(table: Path) -> None:
    assert _run(lambda file: file.read_text(), file=table) == "1 2\n"
    assert _run(lambda folder: (folder / "table.txt").read_text(), folder=table.parent)
    assert _run(lambda files: files["a"][0].read_text(), files={"a": [table]}) == "1 2\n"


def test_a_file_behind_a_path_constant_is_in_the_key(table: Path) -> None:
    held = table

    def step() -> str:
        return held.read_text()

    assert _run(step) == "1 2\n"


def test_a_step_may_read_what_it_wrote_itself() -> None:
    def step() -> str:
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write("own")
        text = Path(file.name).read_text()
        Path(file.name).unlink()
        return text

    assert _run(step) == "own"


def test_a_step_may_read_what_a_library_wrote_into_its_folder() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def step() -> int:
        with tempfile.TemporaryDirectory() as folder:
            pq.write_table(pa.table({"a": [1]}), f"{folder}/a.parquet")  # the hook is not told
            return len(Path(folder, "a.parquet").read_bytes())

    assert isinstance(_run(step), int)


def test_a_run_that_an_import_starts_is_watched_too(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "from tests.bench.cache.test_unseen import _by_name, _run\n"
        f"_run(_by_name, name={str(table)!r})\n"
    )
    (tmp_path / "runs_e5.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnhashableCode, match="which is not in its key"):
        import runs_e5  # type: ignore[import-not-found]  # noqa: F401


def test_what_an_import_reads_is_in_the_values_of_its_module(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reads_d4.py").write_text(
        f"from pathlib import Path\nT = Path({str(table)!r}).read_text()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def step() -> str:
        import reads_d4  # type: ignore[import-not-found]

        return str(reads_d4.T)

    assert _run(step) == "1 2\n"


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_an_address_is_refused(port: int) -> None:
    def step() -> None:
        socket.create_connection(("127.0.0.1", port)).close()

    with pytest.raises(UnhashableCode, match=rf"flow\.node connected to 127\.0\.0\.1:{port}"):
        _run(step)
    _run(step, ("network",))


def test_nothing_is_watched_outside_a_step(table: Path) -> None:
    _run(lambda: None)
    assert table.read_text() == "1 2\n"


def test_a_step_that_fails_fails_for_its_own_cause(table: Path) -> None:
    def step(name: str) -> None:
        raise ValueError(Path(name).read_text())

    with pytest.raises(ValueError, match="1 2"):
        _run(step, name=str(table))

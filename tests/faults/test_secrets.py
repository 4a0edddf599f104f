"""A secret in the environment gets into nothing that a run writes."""

import gzip
import zipfile
import zlib
from pathlib import Path

from tests.faults.lab import Lab

SECRET = "hunter2-4f1d9c7be3"


def contents(path: Path) -> list[bytes]:
    """The bytes of a file, and those inside it."""
    data = path.read_bytes()
    found = [data]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    if data[:2] == b"\x1f\x8b":
        found.append(gzip.decompress(data))
    for part in data.split(b"stream\n")[1:] if path.suffix == ".pdf" else []:
        try:
            found.append(zlib.decompressobj().decompress(part))
        except zlib.error:
            continue
    return found


def test_no_file_of_a_run_holds_a_secret_of_the_environment(lab: Lab):
    lab.variables = {"CROSSFOLD_TEST_TOKEN": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET}
    source = (lab.folder / "mymodel.py").read_text()
    (lab.folder / "mymodel.py").write_text(
        source.replace(
            "    time.sleep(nap)", "    time.sleep(nap)\n    if fold == 1: raise ValueError"
        )
    )
    words = ("run", "lab.toml", "--jobs", "2", "--progress", "plain")
    done = lab.command(*words)
    assert done.code == 3, done.said
    cell = next((lab.latest / "failures").iterdir()).stem
    said = [
        done.said,
        *(lab.command(*w).said for w in (("status",), ("lineage", cell), ("explain", cell))),
    ]
    assert not any(SECRET in text or "AWS_SECRET" in text for text in said)
    files = [p for p in lab.folder.rglob("*") if p.is_file()]
    assert len(files) > 100
    assert {"report.html", "manifest.json", "log.jsonl"} <= {p.name for p in files}
    holds = [
        p for p in files if any(SECRET.encode() in d or b"AWS_SECRET" in d for d in contents(p))
    ]
    assert not holds

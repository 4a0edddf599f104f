"""Nothing that is read can run: no unpickling, no evaluation and no shell in any package."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("stats", "dataflows", "reports", "bench")
FILES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))

UNPICKLERS = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "shelve",
    "marshal",
    "jsonpickle",
}
RUNNERS = {"eval", "exec", "compile", "__import__"}
# What loads objects from files when it is not told otherwise.
LOADERS = {
    ("torch", "load"),
    ("joblib", "load"),
    ("pd", "read_pickle"),
    ("pandas", "read_pickle"),
    ("yaml", "load"),
    ("os", "system"),
    ("os", "popen"),
    ("builtins", "eval"),
    ("builtins", "exec"),
}
# Each exception says why what is loaded there is not data.
ALLOWED = {
    ("bench/cache/importing.py", "compile"): "a module that runs anyway is compiled to be compared",
}


def uses(path: Path) -> Iterator[tuple[str, int]]:
    """Every use of something that runs what it reads, with its line."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] in UNPICKLERS:
                    yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] in UNPICKLERS:
                yield str(node.module), node.lineno
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in RUNNERS:
                yield called.id, node.lineno
            if isinstance(called, ast.Attribute):
                if isinstance(called.value, ast.Name):
                    pair = (called.value.id, called.attr)
                    if pair in LOADERS or (
                        pair in (("np", "load"), ("numpy", "load")) and not _refuses(node)
                    ):
                        yield ".".join(pair), node.lineno
                if called.attr in ("read_pickle", "loads") and _is(called.value, "pickle"):
                    yield called.attr, node.lineno
            for keyword in node.keywords:
                named = (keyword.arg, getattr(keyword.value, "value", None))
                if named in (("allow_pickle", True), ("shell", True), ("weights_only", False)):
                    yield f"{keyword.arg}={keyword.value.value}", node.lineno  # type: ignore[attr-defined]


def _refuses(call: ast.Call) -> bool:
    return any(
        k.arg == "allow_pickle" and getattr(k.value, "value", None) is False for k in call.keywords
    )


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_runs_what_it_reads(path: Path):
    place = str(path.relative_to(ROOT))
    found = [f"{place}:{line}: {what}" for what, line in uses(path) if (place, what) not in ALLOWED]
    assert not found


def test_every_exception_is_used():
    used = {(str(p.relative_to(ROOT)), what) for p in FILES for what, _ in uses(p)}
    assert used == set(ALLOWED)


def test_the_search_finds_what_it_looks_for(tmp_path: Path):
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import pickle\nfrom dill import loads\nimport numpy as np, torch, os, subprocess\n"
        "eval('1')\nexec('1')\nnp.load('x', allow_pickle=True)\nnp.load('x')\n"
        "torch.load('x')\nos.system('x')\nsubprocess.run('x', shell=True)\n"
    )
    lines = {line for _, line in uses(bad)}
    assert lines == {1, 2, 4, 5, 6, 7, 8, 9, 10}

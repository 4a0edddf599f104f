"""Every file says its duty and lists what leaves it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    p for name in ("bench", "dataflows", "reports", "stats") for p in (ROOT / name).rglob("*.py")
]
COMMANDS = {"cache", "config", "export", "list_"}  # reached by name on the command line


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(params=FILES, ids=_id)
def tree(request):
    return ast.parse(request.param.read_text(encoding="utf-8"))


def test_a_file_begins_with_the_sentence_that_names_its_duty(tree):
    text = ast.get_docstring(tree)
    assert text is not None
    first = text.split("\n\n")[0]
    assert first.endswith((".", "?", ":"))
    assert len(first) <= 200


def test_a_file_lists_what_leaves_it(tree):
    names = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not any(ast.unparse(d).partition(".")[0] in COMMANDS for d in node.decorator_list)
    }
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert lists or not names, "defines public names but has no __all__"
    # Functions that config.when chooses from have a suffix that is no part of their node's name.
    listed = {name.partition("__")[0] for name in (*lists, ())[0]}
    assert {name.partition("__")[0] for name in names} <= listed

"""Every file says its duty, lists what leaves it, and opens nothing that could run."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    p for name in ("bench", "dataflows", "reports", "stats") for p in (ROOT / name).rglob("*.py")
]
COMMANDS = {"cache", "config", "export", "list_"}  # reached by name on the command line
# Reading any of these formats runs what a stranger wrote.
RUNS_WHAT_IT_READS = {"pickle", "cloudpickle", "dill", "shelve", "marshal"}


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


def test_nothing_is_unpickled_or_evaluated(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            assert (module or "").partition(".")[0] not in RUNS_WHAT_IT_READS
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("eval", "exec", "compile", "__import__")
            assert called not in ("torch.load", "joblib.load")
            options = {k.arg: ast.unparse(k.value) for k in node.keywords}
            assert options.get("shell", "False") == "False"
            if called in ("np.load", "numpy.load", "np.lib.format.read_array"):
                assert options["allow_pickle"] == "False"

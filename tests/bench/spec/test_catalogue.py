"""The catalogue: what it lists, and what it learns from a module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.spec import catalogue

ROOT = Path(__file__).resolve().parents[3]


def test_what_is_listed_is_there_and_says_what_it_is():
    for kind in ("models", "datasets"):
        assert len(catalogue.available(kind)) >= 2
        for name in catalogue.available(kind):
            assert catalogue.summary(kind, name).endswith(".")


@pytest.mark.parametrize("kind", ["models", "datasets"])
def test_listing_imports_nothing_heavy(kind):
    program = (
        "import sys; from bench.spec import catalogue as c; "
        f"[c.summary({kind!r}, n) for n in c.available({kind!r})]; "
        "print(*({'pandas', 'numpy', 'hamilton', 'torch', 'xgboost'} & sys.modules.keys()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == []


def test_metrics_are_those_that_evaluation_gives(tmp_path):
    # Each metric is the first word of an entry in evaluation's tables.
    source = (ROOT / "dataflows" / "evaluation.py").read_text()
    for task, names in catalogue.METRICS.items():
        body = source.split(f"def performance_metrics__{task}(")[1].split("\n@config")[0]
        for name in names:
            assert f'"{name}": (' in body


def test_a_file_is_one_module_however_it_is_reached(tmp_path):
    (tmp_path / "mine.py").write_text("def prediction(x: int) -> int:\n    return x\n")
    module = catalogue.load_module(str(tmp_path / "mine.py"))
    assert module is catalogue.load_module(str(tmp_path / "mine.py"))
    assert module.__name__.startswith("crossfold_user.mine_")
    assert sys.modules[module.__name__] is module
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.py").write_text("value = 2\n")
    other = catalogue.load_module(str(tmp_path / "b" / "mine.py"))
    assert other.__name__ != module.__name__


def test_a_file_edited_within_a_second_is_read_as_it_is(tmp_path: Path):
    """As by a program, or by a copy that keeps the times: its length and second stay the same."""
    mine = tmp_path / "mine.py"
    code = (
        "import sys; from pathlib import Path; from bench.spec.catalogue import load_module; "
        "print(load_module(sys.argv[1]).VALUE)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for value in (2, 3):
        mine.write_text(f"VALUE = {value}\n")
        os.utime(mine, (1_700_000_000, 1_700_000_000))
        said = subprocess.run(
            [sys.executable, "-c", code, str(mine)],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=ROOT,
        ).stdout
        assert int(said) == value
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_a_module_tells_its_nodes_inputs_and_tasks(tmp_path):
    (tmp_path / "m.py").write_text(
        "from math import sqrt\n"
        "from hamilton.function_modifiers import config\n"
        "TASKS = ['continuous', 'binary']\n"
        "def _helper(z: int) -> int: ...\n"
        "@config.when(task='binary')\n"
        "def y__binary(a: int, b: float = 1.0) -> int: ...\n"
        "@config.when(task='continuous')\n"
        "def y__continuous(a: int, c: str) -> int: ...\n"
        "def prediction(y: int, d: bool = True) -> int: ...\n"
    )
    facts = catalogue.facts(str(tmp_path / "m.py"))
    assert facts.nodes == {"y", "prediction"}
    assert {i.name: (i.type, i.required) for i in facts.inputs.values()} == {
        "a": (int, True),
        "b": (float, False),
        "c": (str, True),
        "d": (bool, False),
    }
    assert facts.tasks == ("binary", "continuous")
    assert facts.complete


def test_decorators_that_make_inputs_leave_the_last_word_to_the_graph(tmp_path):
    (tmp_path / "p.py").write_text(
        "from hamilton.function_modifiers import parameterize, source\n"
        "@parameterize(prediction={'x': source('outside')})\n"
        "def made(x: int) -> int: ...\n"
    )
    assert not catalogue.facts(str(tmp_path / "p.py")).complete


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\nimport no_such_thing\n", "ModuleNotFoundError: .*no_such_thing.*line 2"),
        ("\n\ndef f(:\n", r"SyntaxError: .*line 3"),
        ("1 / 0\n", r"ZeroDivisionError: division by zero \(line 1\)"),
        ("import sys; sys.exit(7)\n", r"calls sys.exit\(7\)"),
        ("raise ValueError('a\\nb\\x1b[31m')\n", "ValueError: a b"),
        ("TASKS = ('regression',)\n", 'TASKS: unknown task "regression"'),
        ("TASKS = 3\n", "TASKS is 3; it must be a tuple"),
    ],
)
def test_a_module_that_cannot_be_used_is_told_in_one_line(tmp_path, text, said):
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        catalogue.facts(str(tmp_path / "bad.py"))
    assert str(caught.value).isprintable()
    assert str(tmp_path / "bad.py") in str(caught.value)

"""What the table of edits does not show: units, hidden state, packages, refusals."""

# A row's module is one literal, as short as it can be.
# ruff: noqa: E501

import builtins
import functools
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.cache.codehash import CodeHasher, UnhashableCode, code_hash, code_units


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _made(text: str, name: str = "node") -> Callable[..., object]:
    space: dict[str, object] = {"__name__": "made"}
    exec(compile(text, "made.py", "exec"), space)
    made = space[name]
    assert callable(made)
    return made


def _hash(text: str) -> str:
    return code_hash(_made(text))


NODE = """
SCALE = 2.0

def _helper(value):
    return value * SCALE

def node(x):
    return _helper(x) + 1
"""


def test_the_units_name_what_took_part() -> None:
    units = code_units(_made(NODE))
    assert [(unit.name, unit.kind) for unit in units] == [
        ("made.node", "function"),
        ("made._helper", "function"),
        ("made.SCALE", "constant"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("+ 1", "+ 2", {"made.node"}),
        ("value * SCALE", "value / SCALE", {"made._helper"}),
        ("SCALE = 2.0", "SCALE = 3.0", {"made.SCALE"}),
    ],
)
def test_an_edit_changes_the_digest_of_its_own_unit_only(
    old: str, new: str, changed: set[str]
) -> None:
    before = {unit.name: unit.digest for unit in code_units(_made(NODE))}
    after = {unit.name: unit.digest for unit in code_units(_made(NODE.replace(old, new)))}
    assert {name for name in before if before[name] != after[name]} == changed


def test_what_is_bound_around_a_function_is_a_unit() -> None:
    node = _made(NODE)
    units = [code_units(functools.partial(node, x)) for x in (1, 2)]
    changed = {a.name for a, b in zip(*units, strict=True) if a.digest != b.digest}
    assert changed == {"made.node as bound"}


def test_two_lambdas_are_two_units() -> None:
    made = _made("A, B = lambda v: v, lambda v: -v\n\ndef node(x):\n    return A(B(x))\n")
    names = [unit.name for unit in code_units(made)]
    assert names == ["made.node", "made.<lambda>", "made.<lambda>#2"]


def test_a_unit_carries_its_source() -> None:
    units = {unit.name.rpartition(".")[2]: unit for unit in code_units(_documented)}
    assert units["_documented"].source == 'def _documented() -> str:\n    return "as written"\n'


def _documented() -> str:
    return "as written"


def test_a_value_from_the_environment_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "very-secret-value")
    monkeypatch.setattr(sys.modules[__name__], "TOKEN", "very-secret-value")
    (unit,) = [unit for unit in code_units(_with_token) if unit.kind == "constant"]
    assert unit.source is None
    monkeypatch.setattr(sys.modules[__name__], "TOKEN", "harmless")
    (unit,) = [unit for unit in code_units(_with_token) if unit.kind == "constant"]
    assert unit.source == "TOKEN = 'harmless'"


TOKEN = ""


def _with_token() -> str:
    return TOKEN


# -- rebinding ------------------------------------------------------------------------------


def test_a_helper_bound_anew_is_seen_in_the_same_process() -> None:
    node = _made(NODE)
    before = code_hash(node)
    node.__globals__["_helper"] = lambda value: value  # type: ignore[attr-defined]
    assert code_hash(node) != before


def test_a_table_changed_in_place_is_seen() -> None:
    node = _made("K = {'a': 1}\n\ndef node(x):\n    return K['a']\n")
    before = code_hash(node)
    node.__globals__["K"]["a"] = 2  # type: ignore[attr-defined]
    assert code_hash(node) != before


def test_one_plan_looks_at_a_function_once() -> None:
    node = _made(NODE)
    hasher = CodeHasher()
    assert hasher(node) == code_hash(node)
    node.__globals__["SCALE"] = 5.0  # type: ignore[attr-defined]
    assert hasher(node) != code_hash(node)
    assert CodeHasher()(node) == code_hash(node)


def test_a_method_a_partial_and_a_callable_object_have_names() -> None:
    text = "class A:\n    def __call__(self, x):\n        return x\n    def f(self, x):\n        return x\n"
    made = _made(text, "A")()
    names = {code_hash(made), code_hash(made.f), code_hash(functools.partial(made.f, 1))}
    assert len(names) == 3


def test_two_closures_of_one_function_differ_by_what_they_hold() -> None:
    def adder(k: int) -> Callable[[int], int]:
        return lambda x: x + k

    assert code_hash(adder(1)) == code_hash(adder(1))
    assert code_hash(adder(1)) != code_hash(adder(2))


def test_a_value_that_holds_itself_has_a_name() -> None:
    loop: list[object] = [1]
    loop.append(loop)
    other: list[object] = [2]
    other.append(other)
    assert code_hash(lambda: loop) != code_hash(lambda: other)


def test_an_import_that_is_not_installed_is_noted_and_seen_when_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def node(x):\n    try:\n        import newcomer_a1\n    except ImportError:\n        return 0\n    return newcomer_a1.K\n"
    before = _hash(text)
    (tmp_path / "newcomer_a1.py").write_text("K = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert _hash(text) != before


def test_a_module_that_an_import_makes_global_counts_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def node(x):\n    global whole_b2\n    import whole_b2\n    return _use(x)\ndef _use(x):\n    return whole_b2.f(x)\n"
    (tmp_path / "whole_b2.py").write_text("def f(v):\n    return v + 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = _hash(text)
    monkeypatch.setattr(sys.modules["whole_b2"], "f", lambda v: v + 2)
    assert _hash(text) != before


def test_a_default_path_of_a_node_is_an_input_and_takes_no_part(tmp_path: Path) -> None:
    text = "from pathlib import Path\n\ndef node(file: Path = Path({!r})):\n    return file.read_text()\n"
    assert _hash(text.format(str(tmp_path / "a"))) == _hash(text.format(str(tmp_path / "b")))


def test_a_library_s_module_that_was_patched_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    node = _made("import numpy as np\n\ndef node(x):\n    return np.sqrt(x)\n")
    before = code_hash(node)
    monkeypatch.setattr(np, "sqrt", lambda x: x)
    assert code_hash(node) != before


def test_what_a_package_puts_in_place_of_print_takes_no_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import click

    node = _made("def node(x):\n    print(x)\n    return x\n")
    before = code_units(node)
    monkeypatch.setattr(builtins, "print", click.echo)  # as Ray does in the process that asks it
    assert code_units(node) == before
    monkeypatch.setattr(builtins, "print", lambda x: x)  # somebody's own still counts
    assert code_units(node) != before


def test_types_count_where_a_library_reads_them() -> None:
    text = (
        "import msgspec\n\nclass A(msgspec.Struct):\n    k: int = 1\n\ndef node(x):\n    return A\n"
    )
    assert _hash(text) != _hash(text.replace("k: int", "k: float"))
    text = "import typing\n\ndef _f(v: int): ...\n\ndef node(x):\n    return typing.get_type_hints(_f)\n"
    assert _hash(text) != _hash(text.replace("v: int", "v: float"))


# -- packages -------------------------------------------------------------------------------


def _install(site: Path, name: str, module: str, version: str, text: str) -> None:
    (site / module).mkdir(parents=True, exist_ok=True)
    (site / module / "__init__.py").write_text(text)
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "RECORD").write_text(f"{module}/__init__.py,,\n")


@pytest.mark.parametrize("inside", [False, True])
def test_a_package_counts_by_its_version(
    inside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for number, version in enumerate(("1.0", "1.1", "1.1")):
        module = f"dep_{inside}_{number}".lower()
        site = tmp_path / str(number) / "site-packages"
        # The text differs each time: only the version may count.
        text = f"# copy {number}\ndef f(v):\n    return v + {number}\n"
        _install(site, f"some-{module}-name", module, version, text)
        monkeypatch.syspath_prepend(site)
        lines = ["def node(x):", f"    import {module} as m", "    return m.f(x)"]
        if not inside:
            lines = [f"import {module} as m", "def node(x):", "    return m.f(x)"]
        node = _made("\n".join(lines))
        (unit,) = [unit for unit in code_units(node) if unit.kind == "package"]
        found[number] = (unit.name, unit.digest)
    assert found[0] == (f"some-dep-{inside}-0-name".lower(), "1.0")
    assert found[1][1] == found[2][1] == "1.1"


def test_an_upgrade_changes_the_hash(tmp_path: Path) -> None:
    text = "import upgraded_dep\ndef node(x):\n    return upgraded_dep.f(x)\n"
    program = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from bench.cache.codehash import code_hash\n"
        "import flow; print(code_hash(flow.node))"
    )
    (tmp_path / "flow.py").write_text(text)
    digests = []
    for version in ("1.0", "1.1"):
        site = tmp_path / version / "site-packages"
        _install(site, "upgraded-dep", "upgraded_dep", version, "def f(v):\n    return v\n")
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path), str(site)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        )
        digests.append(done.stdout)
    assert digests[0] != digests[1]


def test_our_own_packages_count_by_content() -> None:
    from stats import arrays

    names = {unit.name for unit in code_units(arrays.paired)}
    assert "stats.arrays.paired" in names
    assert not any(name == "crossfold" for name in names)


def test_a_package_imported_inside_is_not_imported_for_its_version() -> None:
    program = (
        "import sys\nfrom bench.cache.codehash import code_units\n"
        "def node(x):\n    import xgboost as xgb\n    return xgb.train(x)\n"
        "print([u.name for u in code_units(node) if u.kind == 'package'], 'xgboost' in sys.modules,"
        " 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
    )
    assert done.stdout == "['xgboost'] False False\n"


# -- hidden state ---------------------------------------------------------------------------


HIDDEN = [
    ("clock", "import time\ndef node(x):\n    return time.time()\n"),
    ("clock", "from time import time\ndef node(x):\n    return time()\n"),
    ("clock", "import datetime\ndef node(x):\n    return datetime.datetime.now()\n"),
    ("clock", "from datetime import datetime as dt\ndef node(x):\n    return dt.now()\n"),
    ("clock", "from datetime import date\ndef node(x):\n    return date.today()\n"),
    ("clock", "import pandas as pd\ndef node(x):\n    return pd.Timestamp.now()\n"),
    ("clock", "def node(x):\n    import time\n    return time.time()\n"),
    ("clock", "def node(x):\n    from time import time as t\n    return t()\n"),
    (
        "clock",
        "import time\ndef _now():\n    return time.time()\ndef node(x):\n    return _now()\n",
    ),
    ("clock", "import time\nT = {'now': time.time}\ndef node(x):\n    return T['now']()\n"),
    ("environment", "import os\ndef node(x):\n    return os.environ['HOME']\n"),
    ("environment", "import os\ndef node(x):\n    return os.environ.get('HOME')\n"),
    ("environment", "from os import environ\ndef node(x):\n    return environ['HOME']\n"),
    ("environment", "from os import getenv\ndef node(x):\n    return getenv('HOME')\n"),
    ("environment", "import os\ndef node(x):\n    return os.getcwd()\n"),
    ("files", "def node(x):\n    return open('data.csv').read()\n"),
    ("files", "def node(x):\n    name = 'data.csv'\n    return open(name).read()\n"),
    ("files", "NAME = 'data.csv'\ndef node(x):\n    return open(NAME).read()\n"),
    ("files", "def node(x: str):\n    return open(x).read()\n"),
    ("clock", "import pandas as pd\ndef node(x):\n    return pd.Timestamp('now')\n"),
    ("clock", "import pandas as pd\ndef node(x):\n    return pd.to_datetime('today')\n"),
    ("clock", "import numpy as np\ndef node(x):\n    return np.datetime64('now')\n"),
    ("files", "import sqlite3\ndef node(x):\n    return sqlite3.connect('a.db')\n"),
    ("files", "import xgboost\ndef node(x):\n    return xgboost.Booster(model_file='m.json')\n"),
    ("files", "import xgboost as x\ndef node(x1):\n    return x.DMatrix('a.libsvm')\n"),
    (
        "files",
        "from safetensors.torch import load_file\ndef node(x):\n    return load_file('a')\n",
    ),
    ("files", "from pyarrow import dataset\ndef node(x):\n    return dataset.dataset('a')\n"),
    ("files", "import pandas as pd\ndef node(x):\n    return pd.read_csv('data.csv')\n"),
    ("files", "import numpy as np\ndef node(x):\n    return np.load('data.npy')\n"),
    ("files", "from pathlib import Path\ndef node(x):\n    return Path('a.txt').read_text()\n"),
    ("files", "from pathlib import Path\nHERE = Path('.')\ndef node(x):\n    return HERE / 'a'\n"),
    ("random", "import random\ndef node(x):\n    return random.random()\n"),
    ("random", "from random import choice\ndef node(x):\n    return choice([1, 2])\n"),
    ("random", "import numpy as np\ndef node(x):\n    return np.random.normal()\n"),
    ("random", "from numpy.random import rand\ndef node(x):\n    return rand()\n"),
    ("random", "import numpy as np\ndef node(x):\n    return np.random.default_rng().random()\n"),
    (
        "random",
        "import numpy as np\nR = np.random.default_rng(1)\ndef node(x):\n    return R.random()\n",
    ),
    ("random", "import uuid\ndef node(x):\n    return uuid.uuid4()\n"),
    ("network", "def node(x):\n    import requests\n    return requests.get('http://a')\n"),
    ("network", "import urllib.request as r\ndef node(x):\n    return r.urlopen('http://a')\n"),
    ("network", "import subprocess\ndef node(x):\n    return subprocess.run(['ls'])\n"),
    ("dynamic", "def node(x):\n    return eval('x + 1')\n"),
    ("dynamic", "import importlib\ndef node(x):\n    return importlib.import_module('json')\n"),
    ("dynamic", "def node(x):\n    return globals()['x']\n"),
    ("dynamic", "import sys\ndef node(x):\n    return sys.modules['json'].dumps(x)\n"),
    ("dynamic", "def _f(v):\n    return v\ndef node(x):\n    return _f.__globals__['_f'](x)\n"),
    ("dynamic", "import sys\ndef node(x):\n    return sys._getframe().f_globals['x']\n"),
    ("dynamic", "import pkgutil\ndef node(x):\n    return pkgutil.resolve_name('json:dumps')\n"),
    ("dynamic", "import pickle\ndef node(x):\n    return pickle.loads(x)\n"),
    ("dynamic", "import joblib\ndef node(x):\n    return joblib.load(x)\n"),
    ("environment", "import os\ndef node(x):\n    return os.path.expandvars('$HOME')\n"),
    ("environment", "import locale\ndef node(x):\n    return locale.getlocale()\n"),
    ("files", "import os\ndef node(x):\n    return os.path.exists('data.csv')\n"),
    ("files", "import os\ndef node(x):\n    return os.path.getmtime(x)\n"),
    ("files", "import stats\ndef node(x):\n    return open(stats.__file__ + x).read()\n"),
    ("state", "K = 1\ndef node(x):\n    global K\n    K = x\n    return K\n"),
    ("state", "MEMO = {}\ndef node(x):\n    MEMO[x] = 1\n    return len(MEMO)\n"),
    ("state", "SEEN = []\ndef node(x):\n    SEEN.append(x)\n    return len(SEEN)\n"),
    ("state", "class C:\n    k = 1\ndef node(x):\n    C.k = x\n    return C.k\n"),
]


@pytest.mark.parametrize(("kind", "text"), HIDDEN)
def test_hidden_state_is_refused_unless_declared(kind: str, text: str) -> None:
    node = _made(text)
    with pytest.raises(UnhashableCode, match=f'declare it on the node: @tag\\(hidden="{kind}"\\)'):
        code_hash(node)
    assert code_hash(node, declared={kind})


@pytest.mark.parametrize(
    "text",
    [
        "import time\ndef node(x):\n    return time.perf_counter()\n",
        "from pathlib import Path\ndef node(x: Path):\n    return x.read_text()\n",
        "def node(file):\n    return open(file).read()\n",
        "import io\nimport pandas as pd\ndef node(x):\n    return pd.read_csv(io.StringIO('a'))\n",
        "import numpy as np\ndef node(x):\n    return np.random.default_rng(x).random()\n",
        "import numpy as np\ndef node(x):\n    np.random.seed(x)\n    return np.random.rand()\n",
        "import random\ndef node(x):\n    return random.Random(x).random()\n",
        "from numpy import sqrt\ndef node(x):\n    return sqrt(x)\n",
        "from numpy import add\ndef node(x):\n    return add.reduce(x)\n",
        "from scipy.stats import norm\ndef node(x):\n    return norm.cdf(x)\n",
        "from scipy.stats import norm\nN = norm(0, 1)\ndef node(x):\n    return N.cdf(x)\n",
        "import datetime\ndef node(x):\n    return datetime.datetime(2013, 1, 1)\n",
        "import os\ndef node(x):\n    os.environ.setdefault('A', '1')\n    return os.path.join('a')\n",
        "def node(x):\n    global np\n    import numpy as np\n    return np.sqrt(x)\n",
        "def node(x):\n    found = {}\n    found[x] = 1\n    return found\n",
        "import functools\n@functools.cache\ndef _f(v):\n    return v\ndef node(x):\n    return _f(x)\n",
        "import os\ndef node(x):\n    return os.path.exists(x)\n",
    ],
)
def test_what_is_no_hidden_state_is_let_through(text: str) -> None:
    assert _hash(text) == _hash(text)


def test_what_cannot_be_named_is_refused_by_name() -> None:
    node = _made("def node(x):\n    return HELD\n")
    node.__globals__["HELD"] = (number for number in range(3))  # type: ignore[attr-defined]
    with pytest.raises(UnhashableCode, match=r"made\.HELD is a builtins\.generator"):
        code_hash(node)


def test_a_ufunc_made_of_a_function_is_refused() -> None:
    node = _made(
        "import numpy as np\nF = np.frompyfunc(abs, 1, 1)\ndef node(x):\n    return F(x)\n"
    )
    with pytest.raises(UnhashableCode, match=r"made\.F is a ufunc made of a function"):
        code_hash(node)


def test_what_a_cached_property_has_come_to_is_no_content() -> None:
    node = _made(
        "import functools\nclass C:\n    @functools.cached_property\n    def k(self):\n"
        "        return 2\nHELD = C()\ndef node(x):\n    return HELD.k + x\n"
    )
    before = code_hash(node)
    assert node(1) == 3
    assert code_hash(node) == before


def test_an_effect_of_an_import_is_a_unit_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "sets_c3.py").write_text(
        "import decimal\ndecimal.getcontext().prec = 28\n\ndef node(x):\n    return x\n"
        "if __name__ == '__main__':\n    node(open('a').read())\n"
    )
    module = _loaded(tmp_path / "sets_c3.py")
    (unit,) = [unit for unit in code_units(module.node) if unit.kind == "import"]
    assert unit.name == "import of sets_c3"
    assert unit.source == "decimal.getcontext().prec = 28"


def test_locks_and_loggers_are_no_content() -> None:
    node = _made("def node(x):\n    with LOCK:\n        return x\n")
    node.__globals__["LOCK"] = threading.Lock()  # type: ignore[attr-defined]
    assert code_hash(node) == code_hash(node)

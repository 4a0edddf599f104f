"""The table of edits: small modules, what is changed in them, and whether it may count.

Each edit that counts changes what ``flow.node(3)`` returns, which the test checks too, so that no
row is an edit in name only. A flow that is marked `graph` is built and run by Hamilton.
"""

# A row's module is one literal, as short as it can be.
# ruff: noqa: E501

from dataclasses import dataclass, field
from textwrap import dedent

__all__ = ["EDITS", "Edit"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one file.

    Parameters
    ----------
    name : str
        What is edited.
    flow : str
        The text of ``flow.py``.
    old, new : str
        What is replaced, everywhere in the file.
    counts : bool
        Whether the result changes; the hash must change exactly then.
    file : str
        The file that is edited.
    others : dict
        Further files by name.
    graph : bool
        Whether `node` is a node of a Hamilton graph with the input ``x``.
    """

    name: str
    flow: str
    old: str
    new: str
    counts: bool = True
    file: str = "flow.py"
    others: dict[str, str] = field(default_factory=dict)
    graph: bool = False

    def files(self, *, edited: bool) -> dict[str, str]:
        """Return the files of the first or second version."""
        files = {"flow.py": self.flow, **self.others}
        files = {name: dedent(text).lstrip("\n") for name, text in files.items()}
        if edited:
            before = files[self.file]
            files[self.file] = before.replace(self.old, self.new)
            assert files[self.file] != before, f"{self.name}: nothing to replace"
        return files


HELPERS = {"helpers.py": "RATE = 2\n\ndef scaled(v):\n    return v * RATE\n"}
PACKAGE = {
    "kit/__init__.py": "",
    "kit/deep/__init__.py": "from kit.deep.inner import area\n",
    "kit/deep/inner.py": "PI = 3.0\n\ndef area(r):\n    return _square(r) * PI\n\n"
    "def _square(r):\n    return r * r\n",
}

EDITS = [
    # -- the function itself ----------------------------------------------------------------
    Edit("operator", "def node(x):\n    return x + 1\n", "x + 1", "x - 1"),
    Edit("number", "def node(x):\n    return x + 1\n", "+ 1", "+ 2"),
    Edit("int to float", "def node(x):\n    return x * 2\n", "* 2", "* 2.0"),
    Edit("int to bool", "def node(x):\n    return [x, 1]\n", "1]", "True]"),
    Edit("minus zero", "def node(x):\n    return x * 0.0\n", "* 0.0", "* -0.0"),
    Edit("comparison", "def node(x):\n    return x < 3\n", "<", "<="),
    Edit("attribute", "def node(x):\n    return 'aB'.upper()\n", "upper", "lower"),
    Edit("builtin", "def node(x):\n    return max(x, 5)\n", "max", "min"),
    Edit("swapped arguments", "def node(x):\n    return divmod(x, 5)\n", "x, 5", "5, x"),
    Edit(
        "keyword of a call",
        "def _f(*, a=0, b=0):\n    return (a, b)\n\ndef node(x):\n    return _f(a=x)\n",
        "a=x",
        "b=x",
    ),
    Edit("default", "def node(x, k=1):\n    return x + k\n", "k=1", "k=2"),
    Edit("keyword default", "def node(x, *, k=1):\n    return x + k\n", "k=1", "k=2"),
    Edit(
        "except clause",
        "def node(x):\n    try:\n        return {}[x]\n    except KeyError:\n        return 1\n",
        "return 1",
        "return 2",
    ),
    Edit(
        "which exception is caught",
        """
        def node(x):
            try:
                try:
                    return {}[x]
                except KeyError:
                    return 'inner'
            except LookupError:
                return 'outer'
        """,
        "except KeyError",
        "except IndexError",
    ),
    Edit(
        "range of a try",
        """
        def node(x):
            r = 0
            try:
                r = 1
                {}[x]
            except KeyError:
                r += 10
            return r
        """,
        "r = 1\n        {}[x]\n    except",
        "{}[x]\n        r = 1\n    except",
    ),
    Edit("comprehension", "def node(x):\n    return [i * 2 for i in range(x)]\n", "i * 2", "i * 3"),
    Edit("generator", "def node(x):\n    return list(i for i in range(x) if i)\n", " if i", ""),
    Edit("slice", "def node(x):\n    return 'abcdef'[:x]\n", "[:x]", "[x:]"),
    Edit("format", "def node(x):\n    return f'{x:.1f}'\n", ".1f", ".2f"),
    Edit("star", "def node(x):\n    return [*range(x)]\n", "*range(x)", "range(x)"),
    Edit(
        "nested function",
        """
        def node(x):
            def inner(v):
                return v + 1
            return inner(x)
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "nested default",
        """
        def node(x):
            def inner(v, k=1):
                return v + k
            return inner(x)
        """,
        "k=1",
        "k=2",
    ),
    Edit(
        "captured variable",
        """
        def node(x):
            a, b = 1, 2
            def inner():
                return a
            def other():
                return b
            return inner() + 10 * other()
        """,
        "return a\n",
        "return a + b\n",
    ),
    Edit(
        "which captured variable",
        """
        def node(x):
            a, b = 1, 2
            def inner():
                return (a, b)
            return inner()
        """,
        "return (a, b)",
        "return (b, a)",
    ),
    Edit("walrus", "def node(x):\n    return [(y := x + 1), y]\n", "x + 1", "x + 2"),
    Edit(
        "match",
        "def node(x):\n    match x:\n        case 3:\n            return 'a'\n    return 'b'\n",
        "case 3",
        "case 4",
    ),
    Edit(
        "early return",
        "def node(x):\n    if x:\n        return 1\n    return 2\n",
        "if x",
        "if not x",
    ),
    Edit(
        "class inside",
        "def node(x):\n    class C:\n        k = 1\n    return C.k + x\n",
        "k = 1",
        "k = 2",
    ),
    Edit(
        "set constant",
        "def node(x):\n    return x in {1, 2, 3}\n",
        "{1, 2, 3}",
        "{1, 2, 4}",
    ),
    # -- helpers ----------------------------------------------------------------------------
    Edit(
        "helper",
        "def _h(v):\n    return v * 2\n\ndef node(x):\n    return _h(x)\n",
        "* 2",
        "* 3",
    ),
    Edit(
        "helper of a helper",
        "def _g(v):\n    return v - 1\n\ndef _h(v):\n    return _g(v)\n\ndef node(x):\n    return _h(x)\n",
        "v - 1",
        "v - 2",
    ),
    Edit(
        "which helper",
        "def _g(v):\n    return v - 1\n\ndef _h(v):\n    return v\n\ndef node(x):\n    return _h(x)\n",
        "return _h(x)",
        "return _g(x)",
    ),
    Edit(
        "recursive helper",
        "def _f(n):\n    return 1 if n < 2 else n * _f(n - 1)\n\ndef node(x):\n    return _f(x)\n",
        "n * _f",
        "n * 2 * _f",
    ),
    Edit(
        "mutually recursive",
        """
        def _even(n):
            return True if n == 0 else _odd(n - 1)

        def _odd(n):
            return False if n == 0 else _even(n - 1)

        def node(x):
            return _even(x)
        """,
        "return False",
        "return None",
    ),
    Edit(
        "imported helper",
        "from helpers import scaled\n\ndef node(x):\n    return scaled(x)\n",
        "v * RATE",
        "v / RATE",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "constant beside an imported helper",
        "from helpers import scaled\n\ndef node(x):\n    return scaled(x)\n",
        "RATE = 2",
        "RATE = 3",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "helper through its module",
        "import helpers\n\ndef node(x):\n    return helpers.scaled(x)\n",
        "v * RATE",
        "v + RATE",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "constant through its module",
        "import helpers as h\n\ndef node(x):\n    return x + h.RATE\n",
        "RATE = 2",
        "RATE = 5",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "helper imported inside",
        "def node(x):\n    from helpers import scaled\n    return scaled(x)\n",
        "v * RATE",
        "v + RATE",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "module imported inside",
        "def node(x):\n    import helpers\n    return helpers.scaled(x)\n",
        "RATE = 2",
        "RATE = 7",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "module imported inside, used by an inner function",
        """
        def node(x):
            import helpers as h
            def inner(v):
                return h.scaled(v)
            return inner(x)
        """,
        "RATE = 2",
        "RATE = 7",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "module imported inside and handed on",
        """
        def _use(module, v):
            return module.scaled(v)

        def node(x):
            import helpers
            return _use(helpers, x)
        """,
        "RATE = 2",
        "RATE = 7",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "module imported inside under one of two names",
        """
        def node(x):
            try:
                import nowhere_to_be_found as h
            except ImportError:
                import helpers as h
            return h.scaled(x)
        """,
        "RATE = 2",
        "RATE = 7",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "function imported inside under one of two names",
        """
        def node(x):
            if x > 100:
                from math import sqrt as f
            else:
                from helpers import scaled as f
            return f(x)
        """,
        "RATE = 2",
        "RATE = 7",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "module imported inside, used by name and handed on",
        """
        def _use(module, v):
            return module.other(v)

        def node(x):
            import two
            return two.one(x) + _use(two, x)
        """,
        "v + 2",
        "v + 3",
        file="two.py",
        others={"two.py": "def one(v):\n    return v\n\ndef other(v):\n    return v + 2\n"},
    ),
    Edit(
        "what is not used of a module imported inside",
        "def node(x):\n    import two\n    return two.one(x)\n",
        "v + 2",
        "v + 3",
        counts=False,
        file="two.py",
        others={"two.py": "def one(v):\n    return v\n\ndef other(v):\n    return v + 2\n"},
    ),
    Edit(
        "re-exported helper of a helper in a package",
        "from kit.deep import area\n\ndef node(x):\n    return area(x)\n",
        "r * r",
        "r + r",
        file="kit/deep/inner.py",
        others=PACKAGE,
    ),
    Edit(
        "dotted module of a package",
        "import kit.deep.inner\n\ndef node(x):\n    return kit.deep.inner.area(x)\n",
        "PI = 3.0",
        "PI = 3.1",
        file="kit/deep/inner.py",
        others=PACKAGE,
    ),
    Edit(
        "dotted module imported inside",
        "def node(x):\n    import kit.deep.inner\n    return kit.deep.inner.area(x)\n",
        "PI = 3.0",
        "PI = 3.1",
        file="kit/deep/inner.py",
        others=PACKAGE,
    ),
    Edit(
        "dotted module imported inside by another name",
        "def node(x):\n    import kit.deep.inner as inner\n    return inner.area(x)\n",
        "PI = 3.0",
        "PI = 3.1",
        file="kit/deep/inner.py",
        others=PACKAGE,
    ),
    Edit(
        "submodule imported inside",
        "def node(x):\n    from kit.deep import inner\n    return inner.area(x)\n",
        "PI = 3.0",
        "PI = 3.1",
        file="kit/deep/inner.py",
        others=PACKAGE,
    ),
    # -- constants --------------------------------------------------------------------------
    Edit("constant", "K = 1\n\ndef node(x):\n    return x + K\n", "K = 1", "K = 2"),
    Edit("constant's kind", "K = 1\n\ndef node(x):\n    return [K]\n", "K = 1", "K = 1.0"),
    Edit("text", "K = 'a'\n\ndef node(x):\n    return K\n", "'a'", "'b'"),
    Edit(
        "value in a nested table",
        "K = {'a': [1, {'b': (2, 3)}]}\n\ndef node(x):\n    return repr(K)\n",
        "(2, 3)",
        "(2, 4)",
    ),
    Edit(
        "order of a table",
        "K = {'a': 1, 'b': 2}\n\ndef node(x):\n    return list(K)\n",
        "'a': 1, 'b': 2",
        "'b': 2, 'a': 1",
    ),
    Edit("set", "K = {'a', 'b'}\n\ndef node(x):\n    return sorted(K)\n", "'b'", "'c'"),
    Edit(
        "array",
        "import numpy as np\nK = np.arange(4)\n\ndef node(x):\n    return K.tolist()\n",
        "arange(4)",
        "arange(1, 5)",
    ),
    Edit(
        "dtype of an array",
        "import numpy as np\nK = np.ones(2, 'f8')\n\ndef node(x):\n    return str(K.dtype)\n",
        "f8",
        "f4",
    ),
    Edit(
        "frame",
        "import pandas as pd\nK = pd.DataFrame({'a': [1.5]})\n\ndef node(x):\n    return list(K)\n",
        "'a'",
        "'b'",
    ),
    Edit(
        "dataclass value",
        """
        from dataclasses import dataclass

        @dataclass(frozen=True)
        class Setting:
            rate: float = 0.1
            depth: int = 3

        K = Setting(depth=4)

        def node(x):
            return (K.rate, K.depth)
        """,
        "depth=4",
        "depth=5",
    ),
    Edit(
        "dataclass default",
        """
        from dataclasses import dataclass

        @dataclass
        class Setting:
            rate: float = 0.1

        def node(x):
            return Setting().rate
        """,
        "0.1",
        "0.2",
    ),
    Edit(
        "field order",
        """
        from dataclasses import astuple, dataclass

        @dataclass
        class Pair:
            a: int = 1
            b: int = 1

        def node(x):
            return repr(Pair(5))
        """,
        "a: int = 1\n    b: int = 1",
        "b: int = 1\n    a: int = 1",
    ),
    Edit(
        "enum",
        """
        from enum import Enum

        class Side(Enum):
            LEFT = 1
            RIGHT = 2

        def node(x):
            return Side.LEFT.value
        """,
        "LEFT = 1",
        "LEFT = 3",
    ),
    Edit(
        "enum member as a constant",
        """
        from enum import Enum

        class Side(Enum):
            LEFT = 1
            RIGHT = 2

        K = Side.LEFT

        def node(x):
            return K.name
        """,
        "K = Side.LEFT",
        "K = Side.RIGHT",
    ),
    Edit(
        "regex",
        "import re\nK = re.compile('a+')\n\ndef node(x):\n    return bool(K.match('b'))\n",
        "'a+'",
        "'b+'",
    ),
    Edit(
        "regex flag",
        "import re\nK = re.compile('a')\n\ndef node(x):\n    return bool(K.match('A'))\n",
        "'a')",
        "'a', re.I)",
    ),
    Edit(
        "time constant",
        "import datetime\nK = datetime.date(2013, 1, 1)\n\ndef node(x):\n    return str(K)\n",
        "1, 1)",
        "1, 2)",
    ),
    Edit(
        "decimal",
        "from decimal import Decimal\nK = Decimal('1.0')\n\ndef node(x):\n    return str(K)\n",
        "1.0",
        "1.00",
    ),
    Edit(
        "named tuple",
        """
        from typing import NamedTuple

        class P(NamedTuple):
            a: int
            b: int = 2

        K = P(1)

        def node(x):
            return tuple(K)
        """,
        "b: int = 2",
        "b: int = 3",
    ),
    Edit(
        "file behind a path constant",
        """
        from pathlib import Path
        K = Path(__file__).with_name('data.txt')

        def node(x):
            return K.read_text()
        """,
        "one",
        "two",
        file="data.txt",
        others={"data.txt": "one"},
    ),
    Edit(
        "global bound later",
        "def node(x):\n    return _late(x)\n\ndef _late(v):\n    return v + 1\n",
        "v + 1",
        "v + 2",
    ),
    # -- callables as values ----------------------------------------------------------------
    Edit("lambda", "_f = lambda v: v + 1\n\ndef node(x):\n    return _f(x)\n", "v + 1", "v + 2"),
    Edit(
        "dispatch table",
        """
        def _up(v):
            return v + 1

        def _down(v):
            return v - 1

        TABLE = {'up': _up, 'down': _down}

        def node(x):
            return TABLE['down'](x)
        """,
        "v - 1",
        "v - 2",
    ),
    Edit(
        "which entry of a dispatch table",
        """
        def _up(v):
            return v + 1

        def _down(v):
            return v - 1

        TABLE = {'f': _up}

        def node(x):
            return TABLE['f'](x)
        """,
        "'f': _up",
        "'f': _down",
    ),
    Edit(
        "registry filled by a decorator",
        """
        TABLE = {}

        def _known(f):
            TABLE[f.__name__] = f
            return f

        @_known
        def _one(v):
            return v + 1

        def node(x):
            return [f(x) for f in TABLE.values()]
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "partial's argument",
        """
        from functools import partial

        def _f(k, v):
            return k * v

        _g = partial(_f, 2)

        def node(x):
            return _g(x)
        """,
        "partial(_f, 2)",
        "partial(_f, 3)",
    ),
    Edit(
        "function in a partial",
        """
        from functools import partial

        def _f(v, k):
            return k * v

        _g = partial(_f, k=2)

        def node(x):
            return _g(x)
        """,
        "k * v",
        "k + v",
    ),
    Edit(
        "closure's value",
        """
        def _times(k):
            def f(v):
                return v * k
            return f

        _double = _times(2)

        def node(x):
            return _double(x)
        """,
        "_times(2)",
        "_times(4)",
    ),
    Edit(
        "body of a closure",
        """
        def _times(k):
            def f(v):
                return v * k
            return f

        _double = _times(2)

        def node(x):
            return _double(x)
        """,
        "v * k",
        "v + k",
    ),
    Edit(
        "user's decorator",
        """
        import functools

        def _twice(f):
            @functools.wraps(f)
            def g(v):
                return 2 * f(v)
            return g

        @_twice
        def node(x):
            return x + 1
        """,
        "2 * f(v)",
        "3 * f(v)",
    ),
    Edit(
        "function under a user's decorator",
        """
        import functools

        def _twice(f):
            @functools.wraps(f)
            def g(v):
                return 2 * f(v)
            return g

        @_twice
        def node(x):
            return x + 1
        """,
        "x + 1",
        "x + 2",
    ),
    Edit(
        "decorator taken away",
        """
        import functools

        def _twice(f):
            @functools.wraps(f)
            def g(v):
                return 2 * f(v)
            return g

        @_twice
        def node(x):
            return x + 1
        """,
        "@_twice\n",
        "",
    ),
    Edit(
        "argument of a decorator",
        """
        def _times(k):
            def wrap(f):
                def g(x):
                    return k * f(x)
                return g
            return wrap

        @_times(2)
        def node(x):
            return x
        """,
        "@_times(2)",
        "@_times(3)",
    ),
    Edit(
        "behind lru_cache",
        """
        from functools import lru_cache

        @lru_cache
        def _f(v):
            return v + 1

        def node(x):
            return _f(x)
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "singledispatch",
        """
        from functools import singledispatch

        @singledispatch
        def _f(v):
            return 'any'

        @_f.register
        def _(v: int):
            return 'int'

        def node(x):
            return _f(x)
        """,
        "'int'",
        "'whole'",
    ),
    Edit(
        "callable object",
        """
        class Scale:
            def __init__(self, k):
                self.k = k

            def __call__(self, v):
                return v * self.k

        _f = Scale(2)

        def node(x):
            return _f(x)
        """,
        "Scale(2)",
        "Scale(3)",
    ),
    Edit(
        "method of a callable object",
        """
        class Scale:
            def __init__(self, k):
                self.k = k

            def __call__(self, v):
                return v * self.k

        _f = Scale(2)

        def node(x):
            return _f(x)
        """,
        "v * self.k",
        "v + self.k",
    ),
    Edit(
        "slots",
        """
        class Box:
            __slots__ = ('k',)

            def __init__(self, k):
                self.k = k

        K = Box(1)

        def node(x):
            return K.k
        """,
        "Box(1)",
        "Box(2)",
    ),
    Edit(
        "bound method",
        """
        class Scale:
            k = 2

            def f(self, v):
                return v * self.k

        _f = Scale().f

        def node(x):
            return _f(x)
        """,
        "k = 2",
        "k = 3",
    ),
    Edit(
        "attribute of a function",
        "def _f(v):\n    return v\n\n_f.k = 1\n\ndef node(x):\n    return _f.k\n",
        "_f.k = 1",
        "_f.k = 2",
    ),
    Edit(
        "itemgetter",
        "from operator import itemgetter\n_f = itemgetter(0)\n\ndef node(x):\n    return _f('ab')\n",
        "itemgetter(0)",
        "itemgetter(1)",
    ),
    Edit(
        "name of a function that is read",
        "def _one(v):\n    return v\n\ndef node(x):\n    return _one.__name__\n",
        "_one",
        "_two",
    ),
    Edit(
        "docstring that is read",
        "def node(x):\n    'old'\n    return node.__doc__\n",
        "'old'",
        "'new'",
    ),
    Edit(
        "made by exec",
        "_space = {}\nexec('def f(v):\\n    return v + 1', _space)\n_f = _space['f']\n\n"
        "def node(x):\n    return _f(x)\n",
        "v + 1",
        "v + 2",
    ),
    # -- classes ----------------------------------------------------------------------------
    Edit(
        "method",
        "class A:\n    def f(self):\n        return 1\n\ndef node(x):\n    return A().f()\n",
        "return 1",
        "return 2",
    ),
    Edit(
        "inherited method",
        """
        class Base:
            def f(self):
                return 1

        class A(Base):
            pass

        def node(x):
            return A().f()
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "inherited from a helper module",
        "from base import Base\n\nclass A(Base):\n    pass\n\ndef node(x):\n    return A().f()\n",
        "return 1",
        "return 2",
        file="base.py",
        others={"base.py": "class Base:\n    def f(self):\n        return 1\n"},
    ),
    Edit(
        "order of the bases",
        """
        class A:
            k = 1

        class B:
            k = 2

        class C(A, B):
            pass

        def node(x):
            return C().k
        """,
        "C(A, B)",
        "C(B, A)",
    ),
    Edit(
        "super",
        """
        class A:
            def f(self):
                return 1

        class B(A):
            def f(self):
                return super().f() + 1

        def node(x):
            return B().f()
        """,
        "return 1\n",
        "return 5\n",
    ),
    Edit(
        "class attribute",
        "class A:\n    k = 1\n\ndef node(x):\n    return A.k\n",
        "k = 1",
        "k = 2",
    ),
    Edit(
        "property",
        "class A:\n    @property\n    def k(self):\n        return 1\n\ndef node(x):\n    return A().k\n",
        "return 1",
        "return 2",
    ),
    Edit(
        "static method",
        "class A:\n    @staticmethod\n    def k():\n        return 1\n\ndef node(x):\n    return A.k()\n",
        "return 1",
        "return 2",
    ),
    Edit(
        "class method",
        "class A:\n    @classmethod\n    def k(cls):\n        return 1\n\ndef node(x):\n    return A.k()\n",
        "return 1",
        "return 2",
    ),
    Edit(
        "cached property",
        """
        from functools import cached_property

        class A:
            @cached_property
            def k(self):
                return 1

        def node(x):
            return A().k
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "metaclass",
        """
        class Meta(type):
            def __len__(cls):
                return 1

        class A(metaclass=Meta):
            pass

        def node(x):
            return len(A)
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "abstract base",
        """
        from abc import ABC, abstractmethod

        class Base(ABC):
            @abstractmethod
            def f(self): ...

            def g(self):
                return self.f() + 1

        class A(Base):
            def f(self):
                return 1

        def node(x):
            return A().g()
        """,
        "self.f() + 1",
        "self.f() + 2",
    ),
    # -- what libraries hold for the user --------------------------------------------------
    Edit(
        "function under numpy.vectorize",
        "import numpy as np\n\n@np.vectorize\ndef _f(v):\n    return v + 1\n\ndef node(x):\n    return _f([x]).tolist()\n",
        "v + 1",
        "v + 2",
    ),
    Edit(
        "context manager",
        """
        from contextlib import contextmanager

        @contextmanager
        def _given(v):
            yield v + 1

        def node(x):
            with _given(x) as y:
                return y
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "partial method",
        """
        from functools import partialmethod

        class A:
            def f(self, k):
                return k

            g = partialmethod(f, 1)

        def node(x):
            return A().g()
        """,
        "partialmethod(f, 1)",
        "partialmethod(f, 2)",
    ),
    Edit(
        "check of a schema",
        """
        import msgspec

        class A(msgspec.Struct):
            k: int = 1

            def f(self):
                return self.k + 1

        def node(x):
            return A().f()
        """,
        "self.k + 1",
        "self.k + 2",
    ),
    Edit(
        "object of a library",
        "from statistics import NormalDist\nK = NormalDist(0, 1)\n\ndef node(x):\n    return K.stdev\n",
        "(0, 1)",
        "(0, 2)",
    ),
    Edit(
        "time zone",
        "from zoneinfo import ZoneInfo\nK = ZoneInfo('Europe/Berlin')\n\ndef node(x):\n    return K.key\n",
        "Europe/Berlin",
        "Europe/Paris",
    ),
    Edit(
        "simple namespace",
        "from types import SimpleNamespace\nK = SimpleNamespace(a=1)\n\ndef node(x):\n    return K.a\n",
        "a=1",
        "a=2",
    ),
    Edit(
        "counter",
        "from collections import Counter\nK = Counter('aab')\n\ndef node(x):\n    return K['a']\n",
        "'aab'",
        "'ab'",
    ),
    Edit(
        "factory of a defaultdict",
        "from collections import defaultdict\nK = defaultdict(lambda: 1)\n\ndef node(x):\n    return K.get('a', K.default_factory())\n",
        "lambda: 1",
        "lambda: 2",
    ),
    Edit(
        "offset of pandas",
        "import pandas as pd\nK = pd.offsets.Hour(1)\n\ndef node(x):\n    return str(pd.Timestamp(0) + K)\n",
        "Hour(1)",
        "Hour(2)",
    ),
    Edit(
        "dtype",
        "import numpy as np\nK = np.dtype('f8')\n\ndef node(x):\n    return str(K)\n",
        "'f8'",
        "'f4'",
    ),
    Edit(
        "ufunc by name",
        "from numpy import sqrt as f\n\ndef node(x):\n    return float(f(x))\n",
        "import sqrt",
        "import exp",
    ),
    Edit(
        "parameter of a distribution",
        "from scipy.stats import norm\n\nK = norm(0, 1)\n\ndef node(x):\n    return float(K.cdf(x))\n",
        "norm(0, 1)",
        "norm(0, 2)",
    ),
    Edit(
        "dtype of a library as a type",
        "import numpy as np\nK = np.float64\n\ndef node(x):\n    return str(K(x).dtype)\n",
        "np.float64",
        "np.float32",
    ),
    Edit(
        "flags",
        """
        from enum import Flag, auto

        class F(Flag):
            A = auto()
            B = auto()

        def node(x):
            return (F.A | F.B).value
        """,
        "B = auto()",
        "B = 8",
    ),
    Edit(
        "method of an enum",
        """
        from enum import Enum

        class Side(Enum):
            LEFT = 1

            def twice(self):
                return self.value * 2

        def node(x):
            return Side.LEFT.twice()
        """,
        "* 2",
        "* 3",
    ),
    Edit(
        "generic class",
        """
        from typing import Generic, TypeVar

        T = TypeVar("T")

        class Box(Generic[T]):
            def f(self):
                return 1

        def node(x):
            return Box[int]().f()
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "hook for subclasses",
        """
        KNOWN = []

        class Base:
            def __init_subclass__(cls):
                KNOWN.append(cls)

        class A(Base):
            k = 1

        def node(x):
            return [c.k for c in KNOWN]
        """,
        "k = 1",
        "k = 2",
    ),
    Edit(
        "descriptor",
        """
        class D:
            def __get__(self, held, kind):
                return 1

        class A:
            k = D()

        def node(x):
            return A().k
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "object that holds another",
        """
        class Inner:
            def f(self):
                return 1

        class Outer:
            def __init__(self):
                self.inner = Inner()

        K = Outer()

        def node(x):
            return K.inner.f()
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "subclass of float",
        """
        class Rate(float):
            def up(self):
                return self + 1

        K = Rate(0.5)

        def node(x):
            return K.up()
        """,
        "Rate(0.5)",
        "Rate(0.25)",
    ),
    Edit(
        "subclass of dict",
        """
        class Table(dict):
            def __missing__(self, key):
                return 1

        K = Table(a=3)

        def node(x):
            return K['b']
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "content of a subclass of dict",
        """
        class Table(dict):
            pass

        K = Table(a=3)

        def node(x):
            return K['a']
        """,
        "a=3",
        "a=4",
    ),
    Edit(
        "content of a subclass of list",
        """
        class Rows(list):
            pass

        K = Rows([1])

        def node(x):
            return K[0]
        """,
        "[1]",
        "[2]",
    ),
    Edit(
        "content of a subclass of set",
        """
        from collections import deque
        import numpy as np

        class Mine(set):
            pass

        K = Mine({1})

        def node(x):
            return sorted(K)
        """,
        "K = Mine({1})",
        "K = Mine({2})",
    ),
    Edit(
        "content of a subclass of deque",
        """
        from collections import deque
        import numpy as np

        class Mine(deque):
            pass

        K = Mine([1])

        def node(x):
            return list(K)
        """,
        "K = Mine([1])",
        "K = Mine([2])",
    ),
    Edit(
        "content of a subclass of array",
        """
        from collections import deque
        import numpy as np

        class Mine(np.ndarray):
            pass

        K = np.arange(3).view(Mine)

        def node(x):
            return K.tolist()
        """,
        "K = np.arange(3).view(Mine)",
        "K = np.arange(4).view(Mine)",
    ),
    Edit(
        "content of a subclass of exception",
        """
        from collections import deque
        import numpy as np

        class Mine(ValueError):
            pass

        K = Mine('a')

        def node(x):
            return K.args
        """,
        "K = Mine('a')",
        "K = Mine('b')",
    ),
    Edit(
        "content of a subclass of text",
        """
        from collections import deque
        import numpy as np

        class Mine(str):
            pass

        K = Mine('a')

        def node(x):
            return str(K)
        """,
        "K = Mine('a')",
        "K = Mine('b')",
    ),
    Edit(
        "attribute of a subclass of dict",
        """
        class Table(dict):
            pass

        K = Table(a=3)
        K.k = 1

        def node(x):
            return K.k
        """,
        "K.k = 1",
        "K.k = 2",
    ),
    Edit(
        "value of a structure of msgspec",
        """
        import msgspec

        class A(msgspec.Struct):
            k: int = 1

        K = A(2)

        def node(x):
            return K.k
        """,
        "A(2)",
        "A(3)",
    ),
    Edit(
        "module's own getattr",
        "import lazy\n\ndef node(x):\n    return lazy.rate\n",
        "return 2",
        "return 3",
        file="lazy.py",
        others={"lazy.py": "def __getattr__(name):\n    return 2\n"},
    ),
    Edit(
        "asynchronous function",
        """
        import asyncio

        async def _f(v):
            return v + 1

        def node(x):
            return asyncio.run(_f(x))
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "star import",
        "from helpers import *\n\ndef node(x):\n    return scaled(x)\n",
        "RATE = 2",
        "RATE = 3",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "relative import of a package",
        "from kit2 import total\n\ndef node(x):\n    return total(x)\n",
        "v + 1",
        "v + 2",
        file="kit2/parts.py",
        others={
            "kit2/__init__.py": "def total(v):\n    from .parts import one\n    return one(v)\n",
            "kit2/parts.py": "def one(v):\n    return v + 1\n",
        },
    ),
    Edit(
        "function passed as a default",
        "def _f(v):\n    return v + 1\n\ndef node(x, f=_f):\n    return f(x)\n",
        "v + 1",
        "v + 2",
    ),
    Edit(
        "function in a frozen set",
        "def _f(v):\n    return v + 1\n\nK = frozenset({_f})\n\ndef node(x):\n    return [f(x) for f in K]\n",
        "v + 1",
        "v + 2",
    ),
    Edit(
        "chain of comparisons in a lambda of a sort",
        "def node(x):\n    return sorted([3, 1, 2], key=lambda v: -v)\n",
        "-v",
        "v",
    ),
    Edit(
        "global statement",
        """
        STATE = 1

        def _set():
            global STATE
            STATE = 5

        def node(x):
            return STATE + x
        """,
        "STATE = 1\n",
        "STATE = 2\n",
    ),
    Edit(
        "state of a decorator that is an object",
        """
        import functools

        class Times:
            def __init__(self, f, k):
                functools.update_wrapper(self, f)
                self.f, self.k = f, k

            def __call__(self, x):
                return self.k * self.f(x)

        def _f(x):
            return x

        _g = Times(_f, 2)

        def node(x):
            return _g(x)
        """,
        "Times(_f, 2)",
        "Times(_f, 3)",
    ),
    Edit(
        "docstring under a decorator that is an object",
        """
        import functools

        class Times:
            def __init__(self, f):
                functools.update_wrapper(self, f)
                self.f = f

            def __call__(self, x):
                return 2 * self.f(x)

        @Times
        def _f(x):
            'old'
            return x

        def node(x):
            return _f(x)
        """,
        "'old'",
        "'new'",
        counts=False,
    ),
    Edit(
        "private slots",
        """
        class Box:
            __slots__ = ("__k",)

            def __init__(self, k):
                self.__k = k

            def get(self):
                return self.__k

        K = Box(1)

        def node(x):
            return K.get()
        """,
        "Box(1)",
        "Box(2)",
    ),
    Edit(
        "alias of a generic class",
        """
        from typing import Generic, TypeVar

        T = TypeVar("T")

        class Box(Generic[T]):
            def f(self):
                return 1

        Whole = Box[int]

        def node(x):
            return Whole().f()
        """,
        "return 1",
        "return 2",
    ),
    Edit(
        "number of 5,000 digits",
        "K = 16 ** 5000\n\ndef node(x):\n    return K % 1000\n",
        "16 ** 5000",
        "16 ** 5000 + 1",
    ),
    # -- Hamilton ---------------------------------------------------------------------------
    Edit(
        "upstream node",
        "def a(x: int) -> int:\n    return x + 1\n\ndef node(a: int) -> int:\n    return a\n",
        "x + 1",
        "x + 2",
        graph=True,
    ),
    Edit(
        "parameterize",
        """
        from hamilton.function_modifiers import parameterize, value

        @parameterize(node={"k": value(2)}, other={"k": value(5)})
        def made(x: int, k: int) -> int:
            return x * k
        """,
        "value(2)",
        "value(3)",
        graph=True,
    ),
    Edit(
        "inject",
        """
        from hamilton.function_modifiers import inject, value

        @inject(k=value(2))
        def node(x: int, k: int) -> int:
            return x * k
        """,
        "value(2)",
        "value(3)",
        graph=True,
    ),
    Edit(
        "config.when",
        """
        from hamilton.function_modifiers import config

        @config.when(task="b")
        def node__b(x: int) -> int:
            return x + 1

        @config.when(task="c")
        def node__c(x: int) -> int:
            return x + 3
        """,
        "x + 1",
        "x + 2",
        graph=True,
    ),
    Edit(
        "the variant config.when leaves out",
        """
        from hamilton.function_modifiers import config

        @config.when(task="b")
        def node__b(x: int) -> int:
            return x + 1

        @config.when(task="c")
        def node__c(x: int) -> int:
            return x + 3
        """,
        "x + 3",
        "x + 4",
        counts=False,
        graph=True,
    ),
    Edit(
        "extract_fields",
        """
        from hamilton.function_modifiers import extract_fields

        @extract_fields({"node": int, "other": int})
        def both(x: int) -> dict:
            return {"node": x, "other": x + 1}
        """,
        '"node": x,',
        '"node": x + 1,',
        graph=True,
    ),
    Edit(
        "extract_columns",
        """
        import pandas as pd
        from hamilton.function_modifiers import extract_columns

        K = 1

        @extract_columns("u", "v")
        def table(x: int) -> pd.DataFrame:
            return pd.DataFrame({"u": [x + K], "v": [x]})

        def node(u: pd.Series) -> int:
            return int(u.iloc[0])
        """,
        "K = 1",
        "K = 2",
        graph=True,
    ),
    Edit(
        "helper of a pipe",
        """
        from hamilton.function_modifiers import pipe_output, step

        def _plus(v: int, k: int) -> int:
            return v + k

        @pipe_output(step(_plus, k=1))
        def node(x: int) -> int:
            return x
        """,
        "v + k",
        "v - k",
        graph=True,
    ),
    Edit(
        "argument of a pipe",
        """
        from hamilton.function_modifiers import pipe_input, step

        def _plus(v: int, k: int) -> int:
            return v + k

        @pipe_input(step(_plus, k=1))
        def node(x: int) -> int:
            return x
        """,
        "k=1",
        "k=2",
        graph=True,
    ),
    Edit(
        "function of a subdag",
        """
        import part
        from hamilton.function_modifiers import source, subdag

        @subdag(part, inputs={"y": source("x")})
        def node(s: int) -> int:
            return s
        """,
        "y * 2",
        "y * 3",
        file="part.py",
        others={"part.py": "def s(y: int) -> int:\n    return y * 2\n"},
        graph=True,
    ),
    Edit(
        "does",
        """
        from hamilton.function_modifiers import does

        def _sum(**parts: int) -> int:
            return sum(parts.values()) + 1

        @does(_sum)
        def node(x: int) -> int:
            pass
        """,
        "+ 1",
        "+ 2",
        graph=True,
    ),
    Edit(
        "function under check_output",
        """
        from hamilton.function_modifiers import check_output

        @check_output(range=(0, 100), importance="warn")
        def node(x: int) -> int:
            return x + 1
        """,
        "x + 1",
        "x + 2",
        graph=True,
    ),
    Edit(
        "tag",
        """
        from hamilton.function_modifiers import tag

        @tag(owner="a")
        def node(x: int) -> int:
            return x
        """,
        '"a"',
        '"b"',
        counts=False,
        graph=True,
    ),
    # -- what must not count ----------------------------------------------------------------
    Edit(
        "comment",
        "def node(x):\n    return x\n",
        "    return",
        "    # why\n    return",
        counts=False,
    ),
    Edit("docstring", "def node(x):\n    'old'\n    return x\n", "'old'", "'new'", counts=False),
    Edit(
        "new docstring",
        "def node(x):\n    return x + 1\n",
        "    return",
        "    '''Say it.'''\n    return",
        counts=False,
    ),
    Edit(
        "docstring of a helper and a class",
        "class A:\n    'old'\n    def f(self):\n        'old'\n        return 1\n\n"
        "def node(x):\n    return A().f()\n",
        "'old'",
        "'new'",
        counts=False,
    ),
    Edit(
        "docstring of a nested function",
        "def node(x):\n    def f():\n        'old'\n        return x\n    return f()\n",
        "'old'",
        "'new'",
        counts=False,
    ),
    Edit(
        "layout",
        "def node(x):\n    return x + 1\n",
        "    return x + 1",
        "\n\n    return (\n        x\n        + 1\n    )",
        counts=False,
    ),
    Edit(
        "annotations",
        "def node(x):\n    y = x\n    return y\n",
        "def node(x):\n    y = x",
        "def node(x: int) -> 'object':\n    y: int = x",
        counts=False,
    ),
    Edit(
        "annotations of a nested function",
        "def node(x):\n    k = 1\n    def f(v, w=2):\n        return v + k + w\n    return f(x)\n",
        "f(v, w=2)",
        "f(v: list[int], w: dict[str, int] = 2) -> int",
        counts=False,
    ),
    Edit(
        "annotation of a field",
        "from dataclasses import dataclass\n\n@dataclass\nclass A:\n    k: int = 1\n\n"
        "def node(x):\n    return A().k\n",
        "k: int",
        "k: float",
        counts=False,
    ),
    Edit(
        "name of a local",
        "def node(x):\n    first = x + 1\n    second = first * 2\n    return second - first\n",
        "first",
        "zebra",
        counts=False,
    ),
    Edit(
        "name of a captured local",
        """
        def node(x):
            a, b = x, 2
            def inner(v):
                return a + b * v
            return inner(3) + (lambda: a)()
        """,
        "a, b = x, 2\n    def inner(v):\n        return a + b * v\n    return inner(3) + (lambda: a)()",
        "z, b = x, 2\n    def inner(v):\n        return z + b * v\n    return inner(3) + (lambda: z)()",
        counts=False,
    ),
    Edit(
        "name of a variable in a comprehension",
        "def node(x):\n    return [i + x for i in range(x)]\n",
        "i + x for i",
        "j + x for j",
        counts=False,
    ),
    Edit(
        "alias of a package",
        "import numpy as np\n\ndef node(x):\n    return float(np.sqrt(x))\n",
        "np",
        "numerics",
        counts=False,
    ),
    Edit(
        "alias of a package imported inside",
        "def node(x):\n    import numpy as np\n    return float(np.sqrt(x))\n",
        "np",
        "numerics",
        counts=False,
    ),
    Edit(
        "alias of a helper",
        "from helpers import scaled as qq\n\ndef node(x):\n    return qq(x)\n",
        "qq",
        "other",
        counts=False,
        others=HELPERS,
    ),
    Edit(
        "order of definitions",
        "A = 1\nB = 2\n\ndef _f(v):\n    return v + A\n\ndef node(x):\n    return _f(x) + B\n",
        "A = 1\nB = 2\n",
        "B = 2\nA = 1\n",
        counts=False,
    ),
    Edit(
        "order of methods",
        """
        class A:
            def f(self):
                return 1

            def g(self):
                return self.f()

        def node(x):
            return A().g()
        """,
        "    def f(self):\n        return 1\n\n    def g(self):\n        return self.f()\n",
        "    def g(self):\n        return self.f()\n\n    def f(self):\n        return 1\n",
        counts=False,
    ),
    Edit(
        "function that is not used",
        "def _other(v):\n    return v\n\ndef node(x):\n    return x\n",
        "return v",
        "return -v",
        counts=False,
    ),
    Edit(
        "constant that is not used in a helper module",
        "import helpers\n\ndef node(x):\n    return helpers.scaled(x)\n",
        "RATE = 2",
        "RATE = 2\nOTHER = 3",
        counts=False,
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "lines above",
        "def node(x):\n    return x\n",
        "def node",
        "import os\n\nUNUSED = 1\n\n\ndef node",
        counts=False,
    ),
    Edit(
        "logger's name",
        "import logging\n_log = logging.getLogger('a')\n\ndef node(x):\n    _log.debug('x')\n    return x\n",
        "'a'",
        "'b'",
        counts=False,
    ),
    # -- roads that are seldom taken -----------------------------------------------------------
    Edit(
        "thread local",
        """
        import threading
        CFG = threading.local()
        CFG.rate = 2
        def node(x):
            return CFG.rate * x
        """,
        "rate = 2",
        "rate = 4",
    ),
    Edit(
        "weak reference",
        """
        import weakref
        class Cfg:
            rate = 2
        REF = weakref.ref(Cfg)
        def node(x):
            return REF().rate * x
        """,
        "rate = 2",
        "rate = 4",
    ),
    Edit(
        "weak registry",
        """
        import weakref
        def _a(v):
            return v + 1
        REG = weakref.WeakValueDictionary()
        REG["a"] = _a
        def node(x):
            return REG["a"](x)
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "alias of an enum",
        """
        import enum
        class C(enum.Enum):
            A = 1
            D = 3
            B = 1
        def node(x):
            return C["B"].value + x
        """,
        "B = 1",
        "B = 3",
    ),
    Edit(
        "attribute hung on a member",
        """
        import enum
        class C(enum.Enum):
            A = 1
        C.A.weight = 2
        def node(x):
            return C.A.weight + x
        """,
        "weight = 2",
        "weight = 3",
    ),
    Edit(
        "metadata of a field",
        """
        import dataclasses
        @dataclasses.dataclass
        class P:
            a: int = dataclasses.field(default=1, metadata={"unit": 2})
        def node(x):
            return dataclasses.fields(P)[0].metadata["unit"] + x
        """,
        '"unit": 2',
        '"unit": 3',
    ),
    Edit(
        "match args",
        """
        class P:
            __match_args__ = ("a", "b")
            def __init__(self, a, b):
                self.a, self.b = a, b
        def node(x):
            match P(x, 10):
                case P(first):
                    return first
        """,
        '("a", "b")',
        '("b", "a")',
    ),
    Edit(
        "registered virtual subclass",
        """
        import abc
        class Shape(abc.ABC):
            pass
        Shape.register(int)
        def node(x):
            return isinstance(x, Shape)
        """,
        "register(int)",
        "register(float)",
    ),
    Edit(
        "subclass found by __subclasses__",
        """
        class Plugin:
            pass
        class A(Plugin):
            weight = 1
        def node(x):
            return sum(c.weight for c in Plugin.__subclasses__()) + x
        """,
        "weight = 1",
        "weight = 2",
    ),
    Edit(
        "a new subclass found by __subclasses__",
        """
        import base, more
        def node(x):
            return sum(c.weight for c in base.Plugin.__subclasses__()) + x
        """,
        "# here",
        "class B(Plugin):\n    weight = 5",
        file="more.py",
        others={
            "base.py": "class Plugin:\n    pass\n",
            "more.py": "from base import Plugin\nclass A(Plugin):\n    weight = 1\n# here\n",
        },
    ),
    Edit(
        "name read by getattr",
        """
        def helper(v):
            return v
        F = helper
        def node(x):
            return getattr(F, "__name__")
        """,
        "helper",
        "helped",
    ),
    Edit(
        "name read by attrgetter",
        """
        import operator
        NAME = operator.attrgetter("__name__")
        def helper(v):
            return v
        F = helper
        def node(x):
            return NAME(F)
        """,
        "helper",
        "helped",
    ),
    Edit(
        "enum class renamed",
        """
        import enum
        class Colour(enum.Enum):
            RED = 1
        RED = Colour.RED
        def node(x):
            return str(RED)
        """,
        "Colour",
        "Color",
    ),
    Edit(
        "named tuple renamed",
        """
        import collections
        P = collections.namedtuple("P", "a")
        def node(x):
            return repr(P(x))
        """,
        '"P"',
        '"Q"',
    ),
    Edit(
        "class renamed and printed",
        """
        class A:
            pass
        K = A
        def node(x):
            return str(K)
        """,
        "A",
        "B",
    ),
    Edit(
        "exception class renamed",
        """
        class BadA(Exception):
            pass
        E = BadA
        def node(x):
            return repr(E(x))
        """,
        "BadA",
        "BadB",
    ),
    Edit(
        "source of a helper",
        """
        import inspect
        def helper(v):
            return v  # a
        def node(x):
            return inspect.getsource(helper)
        """,
        "# a",
        "# b",
    ),
    Edit(
        "doc by inspect",
        '''
        import inspect
        def helper(v):
            """One."""
        def node(x):
            return inspect.getdoc(helper)
        ''',
        "One",
        "Two",
    ),
    Edit(
        "pure path",
        """
        from pathlib import PurePosixPath
        P = PurePosixPath("a/b")
        def node(x):
            return str(P)
        """,
        "a/b",
        "a/c",
    ),
    Edit(
        "path that is not there",
        """
        from pathlib import Path
        P = Path("out-a")
        def node(x):
            return P.name
        """,
        "out-a",
        "out-b",
    ),
    Edit(
        "name of a file that is there",
        """
        from pathlib import Path
        P = Path(__file__).parent / "one.txt"
        def node(x):
            return P.stem
        """,
        "one.txt",
        "two.txt",
        others={"one.txt": "1", "two.txt": "1"},
    ),
    Edit(
        "masked array",
        """
        import numpy as np
        M = np.ma.array([1, 2], mask=[False, True])
        def node(x):
            return M.sum() + x
        """,
        "[False, True]",
        "[True, False]",
    ),
    Edit(
        "fill value of a masked array",
        """
        import numpy as np
        M = np.ma.array([1, 2], mask=[False, True], fill_value=7)
        def node(x):
            return M.filled().tolist()
        """,
        "fill_value=7",
        "fill_value=8",
    ),
    Edit(
        "attrs of a frame",
        """
        import pandas as pd
        F = pd.DataFrame({"a": [1]})
        F.attrs["unit"] = "K"
        def node(x):
            return F.attrs["unit"]
        """,
        '"K"',
        '"C"',
    ),
    Edit(
        "attrs of a series",
        """
        import pandas as pd
        F = pd.Series([1])
        F.attrs["unit"] = "K"
        def node(x):
            return F.attrs["unit"]
        """,
        '"K"',
        '"C"',
    ),
    Edit(
        "sparse matrix",
        """
        import scipy.sparse as sp
        M = sp.csr_matrix([[1, 0], [0, 2]])
        def node(x):
            return int(M.sum()) + x
        """,
        "[0, 2]",
        "[0, 3]",
    ),
    Edit(
        "methodcaller argument",
        """
        import operator
        F = operator.methodcaller("split", "a")
        def node(x):
            return F("xaybz")
        """,
        '"split", "a"',
        '"split", "b"',
    ),
    Edit(
        "singledispatchmethod",
        """
        import functools
        class A:
            @functools.singledispatchmethod
            def f(self, v):
                return v
            @f.register
            def _(self, v: int):
                return v + 1
        OBJ = A()
        def node(x):
            return OBJ.f(x)
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "StringIO",
        """
        import io
        T = io.StringIO("abc")
        def node(x):
            return T.getvalue()
        """,
        "abc",
        "abd",
    ),
    Edit(
        "config parser",
        """
        import configparser
        C = configparser.ConfigParser()
        C.read_string("[a]\\nb = 1\\n")
        def node(x):
            return C["a"]["b"]
        """,
        "b = 1",
        "b = 2",
    ),
    Edit(
        "chain map",
        """
        import collections
        C = collections.ChainMap({"a": 1}, {"b": 2})
        def node(x):
            return C["b"] + x
        """,
        '"b": 2',
        '"b": 3',
    ),
    Edit(
        "array.array",
        """
        import array
        V = array.array("d", [1.0])
        def node(x):
            return V[0]
        """,
        "1.0",
        "2.0",
    ),
    Edit(
        "instance attribute set at import by another module",
        """
        import cfg, change
        def node(x):
            return cfg.CFG.rate * x
        """,
        "rate = 3",
        "rate = 4",
        file="change.py",
        others={
            "cfg.py": "class C:\n    rate = 1\nCFG = C()\n",
            "change.py": "import cfg\ncfg.CFG.rate = 3\n",
        },
    ),
    Edit(
        "class attribute patched by another module",
        """
        import cfg, change
        def node(x):
            return cfg.C().rate * x
        """,
        "rate = 3",
        "rate = 4",
        file="change.py",
        others={"cfg.py": "class C:\n    rate = 1\n", "change.py": "import cfg\ncfg.C.rate = 3\n"},
    ),
    Edit(
        "function replaced by another module",
        """
        import helpers, change
        def node(x):
            return helpers.scaled(x)
        """,
        "v + 3",
        "v + 4",
        file="change.py",
        others={
            "helpers.py": "RATE = 2\n\ndef scaled(v):\n    return v * RATE\n",
            "change.py": "import helpers\nhelpers.scaled = lambda v: v + 3\n",
        },
    ),
    Edit(
        "code of a function replaced",
        """
        def _a(v):
            return v + 1
        def _b(v):
            return v + 5
        _a.__code__ = _b.__code__
        def node(x):
            return _a(x)
        """,
        "v + 5",
        "v + 6",
    ),
    Edit(
        "module class with a property",
        """
        import mod
        def node(x):
            return mod.rate + x
        """,
        "return 2",
        "return 3",
        file="mod.py",
        others={
            "mod.py": "import sys, types\nclass M(types.ModuleType):\n    @property\n    def rate(self):\n        return 2\nsys.modules[__name__].__class__ = M\n"
        },
    ),
    Edit(
        "descriptor with set_name",
        """
        class D:
            def __set_name__(self, owner, name):
                self.name = name * 2
            def __get__(self, obj, owner):
                return self.name
        class A:
            rate = D()
        def node(x):
            return A.rate
        """,
        "name * 2",
        "name * 3",
    ),
    Edit(
        "getattribute",
        """
        class A:
            def __getattribute__(self, name):
                return len(name) + 1
        OBJ = A()
        def node(x):
            return OBJ.abc + x
        """,
        "+ 1\n",
        "+ 2\n",
    ),
    Edit(
        "class decorator",
        """
        def deco(cls):
            cls.extra = lambda self: 1
            return cls
        @deco
        class A:
            pass
        def node(x):
            return A().extra() + x
        """,
        "self: 1",
        "self: 2",
    ),
    Edit(
        "dict of dict of lambda",
        """
        T = {"a": {"b": lambda v: v + 1}}
        def node(x):
            return T["a"]["b"](x)
        """,
        "v + 1",
        "v + 2",
    ),
    Edit(
        "conditional import",
        """
        try:
            import nothing_of_that_name as impl
        except ImportError:
            import helpers as impl
        def node(x):
            return impl.scaled(x)
        """,
        "v * RATE",
        "v + RATE",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "lazy attribute of a package",
        """
        import kit
        def node(x):
            return kit.run(x)
        """,
        "v + 1",
        "v + 2",
        file="kit/inner.py",
        others={
            "kit/__init__.py": "def __getattr__(name):\n    import importlib\n    return getattr(importlib.import_module('kit.inner'), name)\n",
            "kit/inner.py": "def run(v):\n    return v + 1\n",
        },
    ),
    Edit(
        "getattr of a module imported inside",
        """
        def node(x):
            import helpers
            return getattr(helpers, "scal" + "ed")(x)
        """,
        "v * RATE",
        "v + RATE",
        file="helpers.py",
        others=HELPERS,
    ),
    Edit(
        "unpack_fields",
        """
        from hamilton.function_modifiers import unpack_fields
        @unpack_fields("a", "b")
        def both(x: int) -> tuple[int, int]:
            return x + 1, x + 2
        def node(a: int) -> int:
            return a
        """,
        "x + 1",
        "x + 3",
        graph=True,
    ),
    Edit(
        "parameterize_sources",
        """
        from hamilton.function_modifiers import parameterize_sources
        def one(x: int) -> int:
            return x + 1
        def two(x: int) -> int:
            return x + 2
        @parameterize_sources(node=dict(v="one"))
        def made(v: int) -> int:
            return v
        """,
        'v="one"',
        'v="two"',
        graph=True,
    ),
    Edit(
        "mutate",
        """
        from hamilton.function_modifiers import mutate, apply_to
        def node(x: int) -> int:
            return x
        @mutate(node)
        def _more(node: int) -> int:
            return node + 1
        """,
        "node + 1",
        "node + 2",
        graph=True,
    ),
    Edit(
        "weights of a torch module",
        """
        import torch
        torch.manual_seed(0)
        M = torch.nn.Linear(1, 1)
        def node(x):
            with torch.no_grad():
                return float(M(torch.tensor([float(x)])))
        """,
        "seed(0)",
        "seed(1)",
    ),
    Edit(
        "fitted estimator at module level",
        """
        import numpy as np
        from sklearn.linear_model import LinearRegression
        M = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
        def node(x):
            return float(M.predict([[x]])[0])
        """,
        "[1.0, 2.0])\n",
        "[1.0, 3.0])\n",
    ),
    Edit(
        "booster at module level",
        """
        import numpy as np, xgboost as xgb
        M = xgb.train({"seed": 1, "nthread": 1, "eta": 0.3}, xgb.DMatrix(np.arange(10.)[:, None], np.arange(10.)), 2)
        def node(x):
            return float(M.predict(xgb.DMatrix(np.array([[float(x)]])))[0])
        """,
        '"eta": 0.3',
        '"eta": 0.9',
    ),
    Edit(
        "bound method of a fitted estimator",
        """
        from sklearn.linear_model import LinearRegression
        P = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]).predict
        def node(x):
            return float(P([[x]])[0])
        """,
        "[1.0, 2.0]).p",
        "[1.0, 3.0]).p",
    ),
    Edit(
        "interp1d",
        """
        from scipy.interpolate import interp1d
        F = interp1d([0, 5], [0, 10])
        def node(x):
            return float(F(x))
        """,
        "[0, 10]",
        "[0, 20]",
    ),
    Edit(
        "template delimiter",
        """
        import string
        class T(string.Template):
            delimiter = "%"
        def node(x):
            return T("$a %a").substitute(a=x)
        """,
        'delimiter = "%"',
        'delimiter = "$"',
    ),
    Edit(
        "builtins patched",
        """
        import builtins
        builtins.rate = 2
        def node(x):
            return rate + x
        """,
        "rate = 2",
        "rate = 3",
    ),
    Edit(
        "attrs class",
        """
        import attrs
        @attrs.define
        class P:
            a: int = attrs.field(default=1, converter=lambda v: v * 2)
        def node(x):
            return P(x).a
        """,
        "v * 2",
        "v * 3",
    ),
    # -- what importing does elsewhere; last, since it outlives its module -----------------------
    Edit(
        "constant patched into a library's module",
        """
        import string
        string.FLAVOUR = 1
        def node(x):
            return string.FLAVOUR + x
        """,
        "FLAVOUR = 1",
        "FLAVOUR = 2",
    ),
    Edit(
        "known constant patched",
        """
        import math
        math.tau = 6
        def node(x):
            return math.tau + x
        """,
        "tau = 6",
        "tau = 7",
    ),
    Edit(
        "lambda partial patched into a library's module",
        """
        import functools, math
        def _add(k, v):
            return k + v
        math.bump = functools.partial(_add, 1)
        def node(x):
            return math.bump(x)
        """,
        "_add, 1",
        "_add, 2",
    ),
    Edit(
        "method hung on a library's class",
        """
        import pandas as pd
        pd.DataFrame.twice = lambda self: self * 2
        def node(x):
            return pd.DataFrame({"a": [x]}).twice()["a"].tolist()
        """,
        "self * 2",
        "self * 3",
    ),
    Edit(
        "pandas accessor",
        """
        import pandas as pd
        @pd.api.extensions.register_series_accessor("geo")
        class Geo:
            def __init__(self, s):
                self.s = s
            def total(self):
                return float(self.s.sum() * 2)
        def node(x):
            return pd.Series([x]).geo.total()
        """,
        "* 2",
        "* 3",
    ),
    Edit(
        "decimal context at import",
        """
        import decimal
        decimal.getcontext().prec = 5
        def node(x):
            return str(decimal.Decimal(1) / decimal.Decimal(x))
        """,
        "prec = 5",
        "prec = 6",
    ),
    Edit(
        "pandas option at import",
        """
        import pandas as pd
        pd.set_option("display.max_rows", 4)
        def node(x):
            return repr(pd.Series(range(20 + x)))
        """,
        "4",
        "6",
    ),
    Edit(
        "pandas option at import by attribute",
        """
        import pandas as pd
        pd.options.display.max_rows = 4
        def node(x):
            return repr(pd.Series(range(20 + x)))
        """,
        "rows = 4",
        "rows = 6",
    ),
    Edit(
        "numpy print options at import",
        """
        import numpy as np
        np.set_printoptions(precision=3)
        def node(x):
            return repr(np.array([1/x]))
        """,
        "precision=3",
        "precision=4",
    ),
    Edit(
        "numpy err state at import",
        """
        import numpy as np
        np.seterr(divide="ignore")
        def node(x):
            try:
                return float(np.float64(x) / np.float64(0))
            except FloatingPointError:
                return "raised"
        """,
        '"ignore"',
        '"raise"',
    ),
    Edit(
        "torch default dtype at import",
        """
        import torch
        torch.set_default_dtype(torch.float32)
        def node(x):
            return str(torch.tensor([1.0, x]).dtype)
        """,
        "torch.float32",
        "torch.float64",
    ),
    Edit(
        "option set by a function called at import",
        """
        import decimal
        def _setup():
            decimal.getcontext().prec = 5
        _setup()
        def node(x):
            return str(decimal.Decimal(1) / decimal.Decimal(x))
        """,
        "prec = 5",
        "prec = 6",
    ),
    Edit(
        "option set by an imported module",
        """
        import decimal
        import setup_it
        def node(x):
            return str(decimal.Decimal(1) / decimal.Decimal(x))
        """,
        "prec = 5",
        "prec = 6",
        file="setup_it.py",
        others={"setup_it.py": "import decimal\ndecimal.getcontext().prec = 5\n"},
    ),
    Edit(
        "codec error handler",
        """
        import codecs
        codecs.register_error("mine", lambda e: ("?", e.end))
        def node(x):
            return "é".encode("ascii", "mine")
        """,
        '"?"',
        '"!"',
    ),
    Edit(
        "json encoder default patched",
        """
        import json
        json.JSONEncoder.item_separator = ", "
        def node(x):
            return json.JSONEncoder().encode([x, x])
        """,
        '", "',
        '" , "',
    ),
    Edit(
        "warnings as errors",
        """
        import warnings
        warnings.simplefilter("ignore")
        def node(x):
            try:
                warnings.warn("a")
            except UserWarning:
                return "raised"
            return "fine"
        """,
        '"ignore"',
        '"error"',
    ),
    Edit(
        "constant named in a query",
        """
        import pandas as pd
        LIMIT = 1
        def node(x):
            '''Unlike OTHER.'''
            return pd.DataFrame({"a": [1, 2, x]}).query("a > @LIMIT").to_csv()
        """,
        "LIMIT = 1",
        "LIMIT = 2",
    ),
    Edit(
        "helper named in a query",
        """
        import pandas as pd
        def _large(a):
            return a > 1
        def node(x):
            return pd.DataFrame({"a": [1, 2, x]}).query("@_large(a)").to_csv()
        """,
        "a > 1",
        "a > 2",
    ),
    Edit(
        "constant named in a text that is a constant",
        """
        import pandas as pd
        LIMIT = 1
        WHERE = "a > @LIMIT"
        def node(x):
            return pd.DataFrame({"a": [1, 2, x]}).query(WHERE).to_csv()
        """,
        "LIMIT = 1",
        "LIMIT = 2",
    ),
    Edit(
        "constant named in what pandas evaluates",
        """
        import pandas as pd
        SCALE = 2
        def node(x):
            return pd.DataFrame({"a": [x]}).eval("b = a * @SCALE").to_csv() + str(pd.eval("SCALE + 1"))
        """,
        "SCALE = 2",
        "SCALE = 3",
    ),
    Edit(
        "constant that a query's docstring names",
        """
        import pandas as pd
        OTHER = 1
        def node(x):
            '''Unlike @OTHER.'''
            return pd.DataFrame({"a": [1, 2, x]}).query("a > 1").to_csv()
        """,
        "OTHER = 1",
        "OTHER = 2",
        counts=False,
    ),
]

"""What importing a module does besides giving names: calls for their effect, things of others set.

A function's own code does not show that its module sets an option of a library, hangs a method on
a library's class or registers something there, and its result may rest on that.
"""

import ast
import dis
import importlib.util
import inspect
import linecache
import os
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.cache.packages import owner_of_class, owner_of_function, owner_of_module

__all__ = ["Importing", "importing", "own_modules"]


@dataclass(frozen=True, slots=True)
class Importing:
    """The statements of one module that change what is not the user's own.

    Parameters
    ----------
    module : str
        Its name.
    text : str
        The statements, in a normal form.
    values : tuple of (name, object)
        What they name of the user's own, in the order of first use.
    """

    module: str
    text: str
    values: tuple[tuple[str, object], ...]


def importing(module: types.ModuleType) -> tuple[Importing, ...]:
    """Return what importing a module of the user's sets elsewhere, and what those it imports do."""
    own = (_looked(one).own for one in own_modules(module))
    return tuple(each for each in own if each is not None)


def own_modules(module: types.ModuleType) -> tuple[types.ModuleType, ...]:
    """Return a module of the user's, and those of theirs that importing it imports."""
    found: dict[int, types.ModuleType] = {}
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one
            waiting += reversed(_looked(one).imports)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Looked:
    module: types.ModuleType
    stamp: object
    own: Importing | None
    imports: tuple[types.ModuleType, ...]


_LOOKED: dict[int, _Looked] = {}


def _looked(module: types.ModuleType) -> _Looked:
    file = getattr(module, "__file__", None)
    try:
        stamp: object = os.stat(file).st_mtime_ns if isinstance(file, str) else None  # noqa: PTH116
    except OSError:
        stamp = None
    known = _LOOKED.get(id(module))
    if known is None or known.module is not module or known.stamp != stamp:
        code = _code(module)
        own = _own(module) if code is not None and _has_effects(code) else None
        imports = () if code is None else tuple(_imports(code, module))
        known = _LOOKED[id(module)] = _Looked(module, stamp, own, imports)
    return known


def _code(module: types.ModuleType) -> types.CodeType | None:
    loader: Any = getattr(module.__spec__, "loader", None)
    try:
        if module.__spec__ is not None and hasattr(loader, "get_code"):
            found = loader.get_code(module.__spec__.name)
            return found if isinstance(found, types.CodeType) else None
        return compile(_source(module), str(module.__file__), "exec", dont_inherit=True)
    except (ImportError, OSError, SyntaxError, ValueError, AttributeError, TypeError):
        return None  # a session's own module has no text


def _source(module: types.ModuleType) -> str:
    lines = linecache.getlines(str(module.__file__), vars(module))
    return "".join(lines) if lines else inspect.getsource(module)


# -- a first look at the bytecode, which most modules do not get past ---------------------------

_SETS = {dis.opmap[name] for name in ("STORE_ATTR", "STORE_SUBSCR", "DELETE_ATTR", "DELETE_SUBSCR")}
_CALLS = {code for name, code in dis.opmap.items() if name.startswith("CALL")}
_POP, _IMPORT, _LOAD, _EXTENDED = (
    dis.opmap[name] for name in ("POP_TOP", "IMPORT_NAME", "LOAD_CONST", "EXTENDED_ARG")
)
_REGISTERS = "register"


def _units(code: types.CodeType) -> Iterator[tuple[int, int]]:
    """Yield operations with their arguments, without what is there for the interpreter alone."""
    argument = 0
    raw = code.co_code
    for place in range(0, len(raw), 2):
        operation = raw[place]
        argument = argument << 8 | raw[place + 1]
        if operation == _EXTENDED:
            continue
        if operation:
            yield operation, argument
        argument = 0


def _has_effects(code: types.CodeType) -> bool:
    before = -1
    for operation, _ in _units(code):
        if operation in _SETS or (operation == _POP and before in _CALLS):
            return True
        before = operation
    return any(_REGISTERS in name for name in code.co_names)


def _imports(code: types.CodeType, module: types.ModuleType) -> Iterator[types.ModuleType]:
    """Yield the user's modules that a module imports."""
    package = getattr(module, "__package__", None) or ""
    constants: list[object] = [None, None]
    for operation, argument in _units(code):
        if operation == _IMPORT:
            level, members = constants[-2:]
            name = code.co_names[argument]
            if isinstance(level, int) and level:
                try:
                    name = importlib.util.resolve_name("." * level + name, package)
                except ImportError:
                    continue
            inner = members if isinstance(members, tuple) else ()
            for one in (name, *(f"{name}.{member}" for member in inner)):
                held = sys.modules.get(one)
                if isinstance(held, types.ModuleType) and owner_of_module(held) is None:
                    yield held
        # Since Python 3.14 small numbers have an instruction of their own.
        if operation == _LOAD:
            constants.append(code.co_consts[argument])
        elif dis.opname[operation] == "LOAD_SMALL_INT":
            constants.append(argument)


# -- the statements themselves ------------------------------------------------------------------


def _own(module: types.ModuleType) -> Importing | None:
    try:
        tree = ast.parse(_source(module))
    except (OSError, SyntaxError, TypeError):
        return None
    found: list[str] = []
    values: dict[str, object] = {}
    for statement in _statements(tree.body):
        if not _changes_others(statement, vars(module)):
            continue
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found += [ast.unparse(each) for each in statement.decorator_list]
            values.setdefault(statement.name, vars(module).get(statement.name))
            continue
        found.append(ast.unparse(statement))
        for each in ast.walk(statement):
            if isinstance(each, ast.Name) and each.id in vars(module):
                values.setdefault(each.id, vars(module)[each.id])
    return Importing(module.__name__, "\n".join(found), tuple(values.items())) if found else None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run on import, those inside others too."""
    for statement in body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            yield from _statements(statement.orelse)  # what a script does when it is started
            continue
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, name, []))
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _changes_others(statement: ast.stmt, names: dict[str, object]) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=called)):
            return _is_of_others(called, names)
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return any(_is_set_elsewhere(target, names) for target in targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return _is_set_elsewhere(target, names)
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            return any(
                _REGISTERS in ast.unparse(each) and _is_of_others(each, names)
                for each in statement.decorator_list
            )
    return False


def _is_set_elsewhere(target: ast.expr, names: dict[str, object]) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return any(_is_set_elsewhere(each, names) for each in target.elts)
    return isinstance(target, (ast.Attribute, ast.Subscript)) and _is_of_others(target, names)


# They speak to the interpreter or to people: no result rests on them, or only by what is refused.
_HARMLESS = ("sys.path", "os.environ", "logging", "print", "sys.stdout", "atexit", "faulthandler")


def _is_of_others(what: ast.expr, names: dict[str, object]) -> bool:
    """Return whether an expression begins with a thing that is no value of the user's own."""
    path: list[str] = []
    while not isinstance(what, ast.Name):
        if isinstance(what, (ast.Attribute, ast.Subscript)):
            path += [what.attr] if isinstance(what, ast.Attribute) else []
            what = what.value
        elif isinstance(what, ast.Call):
            what = what.func
        else:
            return False
    if ".".join((what.id, *reversed(path))).startswith(_HARMLESS):
        return False
    value = names.get(what.id)
    while isinstance(value, types.ModuleType) and owner_of_module(value) is None and path:
        value = getattr(value, path.pop(), None)
    if isinstance(value, types.ModuleType):
        return owner_of_module(value) is not None
    if isinstance(value, types.FunctionType):
        # The user's own, such as `_set_up()`, may do to others whatever it likes.
        return owner_of_function(value) is not None or not path
    if isinstance(value, type):
        return owner_of_class(value) is not None
    return isinstance(value, types.BuiltinFunctionType)

"""Code objects in a normal form: what a function does, without how it was written down.

Two functions get the same form exactly when they run the same instructions on the same
constants, attributes and parameters. Comments, docstrings, layout, annotations, the names of
local variables and the place in a file are not in it. The outer names a function uses are listed
beside the form as references, for the caller to resolve: the form itself does not hold them, so
that an alias of an import may change.
"""

import dis
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Literal

from blake3 import blake3

__all__ = ["READS_NAMES", "Form", "Reference", "form_of", "names_in_texts", "scalar_bytes"]

# Instructions that only tell the interpreter how to run; `LOAD_CLOSURE` is dropped with the
# tuple it fills, because cells stand in the alphabetical order of their names.
_SILENT = {"CACHE", "EXTENDED_ARG", "NOP", "RESUME", "PRECALL", "MAKE_CELL", "COPY_FREE_VARS"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
_STORES = {"STORE_FAST", "STORE_DEREF"}
READS_NAMES = {
    *("__name__", "__qualname__", "__module__", "__doc__", "__code__", "__annotations__"),
    *("__globals__", "f_globals", "f_locals", "__subclasses__"),
}
_WRITES = {"STORE_GLOBAL", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_ATTR", "DELETE_ATTR"}
_BY_NAME = {"locals", "vars", "eval", "exec"}


@dataclass(frozen=True, slots=True)
class Reference:
    """An outer name that code uses.

    Parameters
    ----------
    kind : {"global", "free", "import"}
        Where the name is found: the module's globals, a closure's cell, an import statement.
    path : tuple of str
        The name and the attributes read from it one after the other.
    module : str
        For an import, the module as written.
    level : int
        For an import, the number of leading dots.
    member : str or None
        For an import, the name taken from the module; ``""`` is the innermost module itself,
        None the outermost one.
    argument : str
        What the first argument is when the name is called at once: ``"text"`` for a constant
        string, ``"now"`` for one that says so, ``"none"`` for a call without arguments,
        ``"name:<x>"`` for a global name, ``"local:<x>"`` for a parameter, ``""`` else. For an
        import statement ``"bound"`` when its uses stand beside it as references.
    """

    kind: Literal["global", "free", "import"]
    path: tuple[str, ...]
    module: str = ""
    level: int = 0
    member: str | None = None
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The normal form of a code object.

    Parameters
    ----------
    digest : bytes
        The digest of everything but the references' meaning.
    references : tuple of Reference
        In the order of first use.
    reflects : frozenset of str
        Attributes read that tell a function's own name or text, so that these count.
    writes : frozenset of str
        Outer names that it binds, or into whose values it writes.
    """

    digest: bytes
    references: tuple[Reference, ...]
    reflects: frozenset[str]
    writes: frozenset[str]


_FORMS: dict[int, tuple[CodeType, Form]] = {}


def form_of(code: CodeType) -> Form:
    """Return the normal form of a code object, remembered as long as the process lives."""
    known = _FORMS.get(id(code))
    if known is not None and known[0] is code:
        return known[1]
    writer = _Writer()
    cells: dict[str, object] = {name: ("free", name) for name in code.co_freevars}
    writer.code(code, cells)
    form = Form(
        digest=blake3(b"\0".join(writer.parts)).digest(16),
        references=tuple(writer.references),
        reflects=frozenset(writer.reflects),
        writes=frozenset(writer.writes),
    )
    _FORMS[id(code)] = (code, form)
    return form


@dataclass(slots=True)
class _Writer:
    """Writes the parts of a form; nested code shares its numbering of variables."""

    parts: list[bytes] = field(default_factory=list)
    references: dict[Reference, int] = field(default_factory=dict)
    reflects: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    slots: dict[object, int] = field(default_factory=dict)
    # A variable that only imports bind, and to what.
    imported: dict[object, Reference | None] = field(default_factory=dict)
    depth: int = 0

    def code(self, code: CodeType, cells: dict[str, object]) -> None:
        """Write one code object; `cells` gives the variable behind each free name."""
        self.depth += 1
        scope = (self.depth, len(self.parts))
        variables: dict[str, object] = {name: (scope, name) for name in code.co_varnames}
        variables.update({name: (scope, name) for name in code.co_cellvars})
        variables.update(cells)
        arguments = code.co_argcount + code.co_kwonlyargcount
        arguments += bool(code.co_flags & inspect.CO_VARARGS)
        arguments += bool(code.co_flags & inspect.CO_VARKEYWORDS)
        kept = code.co_flags & ~(0x10 | 0x40)  # nested and no-free: layout, not meaning
        head = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, kept)
        self.parts.append(repr((head, code.co_varnames[:arguments])).encode())
        for name in code.co_varnames[:arguments]:
            self.slot(variables[name])
        listed = [step for step in dis.get_instructions(code) if step.opname not in _SILENT]
        steps = _without_annotations(listed)
        self.bind_imports(steps, variables)
        places = _places(code, steps)
        if any(
            step.opname in {"LOAD_GLOBAL", "LOAD_NAME"} and step.argval in _BY_NAME
            for step in steps
        ):
            # The code asks for its variables by name, so here the names count.
            self.parts.append(repr((code.co_varnames, code.co_cellvars)).encode())
        for place, step in enumerate(steps):
            self.step(code, steps, place, step, variables, places)
        # Where exceptions are caught is no instruction but a table of ranges.
        self.parts.append(repr(_handlers(code, places)).encode())
        self.parts.append(b"end")
        self.depth -= 1

    def slot(self, variable: object) -> int:
        return self.slots.setdefault(variable, len(self.slots))

    def refer(self, reference: Reference) -> bytes:
        number = self.references.setdefault(reference, len(self.references))
        return b"ref %d" % number

    def step(
        self,
        code: CodeType,
        steps: list[dis.Instruction],
        place: int,
        step: dis.Instruction,
        variables: dict[str, object],
        places: dict[int, int],
    ) -> None:
        name, value = step.opname, step.argval
        add = self.parts.append
        add(name.encode())
        if name in _WRITES:
            self.writes |= _written(steps, place)
        if name == "MAKE_FUNCTION" and step.arg is not None:
            add(b"%d" % (step.arg & ~4))  # whether there are annotations is no content
        elif step.opcode in dis.hasconst and step.arg is not None:
            value = code.co_consts[step.arg]  # dis does not resolve the names of keywords
            if isinstance(value, CodeType):
                if value.co_name == "__annotate__":
                    return
                self.code(value, {free: variables.get(free, free) for free in value.co_freevars})
            else:
                add(_constant(value))
                if isinstance(value, str) and value in READS_NAMES:
                    self.reflects.add(value)  # `getattr(f, "__name__")`
        elif step.opcode in dis.haslocal or step.opcode in dis.hasfree:
            for variable in value if isinstance(value, tuple) else (value,):
                self.variable(steps, place, variables.get(variable, variable))
        elif name in {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}:
            if name == "LOAD_NAME":
                add(str(value).encode())
            path, last = _path(steps, place, str(value))
            add(self.refer(Reference("global", path, argument=_argument(steps, last))))
        elif name == "IMPORT_NAME":
            level, members = _import_words(steps, place)
            add(repr(members).encode())
            for member, variable in _targets(steps, place, members):
                # Where a variable holds this and nothing else, its uses tell what is used;
                # elsewhere, as after `try: import a as m; except: import b as m`, all may be.
                held = None if variable is None else variables.get(variable, variable)
                argument = "bound" if self.imported.get(held) is not None else ""
                found = Reference("import", (), str(value), level, member, argument)
                add(self.refer(found))
        elif name == "IMPORT_FROM":
            pass  # named by IMPORT_NAME; the variable it binds says the rest
        elif step.opcode in dis.hasname:
            add(str(value).encode())
            if value in READS_NAMES:
                self.reflects.add(str(value))
        elif step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
            add(b"%d" % places[value])
        elif step.arg is not None:
            add(repr(value if step.opcode in dis.hascompare else step.arg).encode())

    def variable(self, steps: list[dis.Instruction], place: int, variable: object) -> None:
        if isinstance(variable, tuple) and variable[0] == "free":
            path, last = _path(steps, place, str(variable[1]))
            self.parts.append(self.refer(Reference("free", path, argument=_argument(steps, last))))
            return
        self.parts.append(b"%d" % self.slot(variable))
        bound = self.imported.get(variable)
        if bound is not None and steps[place].opname.startswith("LOAD"):
            path, last = _path(steps, place, "")
            used = Reference(
                "import",
                path[1:],
                bound.module,
                bound.level,
                bound.member,
                _argument(steps, last),
            )
            self.parts.append(self.refer(used))

    def bind_imports(self, steps: list[dis.Instruction], variables: dict[str, object]) -> None:
        """Note which variables hold an imported thing and never anything else."""
        module: tuple[str, int, tuple[str, ...] | None] | None = None
        member: str | None = None
        for place, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                level, members = _import_words(steps, place)
                module, member = (str(step.argval), level, members), None
            elif step.opname == "IMPORT_FROM" and module is not None:
                member = str(step.argval) if module[2] is not None else ""
            elif step.opname in _STORES:
                variable = variables.get(step.argval, step.argval)
                before = steps[place - 1].opname if place else ""
                fresh = before in {"IMPORT_NAME", "IMPORT_FROM"} or (
                    before in {"POP_TOP", "SWAP"} and member == "" and module is not None
                )
                if not fresh or module is None:
                    self.imported[variable] = None
                    continue
                found = Reference("import", (), module[0], module[1], member)
                if before != "IMPORT_FROM" and member != "":
                    found = Reference("import", (), module[0], module[1], None)
                if self.imported.get(variable, found) == found:
                    self.imported[variable] = found
                else:
                    self.imported[variable] = None
                if member == "":
                    module = None


def _import_words(steps: list[dis.Instruction], place: int) -> tuple[int, tuple[str, ...] | None]:
    """Return the level and the list of names of an import, which are pushed just before it."""
    members, level = steps[place - 1].argval, steps[place - 2].argval
    return level if type(level) is int else 0, members


def _targets(
    steps: list[dis.Instruction], place: int, members: tuple[str, ...] | None
) -> Iterator[tuple[str | None, str | None]]:
    """Yield what an import statement takes from the module and the variable it goes to."""
    member: str | None = None
    for step in steps[place + 1 :]:
        if step.opname == "IMPORT_FROM":
            member = "" if members is None else str(step.argval)
        elif step.opname.startswith("STORE_"):
            yield member, str(step.argval) if step.opname in _STORES else None
            if members is None:
                return
        elif step.opname not in {"SWAP", "POP_TOP"}:
            return


def _path(steps: list[dis.Instruction], place: int, name: str) -> tuple[tuple[str, ...], int]:
    """Return a name with the attributes read from it, and the place of the last of them."""
    path = [name]
    while place + 1 < len(steps) and steps[place + 1].opname in _ATTRIBUTES:
        place += 1
        path.append(str(steps[place].argval))
    return tuple(path), place


def _argument(steps: list[dis.Instruction], place: int) -> str:
    """Say what is pushed after a callable, as far as one look tells."""
    if place + 1 >= len(steps):
        return ""
    after = steps[place + 1]
    if after.opname == "PUSH_NULL" and place + 2 < len(steps):
        after = steps[place + 2]
    if after.opname == "CALL" and after.arg == 0:
        return "none"
    if after.opname == "LOAD_CONST" and isinstance(after.argval, str):
        return "now" if after.argval in {"now", "today"} else "text"
    if after.opname == "LOAD_GLOBAL":
        return f"name:{after.argval}"
    if after.opname in {"LOAD_FAST", "LOAD_FAST_BORROW"}:
        stored = [
            at
            for at, step in enumerate(steps)
            if step.opname == "STORE_FAST" and step.argval == after.argval
        ]
        texts = [at for at in stored if isinstance(_const_before(steps, at), str)]
        if stored and stored == texts:
            return "text"
        if not stored:
            return f"local:{after.argval}"
    return ""


def _written(steps: list[dis.Instruction], place: int) -> set[str]:
    """Return the global name that an instruction binds or writes into, if it is one."""
    step = steps[place]
    if step.opname == "STORE_GLOBAL":
        # `global np; import numpy as np` makes a name, not a state.
        imported = steps[place - 1].opname in {"IMPORT_NAME", "IMPORT_FROM"}
        return set() if imported else {str(step.argval)}
    dropped: set[int] = set()
    held = place - 1
    if step.opname.endswith("_SUBSCR"):
        held = _drop_pushed(steps, held, dropped)  # the subscript stands above what has it
    while held >= 0 and steps[held].opname in _ATTRIBUTES:
        held -= 1
    found = steps[held]
    return {str(found.argval)} if held >= 0 and found.opname == "LOAD_GLOBAL" else set()


def _const_before(steps: list[dis.Instruction], place: int) -> Any:
    before = steps[place - 1]
    return before.argval if before.opname == "LOAD_CONST" else None


def _places(code: CodeType, steps: list[dis.Instruction]) -> dict[int, int]:
    """Return, for every offset, the number of the first kept instruction at or after it."""
    places = {}
    kept = iter(enumerate(steps))
    number, step = next(kept, (len(steps), None))
    for offset in range(0, len(code.co_code) + 2, 2):
        while step is not None and step.offset < offset:
            number, step = next(kept, (len(steps), None))
        places[offset] = number
    return places


def _handlers(code: CodeType, places: dict[int, int]) -> list[tuple[int, ...]]:
    rows: list[tuple[int, ...]] = []
    for start, end, target, depth, lasti in _exception_table(code):
        rows.append((places[start], places[end], places[target], depth, lasti))
    return rows


def _exception_table(code: CodeType) -> Iterator[tuple[int, int, int, int, int]]:
    """Decode ``co_exceptiontable``, a run of 6-bit numbers (Objects/exception_handling_notes)."""
    data = iter(code.co_exceptiontable)

    def number(first: int) -> int:
        value = first & 63
        while first & 64:
            first = next(data)
            value = (value << 6) | (first & 63)
        return value

    for first in data:
        start = number(first) * 2
        length = number(next(data)) * 2
        target = number(next(data)) * 2
        rest = number(next(data))
        yield start, start + length, target, rest >> 1, rest & 1


def _without_annotations(steps: list[dis.Instruction]) -> list[dis.Instruction]:
    """Drop what fills cells' tuples, inner functions' annotations and classes' docstrings."""
    dropped: set[int] = set()
    for place, step in enumerate(steps):
        if step.opname == "MAKE_FUNCTION":
            before = place - 2  # the code object stands between
            for flag, setter in _function_parts(steps, place):
                if flag == _CELLS:
                    before = _drop_pushed(steps, before, dropped)
                elif flag in _ANNOTATIONS:
                    before = _drop_pushed(steps, before, dropped)
                    dropped.update(() if setter is None else (setter,))
                else:
                    break  # defaults: content
        elif step.opname == "STORE_NAME" and step.argval == "__doc__":
            dropped.update((place - 1, place))
    if not dropped:
        return steps
    return [step for place, step in enumerate(steps) if place not in dropped]


_CELLS = 8
_ANNOTATIONS = (4, 16)  # a tuple, or since 3.14 a function


def _function_parts(steps: list[dis.Instruction], place: int) -> list[tuple[int, int | None]]:
    """Return what a new function is given, the last pushed first, and what sets it.

    Up to Python 3.12 the flags stand in `MAKE_FUNCTION`, after it each has its instruction.
    """
    if steps[place].arg:
        return [(flag, None) for flag in (8, 4, 2, 1) if (steps[place].arg or 0) & flag]
    parts: list[tuple[int, int | None]] = []
    while place + 1 < len(steps) and steps[place + 1].opname == "SET_FUNCTION_ATTRIBUTE":
        place += 1
        parts.append((steps[place].arg or 0, place))
    return parts


def _drop_pushed(steps: list[dis.Instruction], place: int, dropped: set[int]) -> int:
    """Drop the instructions that push one value ending at `place`; return the place before."""
    wanted = 1
    while place >= 0 and wanted > 0:
        step = steps[place]
        dropped.add(place)
        wanted -= dis.stack_effect(step.opcode, step.arg, jump=False)
        place -= 1
    return place


def _constant(value: object) -> bytes:
    """Return a constant's kind and text; sets in the order of their text."""
    if isinstance(value, tuple):
        return b"(" + b",".join(map(_constant, value)) + b")"
    if isinstance(value, frozenset):
        return b"{" + b",".join(sorted(map(_constant, value))) + b"}"
    return scalar_bytes(value)


def scalar_bytes(value: object) -> bytes:
    """Return the kind and the text of a scalar."""
    # Python refuses to write very long numbers in decimal.
    text = f"{value:x}" if type(value) is int else repr(value)
    return f"{type(value).__name__} {text}".encode("utf-8", "surrogatepass")


def names_in_texts(code: CodeType, more: Iterable[str]) -> set[str]:
    """Return names that code may look up from inside a text, as `frame.query("a > @limit")` does.

    Parameters
    ----------
    code : CodeType
        A function's code; that of functions inside it is looked at too.
    more : iterable of str
        Texts that it names, beside those that stand in it.
    """
    codes = [code]
    for each in codes:  # grows while it is walked
        codes += [held for held in each.co_consts if isinstance(held, CodeType)]
    called = {name for each in codes for name in each.co_names}
    if not called & (_LOOK_UP_MARKED | _LOOK_UP_ALL):
        return set()
    texts = [*more]
    for each in codes:
        for held in each.co_consts[_has_docstring(each) :]:
            if isinstance(held, str):
                texts.append(held)
            elif isinstance(held, tuple):
                texts += [one for one in held if isinstance(one, str)]
    pattern = r"\b[^\W\d]\w*" if called & _LOOK_UP_ALL else r"(?<=@)[^\W\d]\w*"
    return {name for text in texts for name in re.findall(pattern, text)}


# Methods that find names of the caller's in their text: after an @, or wherever they stand.
_LOOK_UP_MARKED = {"query"}
_LOOK_UP_ALL = {"eval", "evaluate", "sql"}


def _has_docstring(code: CodeType) -> bool:
    if sys.version_info >= (3, 13):
        return bool(code.co_flags & inspect.CO_HAS_DOCSTRING)
    return bool(code.co_consts) and isinstance(code.co_consts[0], str) and "<" not in code.co_name

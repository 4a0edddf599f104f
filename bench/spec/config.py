"""The shape of an experiment file: strict tables, in which nothing unknown passes."""

import re
import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from bench.errors import UserError, did_you_mean, listed, one_line

__all__ = [
    "Config",
    "DatasetTable",
    "MatrixTable",
    "ModeTable",
    "ModelTable",
    "Modes",
    "ProtocolPart",
    "ProtocolTable",
    "ReportTable",
    "read_table",
    "read_toml",
]

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Place = Annotated[str, Meta(min_length=1, max_length=4096)]  # a path, or a dotted name
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
Seconds = Annotated[float, Meta(gt=0, le=10_000_000)]
S = TypeVar("S", bound=Struct)

_LARGEST_FILE = 1_000_000  # bytes; an experiment is written by a person


class MatrixTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The axes that are crossed: every target with every task and horizon."""

    target: Name | list[Name] | dict[Name, Name | list[Name]]
    task: Name | list[Name] = msgspec.field(
        default_factory=lambda: ["binary", "multiclass", "ordinal", "continuous"]
    )
    horizon: int | list[int] = msgspec.field(default_factory=lambda: [1])


class ProtocolTable(Struct, frozen=True, forbid_unknown_fields=True):
    """How folds are cut, and which score decides."""

    n_folds: Count
    first_train: Count
    test_size: Count
    primary: dict[Name, Name] = msgspec.field(default_factory=dict)
    reference: Name | None = None


class DatasetTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a dataset comes from; what else its table says are inputs of its nodes."""

    file: Place | None = None
    time: Name | None = None
    module: Place | None = None


class ModelTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a model comes from; what else its table says are parameters."""

    module: Place | None = None
    base: Name | None = None
    tasks: Name | list[Name] | None = None
    timeout: Seconds | None = None
    memory: Name | None = None
    grid: dict[Name, Any] = msgspec.field(default_factory=dict)


class ProtocolPart(Struct, frozen=True, forbid_unknown_fields=True):
    """What a mode may say about the protocol."""

    n_folds: Count | msgspec.UnsetType = msgspec.UNSET
    first_train: Count | msgspec.UnsetType = msgspec.UNSET
    test_size: Count | msgspec.UnsetType = msgspec.UNSET
    primary: dict[Name, Name] | msgspec.UnsetType = msgspec.UNSET
    reference: Name | msgspec.UnsetType = msgspec.UNSET


class ReportTable(Struct, frozen=True, forbid_unknown_fields=True):
    """What the report consists of: names of sections, or files of one's own."""

    sections: list[Annotated[str, Meta(min_length=1, max_length=1000)]] = msgspec.field(
        default_factory=list
    )


class ModeTable(Struct, frozen=True, forbid_unknown_fields=True):
    """What differs in one mode."""

    protocol: ProtocolPart = msgspec.field(default_factory=ProtocolPart)
    models: dict[Name, dict[str, Any]] = msgspec.field(default_factory=dict)


class Modes(Struct, frozen=True):
    """The part of an experiment file that says which modes there are."""

    default_mode: Name = "development"
    mode: dict[Name, Any] = msgspec.field(default_factory=dict)


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole experiment file, before names are looked up."""

    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][\w.-]*\Z")]
    dataset: Annotated[dict[Name, Any], Meta(min_length=1)]
    matrix: MatrixTable
    protocol: ProtocolTable
    models: Annotated[dict[Name, dict[str, Any]], Meta(min_length=1)]
    seed: Annotated[int, Meta(ge=0, le=2**53)] = 0
    default_mode: Name = "development"
    where: str | None = None
    mode: dict[Name, Any] = msgspec.field(default_factory=dict)
    report: ReportTable = msgspec.field(default_factory=ReportTable)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    UserError
        The file is missing, too large, not text, or not TOML.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise UserError(
                f"{path}: larger than {_LARGEST_FILE // 1000} kB; an experiment file is small, "
                "name data files in it instead of writing the data down"
            )
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such experiment file{_nearby(path)}") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a folder; name an experiment file in it") from None
    except OSError as cause:
        raise UserError(f"{path}: cannot be read ({cause.strerror})") from None
    except UnicodeDecodeError as cause:
        raise UserError(f"{path}: not UTF-8 text (byte {cause.start}); TOML is UTF-8") from None
    except tomllib.TOMLDecodeError as cause:
        raise UserError(f"{path}: not valid TOML: {one_line(cause)}") from None
    except RecursionError:
        raise UserError(f"{path}: not valid TOML: nested too deeply") from None


def read_table(table: object, shape: type[S], *, where: str) -> S:
    """Return a table as the struct it must be, or say which key is wrong and what is allowed.

    Parameters
    ----------
    table
        What the TOML file holds.
    where
        The file and the table's dotted name, joined by ``": "``, for the message.
    """
    try:
        return msgspec.convert(table, shape)
    except msgspec.ValidationError as cause:
        raise UserError(_explained(str(cause), table, shape, where)) from None


def _explained(message: str, table: object, shape: type, where: str) -> str:
    text, _, spot = message.partition(" - at `")
    path = spot.rstrip("`").removeprefix("key in ").removeprefix("$").lstrip(".")
    path = path.replace("[...]", "")
    file, _, inside = where.partition(": ")
    dotted = ".".join(part for part in (inside, path) if part)
    place = f"{file}: {dotted}" if dotted else file
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", text, flags=re.DOTALL)
    missing = re.fullmatch(r"Object missing required field `(.*)`", text)
    if unknown:
        keys = sorted(_keys_at(shape, path))
        hint = did_you_mean(unknown[1], keys)
        joint = " Allowed" if hint else "; allowed"
        word = one_line(unknown[1], most=80)
        return f'{place}: unknown key "{word}"{hint}{joint}: {listed(keys)}'
    if missing:
        return f"{place}: {missing[1]} is missing; an experiment needs it{_may_be(inside, path)}"
    found = _value_at(table, path)
    shown = f", found {one_line(repr(found), most=60)}" if found is not None else ""
    plain = text.replace("`", "").replace("object", "table").replace("array", "list")
    return f"{place}: {plain[0].lower()}{plain[1:]}{shown}"


def _may_be(inside: str, path: str) -> str:
    return ", here or for a mode" if ".".join(filter(None, (inside, path))) == "protocol" else ""


def _keys_at(shape: type, path: str) -> set[str]:
    """Return the keys that are allowed at a place, by walking down the structs."""
    current: Any = shape
    for step in (part for part in path.split(".") if part):
        fields = {f.name: f.type for s in _structs(current) for f in msgspec.structs.fields(s)}
        current = fields.get(step, current) if fields else current
    return {f.encode_name for s in _structs(current) for f in msgspec.structs.fields(s)}


def _structs(kind: Any) -> Iterator[type[Struct]]:
    """Return the struct types inside an annotation."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
    elif get_origin(kind) in (Annotated, Union, types.UnionType, dict, list):
        for part in get_args(kind):
            yield from _structs(part)


def _value_at(table: object, path: str) -> object:
    for step in (part for part in path.split(".") if part):
        if not isinstance(table, Mapping) or step not in table:
            return None
        table = table[step]
    return table


def _nearby(path: Path) -> str:
    try:
        found = sorted(p.name for p in path.parent.glob("*.toml"))
    except OSError:
        found = []
    if not found:
        return ""
    hint = did_you_mean(path.name, found)
    return hint or f"; {path.parent} has {listed(found)}"

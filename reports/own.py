"""Sections of the user's own: a Python file with a function ``section(findings)``."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from reports.document import (
    Block,
    Details,
    Group,
    Inline,
    Items,
    Model,
    Note,
    Paragraph,
    Picture,
    Section,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.findings import Findings

__all__ = ["SectionError", "is_file", "own_section", "section_function"]

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


class SectionError(ValueError):
    """A section that does not exist or does not work."""


def is_file(name: str | Path) -> bool:
    """Whether a section is named by its file."""
    return isinstance(name, Path) or name.endswith(".py")


def section_function(path: str | Path) -> Callable[[Findings], object]:
    """The function ``section`` of a file, which is run for it.

    Raises
    ------
    SectionError : the file is missing, cannot be run, or has no such function
    """
    file = Path(path)
    if not file.is_file():
        raise SectionError(f"no section file at {file}; name a Python file with section(findings)")
    spec = spec_from_file_location(f"section_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as cause:
        raise SectionError(f"section file {file} cannot be run: {_told(cause, file)}") from cause
    function = getattr(module, "section", None)
    if not callable(function):
        raise SectionError(f"section file {file} has no function section(findings)")
    return function  # type: ignore[no-any-return]


def own_section(path: str | Path, findings: Findings) -> Section | None:
    """What the user's function says about these findings, checked before it meets a template.

    Raises
    ------
    SectionError : as `section_function`; or the function fails, or does not give a section
    """
    function = section_function(path)
    try:
        found = function(findings)
    except Exception as cause:
        raise SectionError(f"section(findings) of {path} failed: {_told(cause, path)}") from cause
    if found is None:
        return None
    if not isinstance(found, Section):
        raise SectionError(
            f"section(findings) of {path} gave a {type(found).__name__}; it must give a "
            "reports.document.Section, or None to be left out"
        )
    if not _IDENTIFIER.fullmatch(found.identifier):
        raise SectionError(
            f"section of {path}: identifier {found.identifier[:80]!r} must be letters, digits "
            "and hyphens, beginning with a letter"
        )
    try:
        unknown = next((m for m in _models(found.blocks) if m not in findings.keys), None)
    except (AttributeError, TypeError) as cause:
        raise SectionError(
            f"section of {path}: {_told(cause, path)}; blocks are those of reports.document, and "
            "their parts are tuples"
        ) from cause
    if unknown is not None:
        raise SectionError(f"section of {path} names a model {unknown[:80]!r} that is not compared")
    return found


def _models(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Every model that blocks name."""
    for block in blocks:
        if not isinstance(block, get_args(Block)):
            raise TypeError(f"a {type(block).__name__} is no block")
        match block:
            case Paragraph() | Note():
                yield from _named(block.parts)
            case Items():
                for item in block.items:
                    yield from _named(item)
            case Table():
                yield from _named(block.caption)
                yield from (row.model for row in block.rows if row.model)
            case Picture():
                yield from _named(block.caption)
            case Details() | Group():
                yield from _models(block.blocks)


def _named(parts: tuple[Inline, ...]) -> Iterator[str]:
    if isinstance(parts, str):
        raise TypeError(f"text {parts[:40]!r} stands where a tuple of parts is needed")
    yield from (part.name for part in parts if isinstance(part, Model))


def _told(cause: Exception, path: str | Path) -> str:
    """The error in one line, with the line of the user's file that raised it."""
    lines = [f.lineno for f in traceback.extract_tb(cause.__traceback__) if f.filename == str(path)]
    where = f", line {lines[-1]}" if lines else ""
    said = " ".join(str(cause).split())[:300]
    return f"{type(cause).__name__}: {said}{where}" if said else f"{type(cause).__name__}{where}"

"""What goes wrong in the runner, each told in one line that says what to do."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["BenchError", "UserError", "did_you_mean", "listed", "one_line", "unknown"]


class BenchError(Exception):
    """Root of everything the runner raises on purpose; exit code 1 unless a subclass differs."""

    exit_code: int = 1


class UserError(BenchError, ValueError):
    """The asker's mistake, found before any work started; exit code 2."""

    exit_code = 2


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return ``'; did you mean "x"?'`` for the nearest allowed word, or nothing.

    Examples
    --------
    >>> did_you_mean("xgbost", ["xgboost", "lstm"])
    '; did you mean "xgboost"?'
    >>> did_you_mean("forest", ["xgboost", "lstm"])
    ''
    """
    by_folded = {name.casefold(): name for name in allowed}
    near = get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return f'; did you mean "{by_folded[near[0]]}"?' if near else ""


def listed(names: Iterable[object], *, most: int = 12) -> str:
    """Return the names as one phrase, cut to a length that a person reads.

    Examples
    --------
    >>> listed([1, 6, 24])
    '1, 6, 24'
    >>> listed("abcd", most=2)
    'a, b and 2 more'
    """
    words = [str(name) for name in names]
    if not words:
        return "none"
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"


def one_line(text: object, *, most: int = 400) -> str:
    """Return a text as one line without control characters: no message breaks a terminal."""
    folded = " ".join(str(text).split())
    folded = "".join(char if char.isprintable() else "�" for char in folded)
    return folded if len(folded) <= most else folded[: most - 1] + "…"


def unknown(kind: str, word: str, allowed: Iterable[object], *, where: str = "") -> UserError:
    """Return the error for a word that is not among the allowed ones.

    Examples
    --------
    >>> str(unknown("task", "binry", ["binary", "continuous"], where="matrix.task"))
    'matrix.task: unknown task "binry"; did you mean "binary"? Allowed: binary, continuous'
    """
    names = [str(name) for name in allowed]
    hint = did_you_mean(word, names)
    joint = " " if hint else "; "
    place = f"{where}: " if where else ""
    allowed_text = f"{'A' if hint else 'a'}llowed: {listed(names)}"
    return UserError(
        f'{place}unknown {kind} "{one_line(word, most=80)}"{hint}{joint}{allowed_text}'
    )

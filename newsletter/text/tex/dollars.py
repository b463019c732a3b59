"""Which dollars enclose a formula, and which are money.

A dollar opens a formula if the next one closes it and what is between them can be one: `$k$-means`, `$<$0.05`,
`384$\\times$384` are formulas; "$5 to $10", "$1 Million for $200k" and "a $ alone" are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.limits import TEX_FORMULA

_MARK = re.compile(r"\\.|\$", re.DOTALL)
_OPERATORS = re.compile(r"[{}<>=+\-~∼±×·≤≥≈≪≫→/*\s]+")
#: Words, which a formula has only in the arguments of commands.
_ARGUMENT = re.compile(r"\\[A-Za-z]+\*?\s*\{[^{}]*\}|\\[A-Za-z]+")
_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}[,;.]?\s+(?:\S+\s+)?[A-Za-z]{2,}(?![A-Za-z])")
_LONG_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}[,;.]?\s+[A-Za-z]{2,}[,;.]?\s+[A-Za-z]{2,}(?![A-Za-z])")
_COMMAND = re.compile(r"\\[A-Za-z]")
#: As in "$HOME/$USER".
_VARIABLE = re.compile(r"[A-Z]{2}[A-Z_]*[/:.]?")


@dataclass(frozen=True)
class Span:
    """A formula within a text: with its dollars, and without."""

    begin: int
    end: int
    inside: str


def formulas(text: str) -> Iterator[Span]:
    """Yield the formulas in dollars, from the first on. Time is linear in the length."""
    marks = [match.start() for match in _MARK.finditer(text) if match[0] == "$"]
    number = 0
    while number + 1 < len(marks):
        opening, closing = marks[number], marks[number + 1]
        is_displayed = closing == opening + 1
        width = 2 if is_displayed else 1
        if is_displayed:
            if number + 3 >= len(marks) or marks[number + 3] != marks[number + 2] + 1:
                number += 2
                continue
            closing = marks[number + 2]
        end = closing + width
        inside = text[opening + width : closing]
        if _is_formula(inside, text[end : end + 1], is_displayed=is_displayed):
            yield Span(opening, end, inside)
            number += 2 * width
        else:
            number += width


def _is_formula(inside: str, following: str, *, is_displayed: bool) -> bool:
    stripped = inside.strip()
    if not stripped or len(inside) > TEX_FORMULA:
        return False
    is_marked = any(mark in inside for mark in "\\^_")
    plain = _ARGUMENT.sub(" ", inside) if is_marked else inside
    if is_displayed:
        return not _LONG_PROSE.search(plain)
    begins_apart, ends_apart = inside[0].isspace(), inside[-1].isspace()
    has_command = bool(_COMMAND.search(inside))
    if stripped[0].isdigit() and (
        (ends_apart and not has_command)
        or _PROSE.search(plain)
        or (following.isdigit() and not (is_marked and " " not in inside))
    ):
        return False
    if _OPERATORS.fullmatch(inside):
        return not (begins_apart or ends_apart) or begins_apart == ends_apart
    if is_marked:
        is_tight = not (begins_apart or ends_apart) or "\\" in inside or begins_apart == ends_apart
        return is_tight and not _LONG_PROSE.search(plain)
    return not (begins_apart or ends_apart or following.isdigit() or _LONG_PROSE.search(plain)) and not (
        _VARIABLE.fullmatch(inside) and following.isalpha()
    )

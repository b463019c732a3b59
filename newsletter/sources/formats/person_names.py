"""Names of people in lines and lists of authors, as "First Last" and in their order.

Two people of one name are two: nothing is left out because it is there already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise, takewhile
from typing import Any

from newsletter.sources.formats.author_marks import bare, is_group, is_no_name, without_marks
from newsletter.text.markup import clean

_AND = re.compile(r"\s*,?\s+(?:and|&|和|与|與|及|と)\s+", re.IGNORECASE)
#: Capital letters of the Latin, Greek and Cyrillic scripts.
_CAPITAL = f"[{''.join(chr(code) for code in range(0x530) if chr(code).isupper())}]"
# "J. A.", "JA", "H.-J.", "Yu. A.".
_INITIALS = re.compile(rf"(?:{_CAPITAL}(?:[^\W\d_]?\.)?[\s-]?){{1,4}}")
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d."})
#: "Smith, John A.", "de la Cruz, José": as most names in files of references; there is nothing to clean.
_WORD = "[A-Za-zÀ-ÖØ-öø-ɏẠ-ỿ]+"
_PLAIN = re.compile(rf"(?!the )({_WORD}(?:[ '-]{_WORD})*), ({_WORD}\.?(?:[ -]{_WORD}\.?)*)")
#: Scripts in which the family name comes first, without a comma.
_FAMILY_FIRST = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# "Smith J, Doe AM.": PubMed's full stop after the last of the names, which have no other.
_FINAL_STOP = re.compile(r"(?:[^.,;]+ [A-Z]{1,4}[,;] )+[^.,;]+ [A-Z]{1,4}\.|[^.,;]+ [A-Z]{2,4}\.")
_WITH_INITIALS = re.compile(r"[^.,;]+ [A-Z]{1,4}|(?:[A-Z]\.[ -]?)+[^.,;]+")
# "Datong WeiCan LiuXiaolong (Luke) Zhang": a capital after a small letter, but not that of McKay, DeVito or LaTour.
_GLUE = re.compile(
    r"(?:(?<=[a-zß-öø-ÿ.)])|(?<=[^\W\d_A-Za-z]))"
    r"(?<!\bMc)(?<!\bMac)(?<!\bDe)(?<!\bDi)(?<!\bLa)(?<!\bLe)(?<!\bFitz)(?=[^\W\d_a-z])"
)
_AFFILIATION = re.compile(
    r"(?:[a-z] )?(?:Departments?|Schools?|Faculty|Institut\w*|Colleges?|Cent(?:er|re)|Division|Laborator\w+"
    r"|Universit\w+|Hospital)\b"
)
_NUMBERED_AFFILIATION = re.compile(r"(?<=[^\W\d_])1(?=[^\W\d_a-z])")
# Particles that may precede a family name.
_PARTICLES = frozenset({
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "la", "le", "al", "el", "bin", "ten", "ter", "dos",
    "du",
})  # fmt: skip


def names(value: str) -> tuple[str, ...]:
    """Split a line of authors into names, each as "First Last".

    Formats: "A, B, and C", "Last, First and Last, First" (BibTeX), "Last, F.; Last, F.", "Last, F., Last, F.", and the
    first two mixed.
    """
    line = bare(clean(value))
    if _is_with_final_stop(line):
        line = line[:-1]
    if ";" not in line:
        return _in_line(line)
    parts = line.split(";")
    groups = [part for part in parts[1:] if is_group(part.strip())]
    if len(groups) == len(parts) - 1:  # "Ann Doe, John Smith; Cloud Collaboration"
        return (*_in_line(parts[0]), *people(groups))
    return tuple(name for part in parts for name in _in_part(part))


def _is_with_final_stop(line: str) -> bool:
    """Return whether a line ends with a full stop that is not that of an initial or of a suffix."""
    last = line.rpartition(" ")[2].lower()
    is_word = len(last) > 3 and last[:-1].isalpha() and last.endswith(".")
    return last not in _SUFFIXES and (is_word or _FINAL_STOP.fullmatch(line) is not None)


def _in_line(line: str) -> tuple[str, ...]:
    """Return the names in a line without semicolons."""
    pieces = [_with_suffixes(piece.split(",")) for piece in _AND.split(line)]
    if len(pieces) > 1 and _are_people(pieces):
        return people(", ".join(piece) for piece in pieces)
    parts = [part for piece in pieces for part in piece]
    if len(parts) % 2 == 0 and all(_INITIALS.fullmatch(_split_suffix(part)[0]) for part in parts[1::2]):
        return people(f"{last}, {first}" for last, first in zip(parts[::2], parts[1::2], strict=True))
    if len(parts) == 2 and len(pieces) == 1 and _is_one_person(parts):
        return people([", ".join(parts)])
    return people(parts)


def _in_part(part: str) -> tuple[str, ...]:
    """Return the name in a part between semicolons, or its names if it is a list of "First Last" or "Last FM"."""
    parts = _with_suffixes(part.split(","))
    are_names = all(_FAMILY_FIRST.search(one) or _WITH_INITIALS.fullmatch(one) for one in parts)
    is_list = are_names or (len(parts) > 2 and all(" " in one for one in parts))
    return people(parts) if is_list else people([part])


def _are_people(pieces: list[list[str]]) -> bool:
    """Return whether each piece between two "and" is one name: "Last, First", and "First Last" beside it."""
    named = [piece for piece in pieces if piece and not is_no_name(piece[0])]
    if all(len(piece) == 2 for piece in named):
        return True
    return any(len(piece) == 2 for piece in named) and all(
        _is_one_person(piece) if len(piece) == 2 else len(piece) == 1 and " " in piece[0] for piece in named
    )


def people(values: Iterable[Any]) -> tuple[str, ...]:
    """Return names as "First Last" in the same order, without values that are not names."""
    return tuple(name for value in values if isinstance(value, str) and (name := person(value)))


def person(value: str) -> str:
    """Return a name as "First Last", or "" if the value is none."""
    return _plain(value) or _person(clean(value))


def _plain(value: str) -> str | None:
    """Return what `_person` returns, if a name is as most are; None for others."""
    match = _PLAIN.fullmatch(value)
    if match is None:
        return None
    last, first = match.groups()
    if last.rpartition(" ")[2].lower() in _SUFFIXES or first.rpartition(" ")[2].lower() in _SUFFIXES:
        return None
    return f"{first} {last}"


def _person(name: str) -> str:
    """Return "Last, First" as "First Last"; a suffix such as "Jr." comes last."""
    parts = _with_suffixes(without_marks(name).split(","))
    if not parts or is_no_name(name.strip(" ,;")):
        return ""
    if parts[0].startswith("the ") and is_group(parts[0]):
        parts[0] = parts[0].removeprefix("the ")
    if len(parts) == 2:
        last, suffix = _split_suffix(parts[0])
        first, later = _split_suffix(parts[1])
        return f"{first} {last}{suffix}{later}"
    return ", ".join(parts)


def _split_suffix(name: str) -> tuple[str, str]:
    first, space, last = name.rpartition(" ")
    return (first, space + last) if space and last.lower() in _SUFFIXES else (name, "")


def _is_one_person(parts: list[str]) -> bool:
    """Return whether two parts are a family name and given ones: "de la Cruz, Juan M.", "García Lorca, Federico"."""
    is_given_name_alone = " " not in parts[1] and not any(map(_FAMILY_FIRST.search, parts))
    return _is_family_name(parts[0]) or (is_given_name_alone and not is_group(parts[1]))


def _is_family_name(part: str) -> bool:
    words = _split_suffix(part)[0].split()
    if _FAMILY_FIRST.search(part):
        return False
    return len(words) == 1 or (len(words) > 1 and all(word.lower() in _PARTICLES for word in words[:-1]))


def _with_suffixes(parts: Iterable[str]) -> list[str]:
    """Return the parts that are not empty, with suffixes such as "Jr." joined to the name before."""
    joined: list[str] = []
    for part in map(str.strip, parts):
        if joined and part.lower() in _SUFFIXES:
            joined[-1] += f" {part}"
        elif part:
            joined.append(part)
    return joined


def unglued(line: str) -> list[str]:
    """Split names at each capital after a small letter, a full stop or a bracket, up to the first affiliation.

    The first affiliation may have a number: "Ann DoeJohn Smith1Department of Clouds".
    """
    if numbered := _NUMBERED_AFFILIATION.search(line):
        line = line[: numbered.start()]
    at = [match.start() for match in _GLUE.finditer(line) if line[match.start()].isupper()]
    parts = [part for begin, end in pairwise([0, *at, len(line)]) if (part := line[begin:end].strip())]
    return list(takewhile(lambda part: not _AFFILIATION.match(part), parts))

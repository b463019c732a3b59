"""Names of people in lines and lists of authors, as "First Last" and in their order.

Two people of one name are two: nothing is left out because it is there already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise, takewhile
from typing import Any

from newsletter.text.markup import clean

_BRACKET = re.compile(r"[()\[\]]")
_ET_AL = re.compile(r"(?<![\s,])[\s,]*+\bet al\b\.?", re.IGNORECASE)
_AND = re.compile(r"\s*,?\s+(?:and|&)\s+", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[A-Z]\.?[\s-]?){1,4}")
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d."})
#: What stands for those who are not named: "others", "3 others", "et al.".
_NOT_A_NAME = re.compile(
    r"|(?:and |& )?(?:\d+ )?(?:more |other )?(?:others?|more|authors?|co-authors?)|et al\.?|\.\.\.|…", re.IGNORECASE
)
# Footnote marks, and digits behind a name: "Ann Doe*", "John Smith1,2".
_FOOTNOTE = re.compile(r"[*†‡§¶‖#∗⋆✉⁎\u00b9\u00b2\u00b3\u2070-\u2079]+|(?<=[^\W\d_])\d{1,2}(?:,\d{1,2})*(?![^\W_])")
_WIDE = str.maketrans({"，": ", ", "、": ", ", "；": "; ", "﹐": ", ", "､": ", "})
#: Scripts in which the family name comes first, without a comma.
_FAMILY_FIRST = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# "Smith J, Doe AM.": PubMed's full stop after the last of the names, which have no other.
_FINAL_STOP = re.compile(r"(?:[^.,;]+ [A-Z]{1,4}, )+[^.,;]+ [A-Z]{1,4}\.|[^.,;]+ [A-Z]{2,4}\.")
_WITH_INITIALS = re.compile(r"[^.,;]+ [A-Z]{1,4}|(?:[A-Z]\.[ -]?)+[^.,;]+")
_ON_BEHALF = re.compile(
    r",?\s+(?:on behalf of|for) (?:the )?(?=[^,;]*\b(?:Collaboration|Consortium|Group|Team|Investigators|Network)\b)"
)
# "Datong WeiCan LiuXiaolong (Luke) Zhang": a capital after a small letter, but not that of McKay, DeVito or LaTour.
_GLUE = re.compile(
    r"(?:(?<=[a-zß-öø-ÿ.)])|(?<=[^\W\d_A-Za-z]))"
    r"(?<!\bMc)(?<!\bMac)(?<!\bDe)(?<!\bDi)(?<!\bLa)(?<!\bLe)(?<!\bFitz)(?=[^\W\d_a-z])"
)
_AFFILIATION = re.compile(
    r"(?:[a-z] )?(?:Departments?|Schools?|Faculty|Institut\w*|Colleges?|Cent(?:er|re)|Division|Laborator\w+"
    r"|Universit\w+|Hospital)\b"
)
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
    line = _FOOTNOTE.sub("", _without_brackets(clean(value).translate(_WIDE)))
    line = _ON_BEHALF.sub("; ", _ET_AL.sub("", line)).strip(" ,;")
    if _FINAL_STOP.fullmatch(line) and line.rpartition(" ")[2].lower() not in _SUFFIXES:
        line = line[:-1]
    if ";" in line:
        return tuple(name for part in line.split(";") for name in _in_part(part))
    pieces = [_with_suffixes(piece.split(",")) for piece in _AND.split(line)]
    if len(pieces) > 1 and _are_people(pieces):
        return people(", ".join(piece) for piece in pieces)
    parts = [part for piece in pieces for part in piece]
    if len(parts) % 2 == 0 and all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return people(f"{last}, {first}" for last, first in zip(parts[::2], parts[1::2], strict=True))
    if len(parts) == 2 and len(pieces) == 1 and _is_family_name(parts[0]):
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
    named = [piece for piece in pieces if piece and not _NOT_A_NAME.fullmatch(piece[0])]
    if all(len(piece) == 2 for piece in named):
        return True
    return any(len(piece) == 2 for piece in named) and all(
        _is_family_name(piece[0]) if len(piece) == 2 else len(piece) == 1 and " " in piece[0] for piece in named
    )


def _without_brackets(line: str) -> str:
    """Remove text in brackets, and the space before it: affiliations and footnotes. Brackets may be nested."""
    kept: list[str] = []
    #: Where each open bracket stands in `kept`, by its kind.
    opened: dict[str, list[int]] = {"(": [], "[": []}
    position = 0
    for match in _BRACKET.finditer(line):
        kept += [line[position : match.start()], match[0]]
        position = match.end()
        own, other = (opened["("], opened["["]) if match[0] in "()" else (opened["["], opened["("])
        if match[0] in opened:
            own.append(len(kept) - 1)
        elif own:
            start = own.pop()
            while other and other[-1] > start:
                other.pop()
            del kept[start:]
            kept[-1] = kept[-1].rstrip()
    return "".join([*kept, line[position:]])


def people(values: Iterable[Any]) -> tuple[str, ...]:
    """Return names as "First Last" in the same order, without values that are not names."""
    return tuple(name for value in values if isinstance(value, str) and (name := _person(clean(value))))


def _person(name: str) -> str:
    """Return "Last, First" as "First Last"; a suffix such as "Jr." comes last."""
    parts = _with_suffixes(_FOOTNOTE.sub("", name).split(","))
    if not parts or _NOT_A_NAME.fullmatch(name.strip(" ,;")):
        return ""
    if len(parts) == 2:
        last, suffix = _split_suffix(parts[0])
        first, later = _split_suffix(parts[1])
        return f"{first} {last}{suffix}{later}"
    return ", ".join(parts)


def _split_suffix(name: str) -> tuple[str, str]:
    first, space, last = name.rpartition(" ")
    return (first, space + last) if space and last.lower() in _SUFFIXES else (name, "")


def _is_family_name(part: str) -> bool:
    words = part.split()
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
    """Split names at each capital after a small letter, a full stop or a bracket, up to the first affiliation."""
    at = [match.start() for match in _GLUE.finditer(line) if line[match.start()].isupper()]
    parts = [part for begin, end in pairwise([0, *at, len(line)]) if (part := line[begin:end].strip())]
    return list(takewhile(lambda part: not _AFFILIATION.match(part), parts))

"""What stands beside names in a line of authors: footnote marks, affiliations, separators, groups, the unnamed."""

from __future__ import annotations

import re

_BRACKET = re.compile(r"[()\[\]]")
_ET_AL = re.compile(r"(?<![\s,])[\s,]*+\b(?:et al|et coll)\b\.?", re.IGNORECASE)
#: Chinese, after the last name: "and others".
_DENG = re.compile(r"(?<=[\u3400-\u9fff])\s*等\s*$")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_OTHERS = (
    rf"(?:(?P<number>\d{{1,5}}|{'|'.join(_NUMBERS)}) )?(?:more |other |additional )?"
    r"(?:others?|more|(?:co-?)?authors?|colleagues|co-?workers|collaborators)"
)
#: What stands for those who are not named: "others", "3 others", "et al.".
_NOT_A_NAME = re.compile(rf"|(?:and |& |with )?{_OTHERS}|et (?:al|coll)\.?|\.\.\.|…", re.IGNORECASE)
#: The same at the end of a line: "and 3 others", "(3 more authors)".
_AND_OTHERS = re.compile(rf"(?:^|[,;&+([]|[([]?\b(?:and|with))\s*{_OTHERS}[\s.)\]]*$", re.IGNORECASE)
#: How much of the end is searched.
_TAIL = 100
# Footnote marks, and digits behind a name: "Ann Doe*", "John Smith1,2", "Jane Roe 3".
_MARK = r"*†‡§¶‖#∗⋆✉⁎✝☨♯◊※\u00b9\u00b2\u00b3\u2070-\u2079\u1d43-\u1d6a"
_FOOTNOTE = re.compile(
    rf"[{_MARK}]+|(?<=[^\W\d_])\^?\d{{1,2}}(?:,\d{{1,2}})*(?![^\W_])"
    rf"|(?<=[^\W\d_]|\.) \d{{1,2}}(?:, ?\d{{1,2}})*(?=[\s{_MARK}]*(?:[,;]|$|and\b|[&和与與及]))"
)
_ORCID = re.compile(r"(?:https?://orcid\.org/)?\b\d{4}-\d{4}-\d{4}-\d{3}[\dX]\b")
_WIDE = str.maketrans(dict.fromkeys("，、﹐､،", ", ") | dict.fromkeys("；؛", "; "))
_DOT_BETWEEN = re.compile(r"\s[·•/]\s")
_GROUP_WORDS = r"\b(?:Collaborations?|Consortium|Group|Team|Investigators|Network|Task Force)\b"
_GROUP = re.compile(rf"[^,;]{{0,200}}{_GROUP_WORDS}[^,;]{{0,100}}")
_ON_BEHALF = re.compile(rf",?\s+(?:on behalf of|for) (?:the )?(?=[^,;]*{_GROUP_WORDS})")
#: "(ATLAS Collaboration)", "(on behalf of the Cloud Study Group)".
_GROUP_IN_BRACKETS = re.compile(
    rf"\s*[(\[](?:(?:on behalf of|for) (?:the )?(?P<behalf>[^()\[\],;]{{0,200}}{_GROUP_WORDS})"
    r"|(?:[Tt]he )?(?P<group>[^()\[\],;]{1,200}\b(?:Collaborations?|Consortium)))[)\]]"
)


def bare(line: str) -> str:
    """Return a line of authors with "," and ";" as separators, without marks, brackets and those who are not named.

    A group that the others wrote for comes last, after a semicolon.
    """
    line = line[:-_TAIL] + _AND_OTHERS.sub("", line[-_TAIL:])
    line = _DOT_BETWEEN.sub("; ", _ORCID.sub("", line.translate(_WIDE)))
    groups = [match["behalf"] or match["group"] for match in _GROUP_IN_BRACKETS.finditer(line)]
    line = without_marks(_without_brackets(_GROUP_IN_BRACKETS.sub("", line)))
    line = _ON_BEHALF.sub("; ", _DENG.sub("", _ET_AL.sub("", line))).strip(" ,;")
    return "; ".join([line, *groups])


def without_marks(name: str) -> str:
    """Remove footnote marks and digits."""
    return _FOOTNOTE.sub("", name)


def is_group(name: str) -> bool:
    """Return whether a name is that of a collaboration or another group."""
    return _GROUP.fullmatch(name) is not None


def is_no_name(name: str) -> bool:
    """Return whether something stands in the place of names: "others", "3 more", "et al."."""
    return _NOT_A_NAME.fullmatch(name) is not None


def unnamed(line: str) -> int:
    """Return the least number of authors that a line mentions without their names: 3 for "and 3 others"."""
    match = _AND_OTHERS.search(line[-_TAIL:])
    if match and (number := match["number"]):
        return int(number) if number.isdecimal() else _NUMBERS.index(number.lower()) + 1
    if match or line.rstrip().endswith(("...", "…")):
        return 1
    return int(bool(("et " in line.lower() and _ET_AL.search(line)) or ("等" in line and _DENG.search(line))))


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

"""Values of BibTeX fields: text in braces or quotes, numbers and macros, and the names and addresses in them.

Format: https://www.bibtex.org/Format/; names as data ("family=Berg, given=Jan"): biblatex manual, 3.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from newsletter.text import tex

_MARK = re.compile(r'(?<!\\)[{}"]')
_NEXT = re.compile(r'["{#]')


def evaluate(value: str, macros: Mapping[str, str]) -> str:
    """Evaluate a value: text in braces or quotes, a number, a macro, or several of these joined by "#"."""
    whole: list[str] = []
    at = 0
    while at < len(value):
        end = end_of_part(value, at)
        part = value[at:end]
        if part[0] in '{"':
            whole.append(part[1:-1] if len(part) > 1 else "")
        elif part.strip(" \t\r\n#"):
            word = part.strip(" \t\r\n#")
            whole.append(macros.get(word.lower(), word))
        at = end
    return "".join(whole)


def end_of_part(value: str, at: int) -> int:
    """Return the end of the part of a value that starts at `at`; the end of the text if it is not closed."""
    if value[at] not in '{"':
        following = _NEXT.search(value, at + 1)
        return following.start() if following else len(value)
    return closed_at(value, at) or len(value)


def closed_at(value: str, at: int) -> int:
    """Return the end of the text in braces or quotes that starts at `at`, or 0 if it is not closed."""
    is_quoted, depth = value[at] == '"', 0
    for mark in _MARK.finditer(value, at + is_quoted):
        if mark[0] == '"':
            if is_quoted and depth == 0:
                return mark.end()
            continue
        depth += 1 if mark[0] == "{" else -1
        if depth <= 0 and not is_quoted:
            return mark.end()
    return 0


_URL = re.compile(r"\\(?:url|path|href)\s*\{([^{}]*)\}")


def address(value: str) -> str:
    """Return a URL or an identifier without commands, braces and escapes."""
    return re.sub(r"\\([%&$#_~])", r"\1", _URL.sub(r"\1", value).replace("{", "").replace("}", ""))


# -- names --------------------------------------------------------------------------------------------

_NAME_MARK = re.compile(r"(?<!\\)[{}]| and ", re.IGNORECASE)
_NAME_PART = re.compile(r"\s*(family|given|prefix|suffix)(?:-i)?\s*=\s*(.*?)\s*", re.DOTALL)


def names(value: str) -> list[Any]:
    """Split names at each "and" outside braces; an organisation, which is all in braces, is {"literal": name}."""
    value = " ".join(value.split())
    found, begin, depth = [], 0, 0
    for mark in _NAME_MARK.finditer(value):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
        elif depth <= 0:
            found.append(value[begin : mark.start()])
            begin = mark.end()
    return [_name(one) for one in [*found, value[begin:]]]


def _name(name: str) -> Any:
    stripped = name.strip()
    is_whole = stripped.startswith("{") and end_of_part(stripped, 0) == len(stripped) and not stripped.startswith("{\\")
    if is_whole:
        return {"literal": tex.read(stripped, groups=True)}
    parts = [_NAME_PART.fullmatch(part) for part in stripped.split(",")] if "=" in stripped else []
    if parts and all(parts):
        known = {part[1]: tex.read(part[2].strip('"'), groups=True) for part in parts if part}
        last = " ".join(filter(None, (known.get("prefix"), known.get("family"))))
        return {"given": known.get("given", ""), "family": last, "suffix": known.get("suffix", "")}
    return tex.read(stripped, groups=True)

"""BibTeX files.

Format: https://www.bibtex.org/Format/ and, for common practice, https://tug.ctan.org/info/bibtex/tamethebeast/.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from newsletter.limits import ENTRY
from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, Raw, lines_of, open_text
from newsletter.text import shorten, squeeze, tex

_MAX_MACROS = 10_000
_MAX_MACRO_LENGTH = 10_000

_ENTRY_START = re.compile(r"\s*@\s*([A-Za-z]+)\s*([{(])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Fields with URLs and identifiers, which are not LaTeX.
_VERBATIM = frozenset(
    {"url", "doi", "eprint", "pdf", "link", "code", "github", "project", "archiveprefix", "eprinttype"}
)


def read_bibtex(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the entries of a BibTeX file, except whole volumes (@proceedings); the field "author" is a list."""
    # It logs each broken entry, for which there is a refusal.
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    macros = {month: month for month in _MONTHS}
    with open_text(stream) as text:
        for begin, kind, block in _blocks(text):
            if len(block) > ENTRY:
                yield Broken(begin, f"entry longer than {ENTRY // 2**20} MB")
            elif kind not in ("comment", "preamble"):
                yield from _read_block(begin, block, macros)


def _blocks(text: Any) -> Iterator[tuple[int, str, str]]:
    """Yield the line number, type and text of each entry, up to its closing brace or the start of the next one."""
    begin, kind, block, depth = 0, "", "", 0
    closing = ""
    for number, line in enumerate(lines_of(text), start=1):
        match = _ENTRY_START.match(line) if "@" in line else None
        if match:
            if kind:
                yield begin, kind, block
            begin, kind, block, depth = number, match[1].lower(), "", 0
            closing = ")" if match[2] == "(" else "}"
        if not kind:
            continue
        if len(block) <= ENTRY:
            block += line
        depth += line.count("{") - line.count("}") - line.count("\\{") + line.count("\\}")
        if depth <= 0 and line.rstrip().endswith(closing):
            yield begin, kind, block
            kind = ""
    if kind:
        yield begin, kind, block


def _read_block(begin: int, block: str, macros: dict[str, str]) -> Iterator[Raw | Broken]:
    from bibtexparser import model  # noqa: PLC0415 - only this format needs it
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415

    try:
        library = parse_string(block, parse_stack=[])
    except Exception as error:  # noqa: BLE001 - a parser bug must not lose the other entries
        yield Broken(begin, f"invalid BibTeX: {shorten(squeeze(str(error)), 200)}")
        return
    for macro in library.strings[: _MAX_MACROS - len(macros)]:
        macros[macro.key.lower()] = _evaluate(macro.value, macros)[:_MAX_MACRO_LENGTH]
    entries = list(library.entries)
    for failed in library.failed_blocks:
        whole = failed.ignore_error_block
        if isinstance(whole, model.Entry):  # the only error is a duplicate field
            entries.append(whole)
        else:
            why = getattr(failed.error, "abort_reason", None) or failed.error
            yield Broken(begin, f"invalid BibTeX: {shorten(squeeze(str(why)), 200)}")
    for entry in entries:
        if entry.entry_type.lower() != "proceedings":
            yield Raw(begin, _fields(entry.fields, macros))


def _fields(fields: list[Any], macros: dict[str, str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for field in fields:
        name, value = field.key.lower(), _evaluate(field.value, macros)
        if name in record:  # a duplicate: BibTeX takes the first
            continue
        if name == "author":
            record[name] = [_name(one) for one in _split_names(value)]
        else:
            record[name] = _url(value) if name in _VERBATIM else tex.read(value, groups=True)
    return record


def _evaluate(value: str, macros: dict[str, str]) -> str:
    """Evaluate a value: text in braces or quotes, a number, a macro, or several of these joined by "#"."""
    whole: list[str] = []
    at = 0
    while at < len(value):
        end = _end_of_part(value, at)
        part = value[at:end]
        if part[0] in '{"':
            whole.append(part[1:-1] if len(part) > 1 else "")
        elif part.strip(" \t\r\n#"):
            word = part.strip(" \t\r\n#")
            whole.append(macros.get(word.lower(), word))
        at = end
    return "".join(whole)


_MARK = re.compile(r'(?<!\\)[{}"]')
_NEXT = re.compile(r'["{#]')


def _end_of_part(value: str, at: int) -> int:
    """Return the end of the part of a value that starts at `at`."""
    if value[at] not in '{"':
        following = _NEXT.search(value, at + 1)
        return following.start() if following else len(value)
    is_quoted, depth = value[at] == '"', 0
    for mark in _MARK.finditer(value, at + is_quoted):
        if mark[0] == '"':
            if is_quoted and depth == 0:
                return mark.end()
            continue
        depth += 1 if mark[0] == "{" else -1
        if depth <= 0 and not is_quoted:
            return mark.end()
    return len(value)


_URL = re.compile(r"\\(?:url|path|href)\s*\{([^{}]*)\}")


def _url(value: str) -> str:
    return re.sub(r"\\([%&$#_~])", r"\1", _URL.sub(r"\1", value).replace("{", "").replace("}", ""))


# -- names --------------------------------------------------------------------------------------------

_NAME_MARK = re.compile(r"(?<!\\)[{}]| and ", re.IGNORECASE)


def _split_names(value: str) -> list[str]:
    """Split names at each "and" outside braces."""
    value = " ".join(value.split())
    names, begin, depth = [], 0, 0
    for mark in _NAME_MARK.finditer(value):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
        elif depth <= 0:
            names.append(value[begin : mark.start()])
            begin = mark.end()
    return [*names, value[begin:]]


def _name(name: str) -> Any:
    """Return the name of a person, or {"literal": name} for an organisation, which is all in braces."""
    stripped = name.strip()
    is_whole = (
        stripped.startswith("{") and _end_of_part(stripped, 0) == len(stripped) and not stripped.startswith("{\\")
    )
    read = tex.read(stripped, groups=True)
    return {"literal": read} if is_whole else read

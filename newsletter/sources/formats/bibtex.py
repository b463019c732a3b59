"""BibTeX and biblatex files.

Format: https://www.bibtex.org/Format/; https://tug.ctan.org/info/bibtex/tamethebeast/ for common practice; the biblatex
manual (https://ctan.org/pkg/biblatex) for its fields and for inheritance. What people's files have besides is read too:
entries without a key, empty fields (",,"), a missing comma between two fields, types of any name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from newsletter.limits import ENTRY
from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.bibtex_inheritance import Inheritance
from newsletter.sources.formats.bibtex_values import address, closed_at, evaluate, names
from newsletter.sources.formats.tables import Broken, Raw, lines_of, open_text
from newsletter.text import shorten, squeeze, tex

_MAX_MACROS = 10_000
#: Broken entries in one block, after each of which the next one is looked for: each may be searched to the end.
_MAX_BROKEN = 10
_MAX_MACRO_LENGTH = 10_000

_NAME = r"[^\s{}(),\"#%=@\\]+"
_ENTRY_START = re.compile(rf"\s*@\s*({_NAME})\s*([{{(])")
#: A start within what is not closed yet: with a key, or a field, so that text such as "@home (again" is none.
_CLEAR_START = re.compile(rf"\s*@\s*{_NAME}\s*[{{(]\s*(?:[^\s,{{}}()=\"]*\s*,|{_NAME}\s*=|(?:{_NAME})?\s*$)")
_LATER_START = re.compile(rf"[\s}})]@\s*{_NAME}\s*[{{(]\s*(?:[^\s,{{}}()=\"]*\s*,|{_NAME}\s*=)")
#: A type whose brace is on the next line.
_BARE_TYPE = re.compile(rf"\s*@\s*{_NAME}\s*")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Fields with URLs and identifiers, which are not LaTeX.
_VERBATIM = frozenset(
    {"url", "doi", "shortdoi", "eprint", "pdf", "link", "code", "github", "project", "archiveprefix", "eprinttype"}
)
#: Fields that name other entries.
_KEYS = frozenset({"crossref", "xdata"})
_NOT_ENTRIES = frozenset({"comment", "preamble", "string"})
_WHOLE_VOLUMES = frozenset({"proceedings", "mvproceedings", "periodical"})
#: These are whole volumes too, if they have editors and nothing of a paper.
_BOOKS = frozenset({"book", "mvbook", "collection", "mvcollection", "reference", "mvreference"})


class _Block(NamedTuple):
    begin: int
    #: "@article{key, …}", and what follows on the same line.
    text: str


class _Parsed(NamedTuple):
    kind: str
    key: str
    #: The raw values, by name in lower case.
    fields: Mapping[str, str]


def read_bibtex(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the entries of a BibTeX file; the field "author" is a list.

    A whole volume (@proceedings) is left out, and data for other entries (@xdata) are no entry. An entry with
    `crossref` or `xdata` is yielded after all others: its parent may come later.
    """
    macros = {month: month for month in _MONTHS}
    inheritance = Inheritance()
    with open_text(stream) as text:
        for block in _blocks(text):
            if len(block.text) > ENTRY:
                yield Broken(block.begin, f"entry longer than {ENTRY // 2**20} MB")
                continue
            for entry in _entries(block.text):
                if isinstance(entry, str):
                    yield Broken(block.begin, f"invalid BibTeX: {shorten(squeeze(entry), 200)}")
                elif entry.kind == "string":
                    _define(entry.fields, macros)
                elif entry.kind not in _NOT_ENTRIES:
                    one = Raw(block.begin, _record(entry.fields, macros))
                    is_child = inheritance.add(entry.kind, entry.key, one)
                    if _is_whole_volume(entry):
                        yield Broken(block.begin, f"a whole volume (@{entry.kind}), not a paper", is_left_out=True)
                    elif not is_child and entry.kind != "xdata":
                        yield one._replace(record=_with_subtitles(one.record))
    for child in inheritance.children():
        yield child._replace(record=_with_subtitles(child.record))


def _is_whole_volume(entry: _Parsed) -> bool:
    is_untitled = not entry.fields.keys() & {"title", "author", "crossref", "xdata"}
    return entry.kind in _WHOLE_VOLUMES or (entry.kind in _BOOKS and is_untitled and "editor" in entry.fields)


def _blocks(text: Any) -> Iterator[_Block]:
    """Yield each entry, up to its closing brace or the start of the next one."""
    begin, block, depth, closing = 0, "", 0, ""
    for number, whole in enumerate(_joined_lines(text), start=1):
        later = _LATER_START.search(whole) if "@" in whole and not closing and not _ENTRY_START.match(whole) else None
        line = whole[later.start() + 1 :] if later else whole
        start = _ENTRY_START.match(line) if "@" in line else None
        if start and (depth <= 0 or _CLEAR_START.match(line)):
            if closing:
                yield _Block(begin, block)
            begin, block, depth = number, "", 0
            closing = ")" if start[2] == "(" else "}"
        if not closing:
            continue
        if len(block) <= ENTRY:
            block += line
        depth += line.count("{") - line.count("}") - line.count("\\{") + line.count("\\}")
        if depth <= 0 and line.rstrip().endswith(closing):
            yield _Block(begin, block)
            closing = ""
    if closing:
        yield _Block(begin, block)


def _joined_lines(text: Any) -> Iterator[str]:
    """Yield lines; what may be a type without its brace moves to the next line, which leaves an empty one."""
    held = ""
    for line in lines_of(text):
        if line.lstrip().startswith("@") and _BARE_TYPE.fullmatch(line):
            yield held + "\n"  # what was held is a word of a wrapped title
            held = line.rstrip() + " "
        else:
            yield held + line
            held = ""


# -- one entry ----------------------------------------------------------------------------------------

_KEY = re.compile(r"\s*([^\s,{}()=\"]*)\s*(?=[,})]|$)")
_FIELD = re.compile(rf"[\s,]*({_NAME})\s*=\s*")
_WORD = re.compile(r"[^\s,{}()\"#=]+")
_JOIN = re.compile(r"\s*#\s*")
_SEPARATORS = re.compile(r"[\s,]*")


def _entries(text: str) -> Iterator[_Parsed | str]:
    """Yield each entry in a block, or the reason why it is invalid."""
    at = broken = 0
    while start := _ENTRY_START.match(text, at):
        kind, closing = start[1].lower(), ")" if start[2] == "(" else "}"
        if kind in ("comment", "preamble"):
            at = _end_of_comment(text, start.end() - 1)
        else:
            try:
                parsed, at = _entry(text, start.end(), kind, closing)
            except ValueError as error:
                yield str(error)
                broken += 1
                later = _LATER_START.search(text, start.end()) if broken < _MAX_BROKEN else None
                if later is None:
                    return
                at = later.start() + 1
                continue
            yield parsed


def _end_of_comment(text: str, at: int) -> int:
    return (closed_at(text, at) if text[at] == "{" else text.find(")", at) + 1) or len(text)


def _entry(text: str, at: int, kind: str, closing: str) -> tuple[_Parsed, int]:
    """Parse what follows "@article{"; raise ValueError with the reason if it is invalid."""
    key = ""
    if kind != "string" and (found := _KEY.match(text, at)):
        key, at = found[1], found.end()
    fields: dict[str, str] = {}
    while True:
        separators = _SEPARATORS.match(text, at)
        at = separators.end() if separators else at
        if text.startswith(closing, at):
            return _Parsed(kind, key, fields), at + 1
        field = _FIELD.match(text, at)
        if field is None:
            rest = text[at : at + 40].split("\n", maxsplit=1)[0]
            raise ValueError(f"expected a field, not {rest!r}" if rest else "the entry is not closed")
        at = _end_of_value(text, field.end(), field[1])
        fields.setdefault(field[1].lower(), text[field.end() : at])  # of duplicates BibTeX takes the first


def _end_of_value(text: str, at: int, name: str) -> int:
    while True:
        if text[at : at + 1] in ("{", '"'):
            end = closed_at(text, at)
            if not end:
                raise ValueError(f"the value of {name} is not closed")
        else:
            word = _WORD.match(text, at)
            end = word.end() if word else at
        join = _JOIN.match(text, end)
        if join is None:
            return end
        at = join.end()


def _define(fields: Mapping[str, str], macros: dict[str, str]) -> None:
    for name, value in fields.items():
        if len(macros) < _MAX_MACROS:
            macros[name] = evaluate(value, macros)[:_MAX_MACRO_LENGTH]


def _record(fields: Mapping[str, str], macros: Mapping[str, str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, raw in fields.items():
        value = evaluate(raw, macros)
        if name == "author":
            record[name] = names(value)
        elif name in _KEYS:
            record[name] = value
        else:
            record[name] = address(value) if name in _VERBATIM else tex.read(value, groups=True)
    return record


def _with_subtitles(record: Mapping[str, Any]) -> dict[str, Any]:
    """Join each title with its subtitle: "Title: Subtitle"."""
    joined = {name: value for name, value in record.items() if name not in _KEYS}
    for name, part in (("title", "subtitle"), ("booktitle", "booksubtitle"), ("journaltitle", "journalsubtitle")):
        title, subtitle = joined.get(name), joined.pop(part, "")
        if title and subtitle and not _ends_with(title, subtitle):
            joined[name] = f"{title.rstrip()}{' ' if title.rstrip()[-1:] in ':?!.' else ': '}{subtitle}"
    return joined


def _ends_with(title: str, subtitle: str) -> bool:
    """Return whether a title has its subtitle already: "Clouds: a survey"."""
    begin, end = title[: -len(subtitle)].rstrip(), title[-len(subtitle) :]
    return end.lower() == subtitle.lower() and (not begin or not begin[-1].isalnum())

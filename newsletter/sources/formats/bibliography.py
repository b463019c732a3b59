"""The files of reference managers, BibTeX and RIS → one record after the other; see `readers`.

BibTeX: https://www.bibtex.org/Format/ and, with what people make of it, https://tug.ctan.org/info/bibtex/tamethebeast/.
RIS: https://web.archive.org/web/20120526103719/http://refman.com/support/risformat_intro.asp.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, Raw, lines_of, open_text
from newsletter.text import shorten, squeeze

# No entry is larger; one that seems so lacks its end.
_LARGEST = 2**20
_MOST_MACROS = 10_000
_LONGEST_MACRO = 10_000

# -- BibTeX -------------------------------------------------------------------------------------------

_BEGIN = re.compile(r"\s*@\s*([A-Za-z]+)\s*([{(])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Addresses and numbers: what looks like LaTeX in them is theirs.
_VERBATIM = frozenset(
    {"url", "doi", "eprint", "pdf", "link", "code", "github", "project", "archiveprefix", "eprinttype"}
)


def read_bibtex(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the entries of a BibTeX file, but whole volumes (@proceedings); authors are a list."""
    # It warns of each broken entry, which we refuse in words of our own.
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    macros = {month: month for month in _MONTHS}
    with open_text(stream) as text:
        for begin, kind, block in _blocks(text):
            if len(block) > _LARGEST:
                yield Broken(begin, f"an entry longer than {_LARGEST // 2**20} MB")
            elif kind not in ("comment", "preamble"):
                yield from _read_block(begin, block, macros)


def _blocks(text: Any) -> Iterator[tuple[int, str, str]]:
    """Yield each entry's first line, its kind and its text: to where its braces close or the next begins."""
    begin, kind, block, depth = 0, "", "", 0
    closing = ""
    for number, line in enumerate(lines_of(text), start=1):
        match = _BEGIN.match(line) if "@" in line else None
        if match:
            if kind:
                yield begin, kind, block
            begin, kind, block, depth = number, match[1].lower(), "", 0
            closing = ")" if match[2] == "(" else "}"
        if not kind:
            continue
        if len(block) <= _LARGEST:
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
    except Exception as error:  # noqa: BLE001 - whatever that text does to the parser, the others go on
        yield Broken(begin, f"not BibTeX: {shorten(squeeze(str(error)), 200)}")
        return
    for macro in library.strings[: _MOST_MACROS - len(macros)]:
        macros[macro.key.lower()] = _evaluate(macro.value, macros)[:_LONGEST_MACRO]
    entries = list(library.entries)
    for failed in library.failed_blocks:
        whole = failed.ignore_error_block
        if isinstance(whole, model.Entry):  # only a field named twice
            entries.append(whole)
        else:
            why = getattr(failed.error, "abort_reason", None) or failed.error
            yield Broken(begin, f"not BibTeX: {shorten(squeeze(str(why)), 200)}")
    for entry in entries:
        if entry.entry_type.lower() != "proceedings":
            yield Raw(begin, _fields(entry.fields, macros))


def _fields(fields: list[Any], macros: dict[str, str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for field in fields:
        name, value = field.key.lower(), _evaluate(field.value, macros)
        if name in record:  # named twice: BibTeX takes the first
            continue
        if name == "author":
            record[name] = [_name(one) for one in _split_names(value)]
        else:
            record[name] = _address(value) if name in _VERBATIM else plain(value)
    return record


def _evaluate(value: str, macros: dict[str, str]) -> str:
    """Return what a value stands for: text in braces or quotes, a number, a macro, or some of these joined by "#"."""
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
    """Return where the part of a value that begins at `at` ends."""
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


# -- names --------------------------------------------------------------------------------------------

_NAME_MARK = re.compile(r"(?<!\\)[{}]| and ", re.IGNORECASE)


def _split_names(value: str) -> list[str]:
    """Split names at each "and" that is not in braces."""
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
    """Return a person's name; one all in braces is an organisation's, and a comma in it is its own."""
    stripped = name.strip()
    is_whole = (
        stripped.startswith("{") and _end_of_part(stripped, 0) == len(stripped) and not stripped.startswith("{\\")
    )
    return {"literal": plain(stripped)} if is_whole else plain(stripped)


# -- LaTeX in BibTeX ----------------------------------------------------------------------------------
# Braces group, protect capitals and hold arguments; only here, where they mean nothing else, may they be taken out.

_MARKS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_ACCENTED = re.compile(
    r"\\(?:(?P<sign>['`^\"~=.])\s*|(?P<letter>[cvuHkrdb])(?:\s+|(?=\{)))"
    r"(?:\{\s*\\?(?P<braced>[A-Za-z])\s*\}|\\?(?P<bare>[A-Za-z]))"
)
_SYMBOLS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "textendash": "–",
    "textemdash": "—", "textquoteright": "’", "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”",
    "ldots": "…", "dots": "…", "textregistered": "®", "texttrademark": "™", "textasciitilde": "∼",
}  # fmt: skip
_SYMBOL = re.compile(
    r"\\(" + "|".join(sorted(_SYMBOLS, key=len, reverse=True)) + r")(?![A-Za-z])(?:\{\}|\s+(?=[A-Za-z]))?"
)
# Font switches, which reach to the end of their group: {\it small}.
_SWITCH = re.compile(r"\\(?:bf|it|em|rm|sc|sl|tt|sf|bfseries|itshape|scshape|ttfamily)(?![A-Za-z])\s*(?!\{)")
_PIECE = re.compile(r"\$[^$]*\$|\\[A-Za-z]+\*?\s*\{|\\.|[{}]|[^\\{}$]+|[\\$]", re.DOTALL)
_TIE = re.compile(r"(?<!\\)~")


def plain(latex: str) -> str:
    """Return a value without the braces that group, and with accents, symbols, dashes and quotes as Unicode."""
    if "\\" in latex:
        latex = _SYMBOL.sub(lambda match: _SYMBOLS[match[1]], _ACCENTED.sub(_accented, latex))
        latex = _SWITCH.sub("", latex)
    if "{" in latex or "}" in latex:
        latex = _without_groups(latex)
    if "--" in latex:
        latex = latex.replace("---", "—").replace("--", "–")
    if "``" in latex:
        latex = latex.replace("``", "“").replace("''", "”")
    return _TIE.sub(" ", latex) if "~" in latex else latex


def _accented(match: re.Match[str]) -> str:
    message = match["braced"] or match["bare"]
    return unicodedata.normalize("NFC", message + _MARKS[match["sign"] or match["letter"]])


def _without_groups(latex: str) -> str:
    """Take out braces, but in formulas and around what a command is applied to: that is for `markup` to read."""
    kept: list[str] = []
    holds: list[bool] = []
    for piece in _PIECE.findall(latex):
        if piece == "{":
            holds.append(False)
        elif piece == "}":
            if holds and holds.pop():
                kept.append(piece)
        else:
            if piece[-1] == "{" and piece[1].isalpha():
                holds.append(True)
            kept.append(piece)
    return "".join(kept)


_URL = re.compile(r"\\(?:url|path|href)\s*\{([^{}]*)\}")


def _address(value: str) -> str:
    return re.sub(r"\\([%&$#_~])", r"\1", _URL.sub(r"\1", value).replace("{", "").replace("}", ""))


# -- RIS ----------------------------------------------------------------------------------------------


def read_ris(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the records of a RIS file by tag; tags that may be repeated are lists."""
    import rispy  # noqa: PLC0415 - only this format needs it

    mapping = {tag: tag for tag in rispy.TAG_KEY_MAPPING}
    parser = rispy.RisParser(mapping=mapping, delimiter_tags_mapping={})
    with open_text(stream) as text:
        for begin, lines in _ris_records(text):
            if sum(map(len, lines)) > _LARGEST:
                yield Broken(begin, f"a record longer than {_LARGEST // 2**20} MB")
                continue
            for record in parser.parse_lines(iter([*lines, "ER  - "])):
                yield Raw(begin, record)


def _ris_records(text: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of each record, from "TY  - " to before "ER  - " or, where that is missing, the next "TY  - "."""
    record: list[str] = []
    begin, size = 0, 0
    for number, line in enumerate(lines_of(text), start=1):
        tag = line[:5]
        if tag in ("TY  -", "ER  -") and record:
            yield begin, record
            record = []
        if tag == "TY  -":
            begin, size = number, 0
        if (record or tag == "TY  -") and not line.isspace() and size <= _LARGEST:
            record.append(line)
            size += len(line)
    if record:
        yield begin, record

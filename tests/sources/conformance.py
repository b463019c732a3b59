"""The conformance suite of feedparser, and how our reader of feeds does in it.

Each file of the suite states in a comment what must be read from it: `Expect: entries[0]['title'] == 'Example'`. The
suite is in feedparser's source distribution (BSD 2-clause), which pip fetches once; it is not a part of this
repository.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from enum import Enum
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from typing import Any

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.models.dates import first_day
from newsletter.sources.documents import Document
from newsletter.sources.feed import Feed

CACHE = Path(__file__).parents[2] / ".cache" / "feedparser"
_TODAY = date(2026, 5, 8)


class Unavailable(Exception):
    """The suite cannot be had."""


class Field(Enum):
    """A fact of an entry that the suite has expectations on."""

    TITLE = "title"
    SUMMARY = "summary"
    AUTHOR = "author"
    DATE = "date"
    LINK = "link"


@dataclass(frozen=True)
class Expectation:
    """What must be read from the first entry of a file."""

    file: str
    content: bytes
    #: The address that the file says it has, or the one at which feedparser's own tests serve it.
    place: str
    field: Field
    key: str
    #: As feedparser gives it: markup, an address, or the numbers of a time in UTC.
    value: Any


# -- the suite ----------------------------------------------------------------------------------------


def fetch_suite(cache: Path = CACHE) -> Path:
    """Return the folder of the suite of the installed feedparser, which is fetched unless it is there.

    Raises:
        Unavailable: pip cannot fetch it.
    """
    name = f"feedparser-{version('feedparser')}"
    folder = cache / name / "tests"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        wanted = ["--no-binary", ":all:", "--no-deps", "--dest", str(cache), name.replace("-", "==")]
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *wanted]
        fetched = subprocess.run(command, check=False, capture_output=True, text=True)
        if fetched.returncode:
            raise Unavailable(f"pip cannot fetch the sources of {name}: {fetched.stderr.strip()[-200:]}")
        with tarfile.open(cache / f"{name}.tar.gz") as archive:
            if hasattr(tarfile, "data_filter"):  # not in Debian's Python 3.11.2
                archive.extraction_filter = tarfile.data_filter
            archive.extractall(cache)  # noqa: S202 - of PyPI, and filtered where Python can
    return folder


_EXPECT = re.compile(r"Expect:\s*(?P<expression>.+?)\s*(?:-->|\n)")
_PLACE = re.compile(r"Header:\s*Content-Location:\s*(\S+)", re.IGNORECASE)
_KEYS = {
    "title": Field.TITLE, "title_detail.value": Field.TITLE, "summary": Field.SUMMARY, "description": Field.SUMMARY,
    "summary_detail.value": Field.SUMMARY, "content.0.value": Field.SUMMARY, "author": Field.AUTHOR,
    "author_detail.name": Field.AUTHOR, "authors.0.name": Field.AUTHOR, "published_parsed": Field.DATE,
    "updated_parsed": Field.DATE, "created_parsed": Field.DATE, "link": Field.LINK, "links.0.href": Field.LINK,
}  # fmt: skip


def expectations(folder: Path) -> Iterator[Expectation]:
    """Yield what the suite expects of titles, summaries, authors, dates and links of first entries."""
    for path in sorted(folder.glob("*formed/**/*.xml")):
        content = path.read_bytes()
        text = content.replace(b"\0", b"").decode("utf-8", "replace")
        stated, place = _EXPECT.search(text), _PLACE.search(text)
        if stated is None:
            continue
        file = path.relative_to(folder).as_posix()
        for key, value in _equalities(stated["expression"]):
            if key in _KEYS:
                yield Expectation(
                    file, content, place[1] if place else f"http://127.0.0.1:8097/{file}", _KEYS[key], key, value
                )


def _equalities(expression: str) -> Iterator[tuple[str, Any]]:
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            key = _path(node.left)
            try:
                value = ast.literal_eval(node.comparators[0])
            except ValueError:
                continue
            if key.startswith("entries.0."):
                yield key.removeprefix("entries.0."), value


def _path(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_path(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return f"{_path(node.value)}.{node.slice.value!s}"
    return ""


# -- our reading --------------------------------------------------------------------------------------

_ENTRY = re.compile(rb"<((?:\w+:)?)(?:item|entry)\b[^>]*(?<!/)>", re.IGNORECASE)
_TITLE = re.compile(rb"<(?:\w+:)?title\b", re.IGNORECASE)
_PLAIN = re.compile(rb"""type=["']text(?:/plain)?["']""")


def outcome(expectation: Expectation) -> tuple[str, str]:
    """Return what the suite expects, as text, and what our source of feeds reads."""
    found = _read(expectation)
    return _expected(expectation), found if isinstance(found, str) else _fact(found, expectation.field)


def _read(expectation: Expectation) -> Entry | str:
    """Return the first entry, or the reason why there is none.

    Most files have entries without a title, which the source refuses; they are given one.
    """
    content = expectation.content
    opening = _ENTRY.search(content)
    if opening and expectation.field is not Field.TITLE and not _TITLE.search(content, opening.end()):
        title = b"<%stitle>Untitled</%stitle>" % (opening[1], opening[1])
        content = content[: opening.end()] + title + content[opening.end() :]
    try:
        found = next(Feed().parse(Document(expectation.place, content), _TODAY), None)
    except SourceError as error:
        return str(error)
    if isinstance(found, Refusal):
        return "" if found.why == "no title" else found.why
    return found or "no entry"


def _fact(entry: Entry, field: Field) -> str:
    match field:
        case Field.TITLE:
            return entry.title
        case Field.SUMMARY:
            return entry.abstract
        case Field.AUTHOR:
            return entry.authors[0] if entry.authors else ""
        case Field.DATE:
            return first_day(entry.published).isoformat() if entry.published else ""
        case Field.LINK:
            return entry.url or ""


def _expected(expectation: Expectation) -> str:
    match expectation.field:
        case Field.TITLE | Field.SUMMARY:
            is_plain = _PLAIN.search(expectation.content) and "</" not in expectation.value
            return " ".join(expectation.value.split()) if is_plain else _shown(expectation.value)
        case Field.DATE:
            return date(*expectation.value[:3]).isoformat()
        case _:
            return str(expectation.value)


class _Shown(HTMLParser):
    """The text of HTML as the standard library reads it, independently of ours."""

    _BLOCKS = frozenset({"blockquote", "br", "div", "h1", "h2", "li", "ol", "p", "table", "td", "tr", "ul"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(" " if tag in self._BLOCKS else "")

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(" " if tag in self._BLOCKS else "")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _shown(markup: str) -> str:
    # What is not closed is no declaration, but text; some security updates of Python drop it.
    begun = markup.rfind("<!")
    if begun >= 0 and ">" not in markup[begun:]:
        markup = f"{markup[:begun]}&lt;{markup[begun + 1 :]}"
    parser = _Shown()
    parser.feed(markup)
    parser.close()
    return " ".join("".join(parser.parts).split())


# -- where the two differ -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Why we read something else than the suite expects, in some files."""

    reason: str
    #: The names of the files, without the folder.
    files: tuple[str, ...]
    #: Whether the expectation is about something that our entries do not have.
    is_beyond_us: bool = False


DIFFERENCES = (
    Difference("an address of email is no part of a name", ("entry_author_map_author.xml",), is_beyond_us=True),
    Difference("a day is the one in the time zone stated", ("item_lastmod_parsed.xml",), is_beyond_us=True),
    Difference("a link to a licence leads to no paper", ("entry_link_rel_license.xml",), is_beyond_us=True),
    Difference(
        "the abstract is the longest text of an entry, and this is another one",
        ("entry_content_and_summary.xml", "item_description_and_summary.xml", "item_summary_and_description.xml"),
        is_beyond_us=True,
    ),
    Difference(
        "content of a type that is not text",
        ("entry_content_base64.xml", "entry_content_base64_2.xml"),
        is_beyond_us=True,
    ),
    Difference(
        "the title of a drawing is no text of the page",
        ("atomsvgdesc.xml", "atomsvgtitle.xml", "rss2.0svgtitle.xml"),
    ),
    Difference("browsers do not show what a frame encloses", ("entry_content_iframe.xml", "entry_summary_iframe.xml")),
    Difference(
        "no elements of HTML, and they may be words", ("acceptable_element_m.xml", "acceptable_element_sound.xml")
    ),
    Difference(
        "tags that were escaped are markup, since many feeds escape twice",
        ("item_description_code_br.xml", "item_content_encoded_script_nested_cdata.xml"),
    ),
)


def difference_of(expectation: Expectation) -> Difference | None:
    """Return the known reason why our reading of a file differs, or None."""
    name = expectation.file.rpartition("/")[2]
    return next((one for one in DIFFERENCES if name in one.files), None)


@dataclass
class Score:
    """How often our reading of a field is as expected."""

    beyond_us: int = 0
    equal: int = 0
    differing: list[tuple[Expectation, str, str]] = dataclass_field(default_factory=list)

    @property
    def share(self) -> float:
        return self.equal / (self.equal + len(self.differing))


def scores(folder: Path) -> dict[Field, Score]:
    """Read all files of the suite."""
    found = {field: Score() for field in Field}
    for expectation in expectations(folder):
        score = found[expectation.field]
        expected, read = outcome(expectation)
        known = difference_of(expectation)
        if expected == read:
            score.equal += 1
        elif known and known.is_beyond_us:
            score.beyond_us += 1
        else:
            score.differing.append((expectation, expected, read))
    return found

"""Reads test collections in the format of SMART (Salton, 1971): documents, queries, and which documents are relevant.

CACM has 3,204 titles and abstracts of Communications of the ACM (1958 to 1979), and 64 queries, of which
52 have relevant documents: http://ir.dcs.gla.ac.uk/resources/test_collections/cacm/
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

CACM = "http://ir.dcs.gla.ac.uk/resources/test_collections/cacm/cacm.tar.gz"
_DOCUMENTS, _QUERIES, _RELEVANT = "cacm.all", "query.text", "qrels.text"
_TIMEOUT_S = 20
_FIELD = re.compile(r"^\.([A-Z])[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TestCollection:
    """A test collection."""

    __test__ = False  # no class of tests, though pytest takes its name for one

    #: Title and abstract by number.
    documents: Mapping[int, tuple[str, str]]
    queries: Mapping[int, str]
    relevant: Mapping[int, frozenset[int]]


def read_collection(place: str) -> TestCollection:
    """Return a collection from a folder, or from the archive of files at a URL.

    Raises:
        OSError: A file cannot be read, or the URL cannot be reached.
    """
    if place.startswith(("http://", "https://")):
        files = _downloaded(place)
    else:
        names = (_DOCUMENTS, _QUERIES, _RELEVANT)
        files = {name: (Path(place) / name).read_text(encoding="utf-8", errors="replace") for name in names}
    documents = {
        number: (" ".join(fields.get("T", "").split()), " ".join(fields.get("W", "").split()))
        for number, fields in _records(files[_DOCUMENTS])
    }
    queries = {number: " ".join(fields.get("W", "").split()) for number, fields in _records(files[_QUERIES])}
    relevant: dict[int, set[int]] = {}
    for line in filter(str.strip, files[_RELEVANT].splitlines()):
        query, document, *_ = map(float, line.split())
        relevant.setdefault(int(query), set()).add(int(document))
    return TestCollection(documents, queries, {query: frozenset(those) for query, those in relevant.items()})


def _downloaded(url: str) -> dict[str, str]:
    try:
        response = httpx.get(url, timeout=_TIMEOUT_S, follow_redirects=True).raise_for_status()
    except httpx.HTTPError as error:
        raise OSError(f"{url}: {error or type(error).__name__}") from error
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        members = [(member, archive.extractfile(member)) for member in archive.getmembers() if member.isfile()]
        return {Path(member.name).name: file.read().decode(errors="replace") for member, file in members if file}


def _records(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number and the fields of each record: ".I 1", then ".T" and other letters, each before its text."""
    for record in re.split(r"^\.I[ \t]+", text, flags=re.MULTILINE)[1:]:
        number, _, rest = record.partition("\n")
        marks = list(_FIELD.finditer(rest))
        ends = [mark.start() for mark in marks[1:]] + [len(rest)]
        yield int(number), {mark[1]: rest[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}

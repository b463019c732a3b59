"""Library files of each format: how many titles, authors, years and DOIs are read as they were written, and how fast.

    python -m tests.benchmarks.libraries [--count 3000] [--seed 1]

The files are random (`tests.sources.libraries`), with the hard cases of each format. A line per format: the shares that
are equal to what was written; the shares that are equal to what another reader has (pybtex, rispy, or the standard
library's of XML and JSON), of those values that it reads in full; papers per second; and our time to papers, relative
to that reader's time to plain values.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any
from xml.etree import ElementTree

from newsletter.models import Entry
from newsletter.models.dates import first_day
from newsletter.sources import Document
from newsletter.sources.file import File
from newsletter.text import squeeze
from tests.sources.libraries import WRITERS, Reference, encoded, references

_DAY = date(2026, 5, 8)
_NUMBER = re.compile(r"Study(\d+)")
FACTS = ("title", "authors", "year", "doi")


@dataclass(frozen=True)
class Facts:
    """What is compared of a paper; None for what a reader does not resolve."""

    number: int
    title: str | None
    authors: tuple[str, ...] | None
    year: int | None
    doi: str | None


@dataclass(frozen=True)
class Comparison:
    """How a file was read."""

    written: int
    refused: int
    #: By fact, how many differ from what was written.
    differing: Mapping[str, int]
    #: By fact, how many another reader has in full, and how many of these differ from it; None without such a reader.
    other: Mapping[str, tuple[int, int]] | None
    papers_per_second: float
    #: Our time relative to that of the other reader.
    ratio: float | None


def compare(form: str, count: int, seed: int = 1) -> Comparison:
    """Write a file of a format, read it, and compare."""
    chance = Random(seed)  # noqa: S311 - the same in every run
    found = references(count, seed)
    writer, name = WRITERS[form]
    content = encoded(writer(found, chance), chance)
    began = time.process_time()
    items = list(File().parse(Document(name, content), _DAY))
    ours_took = time.process_time() - began
    entries = [_facts(item) for item in items if isinstance(item, Entry)]
    ours = {facts.number: facts for facts in entries}
    truth = {one.number: _truth(one) for one in found}
    differing = {fact: _count_differing(fact, truth, ours)[1] for fact in FACTS}
    other = ratio = None
    if form in PARSERS:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        began = time.process_time()
        raw = PARSERS[form][0](text)
        ratio = ours_took / max(time.process_time() - began, 1e-6)
        theirs = {facts.number: facts for facts in PARSERS[form][1](raw)}
        other = {fact: _count_differing(fact, theirs, ours) for fact in FACTS}
    return Comparison(len(found), len(items) - len(entries), differing, other, len(found) / ours_took, ratio)


def _count_differing(fact: str, expected: Mapping[int, Facts], found: Mapping[int, Facts]) -> tuple[int, int]:
    """Return how many values are expected, and how many of these were found to be something else, or not at all."""
    known = {number: value for number, one in expected.items() if (value := getattr(one, fact)) is not None}
    return len(known), sum(getattr(found.get(number), fact, None) != value for number, value in known.items())


def _number(title: str) -> int:
    match = _NUMBER.search(title)
    return int(match[1]) if match else 0


def _facts(entry: Entry) -> Facts:
    year = first_day(entry.published).year if entry.published else None
    return Facts(_number(entry.title), entry.title, entry.authors, year, entry.doi)


def _truth(one: Reference) -> Facts:
    authors = tuple(person.shown for person in one.authors)
    return Facts(one.number, squeeze(one.title.plain), authors, one.year, one.doi.lower())


# -- other readers ------------------------------------------------------------------------------------


def _parse_bibtex(text: str) -> Any:
    from pybtex.database import parse_string
    from pybtex.errors import set_strict_mode

    set_strict_mode(False)
    return parse_string(text, "bibtex")


def _of_pybtex(library: Any) -> Iterator[Facts]:
    for entry in library.entries.values():
        if entry.type in ("proceedings", "xdata"):
            continue
        fields = entry.fields
        parts = [_decoded(fields[name]) for name in ("title", "subtitle") if fields.get(name)]
        title = ": ".join(parts)
        year = re.match(r"\d{4}", fields.get("year") or fields.get("date") or "")
        authors = tuple(_of_person(person) for person in entry.persons["author"])
        yield Facts(
            _number(title),
            title if "\\" not in title and "$" not in title else None,
            None if any("\\" in name for name in authors) else authors,
            int(year[0]) if year else None,
            fields["doi"].strip("{}").removeprefix("https://doi.org/").lower(),
        )


def _decoded(tex: str) -> str:
    from pybtex.richtext import Text

    return squeeze(str(Text.from_latex(tex)).replace("\xa0", " "))


def _of_person(person: Any) -> str:
    parts = (person.first_names, person.middle_names, person.prelast_names, person.last_names, person.lineage_names)
    return _decoded(" ".join(name for part in parts for name in part))


def _parse_ris(text: str) -> Any:
    import rispy

    return rispy.loads(text)


def _of_rispy(records: Any) -> Iterator[Facts]:
    for record in records:
        year = str(record.get("year") or record.get("publication_year") or record.get("date") or "")
        title = squeeze(record.get("title") or record.get("primary_title") or "")
        yield Facts(
            _number(title),
            title,
            tuple(map(_first_last, record.get("authors") or record.get("first_authors") or ())),
            int(year[:4]) if year[:4].isdecimal() else None,
            record["doi"].lower(),
        )


def _parse_wos(text: str) -> Any:
    import rispy

    return rispy.loads(text.rpartition("EF\n")[0], implementation=rispy.WokParser)


def _of_wos(records: Any) -> Iterator[Facts]:
    for record in records:
        title = " ".join(record["document_title"].split())
        yield Facts(_number(title), title, None, int(record["publication_year"]), record["doi"].lower())


def _of_xml(root: Any) -> Iterator[Facts]:
    def text(record: Any, path: str) -> str:
        return "".join(record.find(path).itertext())

    for record in root.iter("record"):
        authors = ("".join(author.itertext()) for author in record.iter("author"))
        year = int(text(record, "dates/year"))
        doi = text(record, "electronic-resource-num").lower()
        title = squeeze(text(record, "titles/title"))
        yield Facts(_number(title), title, tuple(map(_first_last, authors)), year, doi)


def _of_csl(items: Any) -> Iterator[Facts]:
    order = ("given", "non-dropping-particle", "family", "suffix")
    for item in items:
        authors = (one.get("literal") or " ".join(filter(None, map(one.get, order))) for one in item["author"])
        issued = item["issued"]
        year = issued["date-parts"][0][0] if "date-parts" in issued else next(iter(issued.values()))[:4]
        title = squeeze(re.sub(r"</?(?:i|sub|span)\b[^>]*>", "", item["title"]).replace("H2O", "H₂O"))
        yield Facts(_number(title), title, tuple(authors), int(year), item["DOI"].lower())


def _first_last(name: str) -> str:
    last, first, suffix = ([part.strip() for part in name.split(",")] + ["", ""])[:3]
    return " ".join(filter(None, (first, last, suffix)))


#: By format: how another reader parses a file, which is timed, and what it has of each paper.
PARSERS: dict[str, tuple[Callable[[str], Any], Callable[[Any], Iterator[Facts]]]] = {
    "BibTeX": (_parse_bibtex, _of_pybtex),
    "biblatex": (_parse_bibtex, _of_pybtex),
    "RIS": (_parse_ris, _of_rispy),
    "Web of Science": (_parse_wos, _of_wos),
    "EndNote XML": (lambda text: ElementTree.parse(io.StringIO(text)).getroot(), _of_xml),  # noqa: S314 - our own
    "CSL-JSON": (json.loads, _of_csl),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{'format':16}{'compared with':18}{''.join(f'{fact:>10}' for fact in FACTS)}   refused  papers/s    time")
    for form in WRITERS:
        found = compare(form, options.count, options.seed)
        shares = "".join(f"{1 - found.differing[fact] / found.written:10.3%}" for fact in FACTS)
        print(f"{form:16}{'what was written':18}{shares}{found.refused:10}{found.papers_per_second:10.0f}")
        if found.other:
            of = (f"{1 - differing / max(known, 1):10.3%}" for known, differing in found.other.values())
            print(f"{'':16}{'another reader':18}{''.join(of)}{'':20}{found.ratio:8.2f}", flush=True)
            print(f"{'':16}{'  values it has':18}{''.join(f'{known:10}' for known, _ in found.other.values())}")


if __name__ == "__main__":
    main()

"""EndNote's files: tagged ("Refer", .enw) and XML.

Formats: refer(1) for the tags, and the RSXML.dtd that comes with EndNote for the XML, in which each text is
wrapped in <style>.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from newsletter.limits import ENTRY
from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, Raw
from newsletter.sources.formats.tagged_lines import Format, Line, Record, read_records

_LINE = re.compile(r"%(\S)(?:[ \t](.*))?")
_YEAR = re.compile(r"\d{4}", re.ASCII)


def read_refer(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the records of a tagged file as mappings of facts."""
    for record in read_records(stream, _REFER):
        yield record if isinstance(record, Broken) else Raw(record.begin, _refer_fields(record))


def _line(text: str, _record: Record | None) -> Line | None:
    match = _LINE.fullmatch(text.rstrip("\r\n"))
    return Line(match[1], (match[2] or "").strip()) if match else None


def _begins(line: Line, record: Record | None, is_after_blank: bool) -> bool:
    # Without types (%0), as refer(1) itself has them, an empty line separates records.
    return record is None or line.tag == "0" or (is_after_blank and record.lines[0].tag != "0")


_REFER = Format(_line, _begins, first=frozenset({"0"}))


def _refer_fields(record: Record) -> dict[str, Any]:
    return {
        "title": record.text("T"),
        "abstract": record.text("X"),
        "authors": record.items("A"),
        "doi": record.text("R"),
        **_dated(record.text("D"), record.text("8")),
        "journal": record.text("J", "B", "S"),
        "keywords": [word for item in record.items("K") for word in item.split(";")],
        "url": record.items("U"),
        "note": record.all("Z"),
        "number": record.text("N", "@"),
    }


def _dated(year: str, day: str) -> dict[str, str]:
    """Return a year and a date, which may state the year again ("2020-05-08") or not ("May 8")."""
    return {"year": year, "date": day} if _YEAR.search(day) else {"year": year, "month": day}


# -- XML ----------------------------------------------------------------------------------------------


def read_endnote_xml(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the records of an XML file as mappings of facts, in little memory; entities are not expanded."""
    from lxml import etree  # noqa: PLC0415 - only this format needs it

    number = 0
    try:
        for _, element in etree.iterparse(
            stream, events=("end",), tag="record", resolve_entities=False, no_network=True, load_dtd=False
        ):
            number += 1
            size = sum(map(len, element.itertext()))
            if size > ENTRY:
                yield Broken(element.sourceline or 0, f"record longer than {ENTRY // 2**20} MB")
            else:
                yield Raw(number, _xml_fields(element))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        yield Broken(error.lineno or 0, f"invalid XML from here on: {error.msg}")


def _xml_fields(element: Any) -> dict[str, Any]:
    def texts(path: str) -> list[str]:
        found = ("".join(one.itertext()) for one in element.findall(path))
        return [" ".join(text.split()) for text in found if text.strip()]

    def first(*paths: str) -> str:
        return next((found[0] for path in paths if (found := texts(path))), "")

    return {
        "title": first("titles/title"),
        "abstract": first("abstract"),
        "authors": texts("contributors/authors/author"),
        "doi": first("electronic-resource-num"),
        **_dated(first("dates/year"), first("dates/pub-dates/date")),
        "journal": first("periodical/full-title", "titles/secondary-title", "alt-periodical/full-title"),
        "keywords": texts("keywords/keyword"),
        "url": texts("urls/related-urls/url"),
        "pdf": texts("urls/pdf-urls/url"),
        "note": texts("notes"),
    }

"""Every reader accounts for every entry: n records written in a format are n entries or refusals, in their order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document
from newsletter.sources.file import File
from tests.examples import examples

DAY = date(2026, 5, 8)
#: What titles and abstracts may hold: marks of all formats, at the start of lines and elsewhere.
WORDS = st.sampled_from(
    [
        "Clouds",
        "of",
        "ER",
        "TY",
        "AU",
        "PT",
        "PMID-",
        "%T",
        "(b)",
        "[c]",
        ";",
        "é",
        "李",
        "1/2",
        "R&D",
        "x = y",
        "#",
        "'s",
    ]
)
TITLES = st.lists(WORDS, min_size=1, max_size=6).map(lambda words: " ".join(["Counting", *words, "well"]))
#: The lines of an abstract.
ABSTRACTS = st.lists(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=4)
RECORDS = st.lists(st.tuples(TITLES, ABSTRACTS), min_size=1, max_size=8)

Records = Sequence[tuple[str, Sequence[str]]]


def ris(records: Records) -> str:
    return "\n".join(
        f"TY  - JOUR\nTI  - {title}\nAB  - {chr(10).join(lines)}\nAU  - Doe, Ann\nER  - \n" for title, lines in records
    )


def ris_with_one_blank(records: Records) -> str:
    return "".join(f"TY - JOUR\nT1 -{title}\nN2 - {' '.join(lines)}\nA1 - Doe, Ann\nER -\n" for title, lines in records)


def ris_without_ends(records: Records) -> str:
    return "".join(f"TY  - JOUR\r\nTI  - {title}\r\n" for title, _ in records)


def medline(records: Records) -> str:
    return "\n".join(
        f"PMID- {number}\nTI  - {title}\nAB  - " + "\n      ".join(lines) + "\nFAU - Doe, Ann\n"
        for number, (title, lines) in enumerate(records)
    )


def web_of_science(records: Records) -> str:
    body = "".join(
        f"PT J\nAU Doe, A\n   Roe, B\nTI {title}\nAB " + "\n   ".join(lines) + "\nER\n\n" for title, lines in records
    )
    return f"FN Clarivate Analytics Web of Science\nVR 1.0\n{body}EF\n"


def refer(records: Records) -> str:
    return "\n".join(f"%0 Journal Article\n%T {title}\n%A Doe, Ann\n%X {' '.join(lines)}\n" for title, lines in records)


def bibtex(records: Records) -> str:
    kinds = ("article", "web_page", "Misc", "in-proceedings", "data.set")
    return "\n".join(
        f"@{kinds[number % 5]}{{{'' if number % 3 == 0 else f'k{number},'} title = {{{_tex(title)}}},, "
        f'author = "Doe, Ann",\n abstract = {{{chr(10).join(map(_tex, lines))}}}\n}}'
        for number, (title, lines) in enumerate(records)
    )


def bibtex_in_parentheses(records: Records) -> str:
    return (
        " ".join(f"@article(k{n}, title = {{{_tex(title)}}} year = 2026)" for n, (title, _) in enumerate(records))
        + "\n"
    )


def _tex(text: str) -> str:
    return text.replace("&", r"\&").replace("#", r"\#").replace("%", r"\%")


def table(delimiter: str) -> Callable[[Records], str]:
    def write(records: Records) -> str:
        text = io.StringIO()
        rows = csv.writer(text, delimiter=delimiter)
        rows.writerows(
            [("Title", "Abstract", "Year"), *((title, "\n".join(lines), "2026") for title, lines in records)]
        )
        return text.getvalue()

    return write


def csl_json(records: Records) -> str:
    return json.dumps([{"type": "article", "title": title, "abstract": " ".join(lines)} for title, lines in records])


def json_lines(records: Records) -> str:
    return "".join(json.dumps({"title": title}) + "\n" for title, _ in records)


def endnote_xml(records: Records) -> str:
    one = "<record><titles><title><style>{}</style></title></titles><abstract>{}</abstract></record>"
    body = "".join(one.format(escape(title), escape("\n".join(lines))) for title, lines in records)
    return f"<?xml version='1.0' encoding='UTF-8'?><xml><records>{body}</records></xml>"


def read(text: str) -> list[Entry | Refusal]:
    return list(File().parse(Document("file", text.encode()), DAY))


WRITERS = {
    "ris": ris,
    "ris with one blank": ris_with_one_blank,
    "ris without ends": ris_without_ends,
    "medline": medline,
    "web of science": web_of_science,
    "refer": refer,
    "bibtex": bibtex,
    "bibtex in parentheses": bibtex_in_parentheses,
    "csv": table(","),
    "excel": lambda records: "sep=;\r\n" + table(";")(records),
    "tsv": table("\t"),
    "dimensions": lambda records: '"About the data: Exported on May 08, 2026."\r\n' + table(",")(records),
    "csl-json": csl_json,
    "jsonl": json_lines,
    "endnote xml": endnote_xml,
}


@pytest.mark.parametrize("name", WRITERS)
@given(records=RECORDS)
def test_each_record_is_an_entry(name: str, records: Records) -> None:
    found = read(WRITERS[name](records))
    assert [one.why for one in found if isinstance(one, Refusal)] == []
    assert [one.title for one in found if isinstance(one, Entry)] == [_shown(title) for title, _ in records]


def _shown(title: str) -> str:
    return " ".join(title.split())


@pytest.mark.parametrize("name", WRITERS)
@examples(0.5)
@given(before=RECORDS, after=RECORDS)
def test_a_record_without_a_title_is_a_refusal_and_its_neighbours_are_entries(
    name: str, before: Records, after: Records
) -> None:
    found = read(WRITERS[name]([*before, ("", ["x"]), *after]))
    assert [one.title for one in found if isinstance(one, Entry)] == [_shown(title) for title, _ in (*before, *after)]
    assert [one.why for one in found if isinstance(one, Refusal)] == ["no title"]


def test_a_quote_that_is_never_closed_costs_its_own_row_only() -> None:
    rows = [f"Clouds {number},2026\n" for number in range(1000)]
    rows[500] = '"Clouds 500,2026\n'
    found = read("title,year\n" + "".join(rows))
    assert [str(one) for one in found if isinstance(one, Refusal)] == ["file, line 502: a quote is not closed"]
    assert sum(isinstance(one, Entry) for one in found) == 999


def test_whole_volumes_and_shared_data_are_no_papers() -> None:
    found = read(
        "@proceedings{p, title = {Proceedings on Clouds}, year = 2026}\n@xdata{x, journaltitle = {Clouds}}\n"
        "@inproceedings{a, title = {Counting}, crossref = {p}}\n@article{b, title = {Kettles}, xdata = {x}}\n"
    )
    entries = [one for one in found if isinstance(one, Entry)]
    assert [(one.title, one.venue) for one in entries] == [("Counting", "Proceedings on Clouds"), ("Kettles", "Clouds")]
    assert str(entries[0].published) == "2026"
    left_out = [one for one in found if isinstance(one, Refusal)]
    assert [(one.why, one.is_left_out) for one in left_out] == [("a whole volume (@proceedings), not a paper", True)]


def test_a_file_of_whole_volumes_alone_is_valid() -> None:
    found = read(
        "@proceedings{a, editor = {Ann Doe}}\n@book{b, editor = {Ann Doe}, year = 2026}\n"
        "@periodical{c, title = {Clouds}, issuetitle = {Rain}}\n"
    )
    assert [isinstance(one, Refusal) and one.is_left_out for one in found] == [True] * 3
    with pytest.raises(SourceError, match="no valid entries; line 2: no title"):
        read("@proceedings{a, editor = {Ann Doe}}\n@book{b, author = {Ann Doe}, year = 2026}\n")


def test_an_edited_book_with_a_title_is_an_entry() -> None:
    (one,) = read("@book{b, editor = {Ann Doe}, title = {Clouds}, year = 2026}")
    assert isinstance(one, Entry)
    assert one.title == "Clouds"

from __future__ import annotations

import gzip
import io
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.files.site import samples
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.documents import read_document
from newsletter.sources.file import File, detect_format
from tests.factories import TODAY

COUNTING = Entry(
    source="file",
    title="Counting Clouds",
    abstract="We count.",
    authors=("Ada Example", "Ben Sample"),
    doi="10.1000/clouds.1",
    published=date(2026, 5, 6),
    venue="Journal of Clouds",
)
RAIN = Entry(source="file", title="Rain", arxiv_id="2605.01234")

LIST = [
    {
        "title": "Counting Clouds",
        "abstract": "We count.",
        "authors": ["Ada Example", "Ben Sample"],
        "doi": "10.1000/clouds.1",
        "date": "2026-05-06",
        "journal": "Journal of Clouds",
    },
    {"title": "Rain", "id": "2605.01234"},
]
FORMATS = {
    "json": json.dumps(LIST),
    "wrapped": json.dumps({"count": 2, "results": LIST}, indent=2),
    "jsonl": "\n".join(map(json.dumps, LIST)),
    "csv": (
        "Title,Abstract Note,Author,DOI,Date,Publication Title,arXiv\r\n"
        'Counting Clouds,We count.,"Example, Ada; Sample, Ben",10.1000/clouds.1,2026-05-06,Journal of Clouds,\r\n'
        "Rain,,,,,,2605.01234\r\n"
    ),
    "tsv": (
        "title\tabstract\tauthors\tdoi\tdate\tjournal\tid\n"
        "Counting Clouds\tWe count.\tAda Example, Ben Sample\t10.1000/clouds.1\t2026-05-06\tJournal of Clouds\t\n"
        "Rain\t\t\t\t\t\t2605.01234\n"
    ),
    "bibtex": (
        "@article{a, title = {Counting {Clouds}}, abstract = {We count.}, author = {Example, Ada and Sample, Ben},\n"
        "  doi = {10.1000/clouds.1}, year = 2026, month = may, day = 6, journal = {Journal of Clouds}}\n"
        "@misc{b, title = {Rain}, eprint = {2605.01234}, archiveprefix = {arXiv}}\n"
    ),
    "ris": (
        "TY  - JOUR\nTI  - Counting Clouds\nAB  - We count.\nAU  - Example, Ada\nAU  - Sample, Ben\n"
        "DO  - 10.1000/clouds.1\nDA  - 2026/05/06/\nPY  - 2026\nT2  - Journal of Clouds\nER  - \n"
        "TY  - GEN\nT1  - Rain\nM1  - arXiv:2605.01234\nER  - \n"
    ),
}


def parse(content: bytes | str, place: str = "some.file", day: date | None = None) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else content.encode()
    return list(File().parse(Document(place, body, day), TODAY))


def error_of(content: bytes | str, place: str = "some.file") -> str:
    with pytest.raises(SourceError) as caught:
        parse(content, place)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value.message


# -- every format -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_same_papers_are_parsed_from_every_format(content: str, encoding: str) -> None:
    assert parse(content.encode(encoding)) == [COUNTING, RAIN]


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_a_gzipped_file_and_standard_input_are_parsed(
    content: str, tmp_path: Path, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.gz"
    path.write_bytes(gzip.compress(content.encode()))
    assert list(File().parse(read_document(str(path), None, client), TODAY)) == [COUNTING, RAIN]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert list(File().parse(read_document("-", None, client), TODAY)) == [COUNTING, RAIN]
    assert not sys.stdin.buffer.closed


def test_the_requested_day_is_the_day_listed() -> None:
    assert [one.listed for one in parse(FORMATS["json"], day=TODAY) if isinstance(one, Entry)] == [TODAY, TODAY]


@pytest.mark.parametrize(
    ("content", "place", "form"),
    [
        ('[{"title": "a"}]', "a.txt", "json"),
        ("\n [", "a.csv", "json"),
        ('{\n  "title": "a"\n}', "a.jsonl", "json"),
        ('{"title": "a"}\n', "a.json", "json"),
        ('{"title": "a"}\n', "a.jsonl", "jsonl"),
        ('{"title": "a"', "a.ndjson.gz", "jsonl"),
        ('{"title": "a"}\n\n{"title": "b"}', "a.json", "jsonl"),
        ('{"title": "a"}\r\n{"title": "b"}', "standard input", "jsonl"),
        ("TY  - JOUR\nTI  - a", "a.txt", "ris"),
        ("Provider: Clouds\n\nTY  - JOUR\n", "a", "ris"),
        ("% made by hand\n\n @Article {a,", "a.txt", "bibtex"),
        ("@string(a = {b})", "a", "bibtex"),
        ("title,year\n", "a", "table"),
        ("Year;TITLE", "a", "table"),
        ("Name\tPrice", "a", "table"),
        ("title", "a.csv", "table"),
        ("title", "a.txt", ""),
        ("We count clouds, and rain too.", "a.txt", ""),
        ("<!doctype html><p>[1]", "a.json", ""),
        ("%PDF-1.7\n@article{", "a.bib", ""),
        ("\x89PNG\r\n\x1a\n\x00\x00", "a.csv", ""),
        ("", "a.json", ""),
        (" \r\n\t", "a.json", ""),
    ],
)
def test_a_format_is_detected_by_content_and_only_then_by_name(content: str, place: str, form: str) -> None:
    assert detect_format(content.encode(), place) == form


# -- what cannot be taken -----------------------------------------------------------------------------


def test_only_a_record_without_a_title_is_refused() -> None:
    records = [{"id": "2605.00001"}, *LIST, "clouds"]
    assert parse(json.dumps(records)) == [
        Refusal("some.file, entry 1", "no title"),
        COUNTING,
        RAIN,
        Refusal("some.file, entry 4", "expected an object, not str"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (FORMATS["jsonl"] + '\n{"title": \n', 3, "invalid JSON: expecting value"),
        (FORMATS["json"][:-1], 1, "invalid JSON from here on: unclosed list"),
        (FORMATS["csv"] + ",x\r\n", 4, "no title"),
        (FORMATS["bibtex"] + "@misc{c, title = {x", 4, "invalid BibTeX: the value of title is not closed"),
        (FORMATS["bibtex"] + "@misc{c, year = 2026}", 4, "no title"),
        (FORMATS["ris"] + "TY  - JOUR\nER  - \n", 15, "no title"),
    ],
)
def test_a_refusal_names_the_line(content: str, line: int, why: str) -> None:
    assert parse(content) == [COUNTING, RAIN, Refusal(f"some.file, line {line}", why)]


@pytest.mark.parametrize("content", ["[]", '{"papers": []}', "title,year\n", "% none yet\n@comment{none}\n"])
def test_a_file_without_records_is_not_an_error(content: str) -> None:
    assert parse(content) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty file"),
        ("\n \n", "empty file"),
        ("<!DOCTYPE html><html><title>Clouds</title></html>", "unknown file format"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "unknown file format"),
        ("Clouds are white.", "unknown file format"),
        ("{}", "no valid entries; entry 1: no title"),
        ("[1, 2]", "no valid entries; entry 1: expected an object, not int"),
        (
            '[\n{"title": "a',
            "no valid entries; line 2: invalid JSON from here on: unterminated string",
        ),
        ('{"a": 1}\n{"a": 2}', "no valid entries; line 1: no title"),
    ],
)
def test_a_file_without_valid_entries_is_one_error(content: bytes | str, message: str) -> None:
    assert error_of(content) == f"some.file: {message}"


def test_a_table_without_title_column_is_one_error() -> None:
    assert error_of("day,price\n1,2\n", "prices.csv") == "prices.csv: no title column, only day, price"


def test_the_error_of_an_unknown_format_lists_the_known_ones() -> None:
    with pytest.raises(SourceError) as caught:
        parse("Clouds are white.")
    assert (
        caught.value.hint == "known: JSON, JSON lines, CSV, TSV, BibTeX, RIS, MEDLINE, "
        "Web of Science, EndNote, and saved responses of other sources"
    )


def test_a_corrupt_gzip_file_is_one_error() -> None:
    assert error_of(gzip.compress(FORMATS["jsonl"].encode() * 99)[:-20]).startswith("some.file: corrupt gzip file (")


def test_fetching_a_file_is_an_error(client: HttpClient) -> None:
    with pytest.raises(SourceError) as caught:
        File().fetch(Span(TODAY, TODAY), client)
    assert str(caught.value) == "file: no file given (give one, as in newsletter pull file library.bib)"


# -- properties ---------------------------------------------------------------------------------------


def is_reported(content: bytes) -> bool:
    """Whether a file gives entries, refusals or one error, and nothing else."""
    try:
        found = parse(content)
    except SourceError as error:
        return str(error).startswith("some.file: ") and len(str(error).splitlines()) == 1
    return all(isinstance(one, Entry | Refusal) for one in found)


@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00\xd8")
@example(b"[" * 200_000)
@example(b'{"title":' * 100_000)
@example(b"[" + b"9" * 5000 + b"]")
@example(b'[{"title": "a", "upvotes": 1e999, "version": ' + b"9" * 4000 + b"}]")
@example(b'{"title": "\\ud800", "authors": ["\\udfff"]}')
@example(b"title,\x00\n\x00,\n")
def test_any_bytes_are_entries_refusals_or_one_error(content: bytes) -> None:
    assert is_reported(content)


@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_a_corrupted_file_is_entries_refusals_or_one_error(name: str, data: st.DataObject) -> None:
    content = bytearray(FORMATS[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        stop = data.draw(st.integers(start, min(start + 20, len(content))))
        content[start:stop] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b'"', b"{", b"}", b"\n", b"@", b"\\", b","])
        )
    assert is_reported(bytes(content))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["title", "id", "data"]), inner),
    max_leaves=10,
)


@given(JSON)
def test_any_json_is_entries_refusals_or_one_error(value: Any) -> None:
    assert is_reported(json.dumps(value).encode())


# -- recorded files -----------------------------------------------------------------------------------


def test_the_recorded_arxiv_listings_are_parsed_completely(shared: Path, client: HttpClient) -> None:
    paths = sorted((shared / "arxiv-days").glob("*.jsonl.gz"))
    found = [one for path in paths for one in File().parse(read_document(str(path), None, client), TODAY)]
    entries = [one for one in found if isinstance(one, Entry)]
    assert len(paths) == 33
    assert len(found) == len(entries) == 11_035
    assert len({entry.arxiv_id for entry in entries}) == 6_346
    assert [entry for entry in entries if not (entry.abstract and entry.authors and entry.categories)] == []
    assert [entry for entry in entries if any(";" in one or one[0].isupper() for one in entry.categories)] == []
    assert [entry for entry in entries if "\n" in entry.title + entry.abstract] == []


def test_each_corrupt_recording_is_one_error(shared: Path) -> None:
    paths = sorted((shared / "damaged").glob("*.json"))
    assert len(paths) == 3
    for path in paths:
        assert error_of(path.read_bytes(), str(path)).startswith(f"{path}: no valid entries; ")


@pytest.mark.parametrize(
    ("name", "source", "papers"),
    [
        ("huggingface.json", "huggingface", 2),
        ("arxiv.xml", "arxiv", 2),
        ("pubmed.xml", "pubmed", 2),
        ("feed.xml", "feed", 2),
    ],
)
def test_saved_responses_of_other_sources_are_parsed_by_them(name: str, source: str, papers: int) -> None:
    content = (Path(__file__).parent / "recordings" / name).read_bytes()
    found = [one for one in File().parse(Document("saved", content), TODAY) if isinstance(one, Entry)]
    assert ({one.source for one in found}, len(found)) == ({source}, papers)


def test_a_saved_page_is_detected() -> None:
    content = (samples() / "daily-papers-2026-05-08.txt").read_bytes()
    found = [one for one in File().parse(Document("saved", content), TODAY) if isinstance(one, Entry)]
    assert ({one.source for one in found}, len(found)) == ({"page"}, 8)


def test_the_format_is_that_of_what_comes_first() -> None:
    library = "@article{k,\n title = {On kettles},\n abstract = {One\nPMID- 1/2\nTY  - JOUR\n%T of it}\n}\n"
    (entry,) = File().parse(Document("file", library.encode()), date(2026, 5, 8))
    assert isinstance(entry, Entry)
    assert entry.title == "On kettles"

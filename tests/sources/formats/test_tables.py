from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats import tables
from newsletter.sources.formats.delimited import read_table
from newsletter.sources.formats.tables import Broken, Raw, read_head, read_json, read_jsonl


def stream(content: bytes | str) -> BinaryStream:
    return io.BufferedReader(io.BytesIO(content if isinstance(content, bytes) else content.encode()))


def read(parse: Callable[[BinaryStream], Iterator[Raw | Broken]], content: bytes | str) -> list[Raw | Broken]:
    return list(parse(stream(content)))


# -- JSON lines ---------------------------------------------------------------------------------------


def test_each_line_is_a_record_with_its_number() -> None:
    assert read(read_jsonl, '{"title": "a"}\n\n  \n{"title": "b"}') == [Raw(1, {"title": "a"}), Raw(4, {"title": "b"})]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"title": "a"', "invalid JSON: expecting ',' delimiter"),
        ('{"title": "a', "invalid JSON: invalid control character"),
        ("title", "invalid JSON: expecting value"),
        ('{"title": "a"} {}', "invalid JSON: extra data"),
        ("[" * 100_000, "invalid JSON: nested too deeply"),
        ("9" * 5000, "invalid JSON: a number is too long"),
    ],
)
def test_an_invalid_line_is_reported_and_the_others_are_parsed(line: str, why: str) -> None:
    assert read(read_jsonl, f'{{"title": "a"}}\n{line}\n{{"title": "c"}}\n') == [
        Raw(1, {"title": "a"}),
        Broken(2, why),
        Raw(3, {"title": "c"}),
    ]


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "RECORD", 2**20)
    found = read(read_jsonl, b'{"title": "' + b"a" * (5 * 2**20) + b'"}\n{"title": "b"}\n')
    assert found == [Broken(1, "a line longer than 1 MB"), Raw(2, {"title": "b"})]


# -- encodings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("parse", [read_json, read_jsonl])
def test_unicode_and_windows_1252_text_is_decoded(parse: Any, encoding: str) -> None:
    line = json.dumps({"title": "Café – naïve"}, ensure_ascii=False)
    assert read(parse, line.encode(encoding)) == [Raw(1, {"title": "Café – naïve"})]


def test_a_character_split_between_chunks_is_decoded() -> None:
    titles = ["é" * 70_001, "x" + "é" * 70_001]
    for title in titles:
        assert read(read_json, json.dumps([{"title": title}], ensure_ascii=False)) == [Raw(1, {"title": title})]


def test_invalid_bytes_are_replaced() -> None:
    assert read(read_json, b'["\x81\xff"]') == [Raw(1, "\ufffdÿ")]


# -- JSON ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ("[]", []),
        (" [ ] ", []),
        ('[{"title": "a"}, {"title": "b"}]', [{"title": "a"}, {"title": "b"}]),
        ('[{"title": "a"},\n{"title": "b"},\n]', [{"title": "a"}, {"title": "b"}]),
        ('[1, "two", null, [3]]', [1, "two", None, [3]]),
        ('{"title": "a"}', [{"title": "a"}]),
        ('{"title": "a"}\n{"title": "b"} {"title": "c"}', [{"title": "a"}, {"title": "b"}, {"title": "c"}]),
        ('{"results": [{"title": "a"}, {"title": "b"}], "next": 2}', [{"title": "a"}, {"title": "b"}]),
        ('{"name": "my list", "papers": [{"title": "a"}]}', [{"title": "a"}]),
        ('{"title": "a", "data": ["b"]}', [{"title": "a", "data": ["b"]}]),
        ('{"data": [], "total": 0}', []),
        ('{"data": {"a": 1}}', [{"data": {"a": 1}}]),
        ('{"data": ["a", 3]}', ["a", 3]),
        ("", []),
    ],
)
def test_lists_objects_and_wrapped_lists_are_parsed(content: str, records: list[Any]) -> None:
    assert read(read_json, content) == [Raw(number, record) for number, record in enumerate(records, start=1)]


@pytest.mark.parametrize("name", ["data", "papers", "entries", "items", "results", "works", "articles"])
def test_a_list_may_be_wrapped_under_every_known_key(name: str) -> None:
    assert read(read_json, json.dumps({"count": 1, name: [{"title": "a"}]})) == [Raw(1, {"title": "a"})]


@pytest.mark.parametrize(
    ("end", "line", "why"),
    [
        ("", 3, "unclosed list"),
        (",", 3, "expecting value"),
        (',\n{"title": "c', 4, "unterminated string"),
        (',\n{"title": "c"', 4, "expecting ',' delimiter"),
        (',\n{"title": tru', 4, "expecting value"),
        (',\n{"title": "c\\u00', 4, "invalid \\uXXXX escape"),
        ('\n{"title": "c"}]', 4, "expected a comma, not '{'"),
        (",\n" + "[" * 100_000, 4, "nested too deeply"),
        (",\n" + "9" * 5000 + "]", 4, "a number is too long"),
    ],
)
def test_a_truncated_list_gives_its_complete_elements_and_the_line_of_the_error(end: str, line: int, why: str) -> None:
    *whole, last = read(read_json, '[{"title": "a"},\n\n{"title": "b"}' + end)
    assert whole == [Raw(1, {"title": "a"}), Raw(2, {"title": "b"})]
    assert isinstance(last, Broken)
    assert last.line == line
    assert last.why.startswith(f"invalid JSON from here on: {why}")


@pytest.mark.parametrize("size", [2**16 - 20, 2**16, 2**16 + 1, 200_000, 2_000_000])
def test_elements_of_any_size_are_parsed_across_chunks(size: int) -> None:
    records = [{"title": "é\n" + "x" * size}, {"title": "b"}, 1234567890, {"title": "y" * size}] * 2
    assert read(read_json, json.dumps(records)) == [Raw(number, one) for number, one in enumerate(records, start=1)]


def test_an_element_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "RECORD", 2**20)
    found = read(read_json, b'[{"title": "a"}, {"title": "' + b"a" * (5 * 2**20))
    assert found == [Raw(1, {"title": "a"}), Broken(1, "invalid JSON from here on: a value is longer than 1 MB")]


def test_a_syntax_error_stops_reading() -> None:
    opened = stream(b'[{"title": "a"}, {"title"; "b"}' + b" " * 2**22)
    assert len(list(read_json(opened))) == 2
    assert opened.tell() < 2**20


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=40),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=8,
    ),
    st.integers(1, 40),
    st.sampled_from([None, 1]),
)
def test_streaming_in_any_chunks_equals_parsing_at_once(records: list[Any], chunk: int, indent: int | None) -> None:
    usual = tables._CHUNK
    tables._CHUNK = chunk
    try:
        found = read(read_json, json.dumps(records, ensure_ascii=True, indent=indent))
    finally:
        tables._CHUNK = usual
    assert found == [Raw(number, record) for number, record in enumerate(records, start=1)]


# -- tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_mappings_by_the_names_in_the_header(mark: str, end: str) -> None:
    lines = [["Title", "Date"], ['"Clouds', 'and rain"', "2026"], ["Sun", "2025"]]
    content = (
        f"{mark.join(lines[0])}{end}{lines[1][0]}{mark}{lines[1][1]}{mark}{lines[1][2]}{end}{end}{mark.join(lines[2])}"
    )
    assert read(read_table, content) == [
        Raw(2, {"Title": f"Clouds{mark}and rain", "Date": "2026"}),
        Raw(4, {"Title": "Sun", "Date": "2025"}),
    ]


def test_a_row_is_numbered_by_its_first_line() -> None:
    found = read(read_table, '\ntitle,abstract\na,"one\ntwo\nthree"\nb,""\n')
    assert found == [
        Raw(3, {"title": "a", "abstract": "one\ntwo\nthree"}),
        Raw(6, {"title": "b", "abstract": ""}),
    ]


def test_a_row_may_be_shorter_or_longer_than_the_header() -> None:
    assert read(read_table, "title,date\na\nb,2026,x,y\n,\n") == [
        Raw(2, {"title": "a"}),
        Raw(3, {"title": "b", "date": "2026"}),
    ]


def test_a_table_may_have_only_a_header() -> None:
    assert read(read_table, "title,date\n") == []


@pytest.mark.parametrize("content", ["price,date\n1,2\n", "", "\n\n"])
def test_a_table_without_title_column_is_an_error(content: str) -> None:
    with pytest.raises(ValueError, match="no title column"):
        read(read_table, content)


def test_a_field_without_end_is_reported_and_the_next_rows_are_parsed() -> None:
    content = 'title,abstract\na,x\nb,"' + "y" * (2**20 + 1) + "\nc,z\n"
    first, broken, last = read(read_table, content)
    assert first == Raw(2, {"title": "a", "abstract": "x"})
    assert broken == Broken(3, "invalid row: field larger than field limit (1048576)")
    assert last == Raw(4, {"title": "c", "abstract": "z"})


# -- streams ------------------------------------------------------------------------------------------


def test_the_head_is_complete_even_from_a_slow_pipe() -> None:
    reading, writing = os.pipe()

    def drip() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for piece in (b"title", b",date\n", b"a,", b"2026\n" * 30_000):
                pipe.write(piece)

    thread = threading.Thread(target=drip)
    thread.start()
    with open(reading, "rb") as opened:  # noqa: PTH123 - a pipe has no path
        head, whole = read_head(opened)
        assert head.startswith(b"title,date\na,2026\n")
        assert len(whole.read()) == len(b"title,date\na,") + 5 * 30_000
    thread.join()


def test_memory_is_constant_for_any_file_size() -> None:
    import tracemalloc

    line = json.dumps({"title": "a", "abstract": "words " * 200}).encode()

    class Endless(io.RawIOBase):
        left = 20_000_000
        unit = line + b"\n"

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            size = min(len(buffer) // len(self.unit) * len(self.unit), self.left // len(self.unit) * len(self.unit))
            buffer[:size] = self.unit * (size // len(self.unit))
            self.left -= size
            return size

    tracemalloc.start()
    try:
        count = sum(1 for _ in read_jsonl(io.BufferedReader(Endless(), 2**16)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000_000 // len(Endless.unit)
    assert peak < 2_000_000


@given(st.binary(max_size=400))
@pytest.mark.parametrize("parse", [read_json, read_jsonl, read_table])
def test_any_bytes_are_records_or_broken_ones_or_an_error(parse: Any, content: bytes) -> None:
    for start in (b"", b"[", b'{"title": "a"}\n', b"title,date\n"):
        try:
            found = read(parse, start + content)
        except ValueError as error:
            assert str(error).startswith("no title column")  # noqa: PT017 - either outcome is right
        else:
            assert all(isinstance(one, Raw | Broken) for one in found)

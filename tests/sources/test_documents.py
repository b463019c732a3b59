from __future__ import annotations

import gzip
import io
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.sources import HttpClient
from newsletter.sources.documents import Document, decode, find_documents, is_address, read_document
from tests.factories import TODAY


def test_a_folder_is_replaced_by_its_files_in_order_of_name(tmp_path: Path) -> None:
    for name in ("2026-05-08.json", "2026-05-07.json", "2026-05-09.json.gz", "notes.txt", "2026-05-07.json.bak"):
        (tmp_path / name).write_text("[]")
    (tmp_path / "nested.json").mkdir()
    assert find_documents([str(tmp_path)], (".json",)) == [
        str(tmp_path / "2026-05-07.json"),
        str(tmp_path / "2026-05-08.json"),
        str(tmp_path / "2026-05-09.json.gz"),
    ]


def test_a_named_file_is_read_with_any_suffix(tmp_path: Path) -> None:
    (tmp_path / "response.bak").write_text("[]")
    assert find_documents([str(tmp_path / "response.bak")], (".json",)) == [str(tmp_path / "response.bak")]


def test_urls_and_standard_input_are_kept() -> None:
    places = ["-", "https://papers.example/list", "http://papers.example/list"]
    assert find_documents(places, (".json",)) == places
    assert [is_address(place) for place in places] == [False, True, True]


def test_a_folder_without_readable_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        find_documents([str(tmp_path)], (".txt", ".text"))
    assert str(caught.value) == f"{tmp_path}: no .txt or .text file in this folder"


def test_a_missing_file_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_text("[]")
    with pytest.raises(SourceError, match=r"gone\.json: no such file"):
        find_documents([str(tmp_path / "there.json"), str(tmp_path / "gone.json")], (".json",))


def test_a_file_is_read_as_bytes(client: HttpClient, tmp_path: Path) -> None:
    path = tmp_path / "response.json"
    path.write_bytes(b"\xff\r\n")
    document = read_document(str(path), TODAY, client)
    assert (document.place, document.content, document.day) == (str(path), b"\xff\r\n", TODAY)
    assert document.content == b"\xff\r\n"  # again


def test_a_file_is_streamed(tmp_path: Path, client: HttpClient) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"one\ntwo\n")
    with read_document(str(path), None, client).open() as stream:
        assert stream.peek(1)[:1] == b"o"
        assert list(stream) == [b"one\n", b"two\n"]


@pytest.mark.parametrize("name", ["response.json.gz", "response.json"])
def test_a_gzipped_file_is_decompressed_under_any_name(tmp_path: Path, client: HttpClient, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"hello\n") + gzip.compress(b"again\n"))
    assert read_document(str(tmp_path / name), None, client).content == b"hello\nagain\n"
    assert Document("response", gzip.compress(b"hello")).content == b"hello"


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"hello" * 99, mtime=0)[:-9], b"\x1f\x8b", b"\x1f\x8b\x08\x00garbage" * 3],
    ids=["truncated", "magic number only", "garbage"],
)
def test_a_corrupt_gzip_file_is_an_error_of_one_line(content: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        _ = Document("response.gz", content).content
    assert str(caught.value).startswith("response.gz: ")
    assert "\n" not in str(caught.value)


def test_a_document_that_is_too_large_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.sources.documents._MAX_SIZE_B", 2**20)
    with pytest.raises(SourceError, match=r"^bomb\.gz: larger than 1 MB$"):
        _ = Document("bomb.gz", gzip.compress(bytes(2**20 + 1))).content


def test_a_url_is_read_as_bytes(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/response.json").respond_with_data(b"\xff\r\n")
    address = httpserver.url_for("/response.json")
    assert read_document(address, None, client) == Document(address, b"\xff\r\n", None)


def test_standard_input_is_read_and_stays_open(monkeypatch: pytest.MonkeyPatch, client: HttpClient) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\r\n")))
    document = read_document("-", TODAY, client)
    assert (document.place, document.content, document.day) == ("standard input", b"\xff\r\n", TODAY)
    assert not sys.stdin.buffer.closed


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, client: HttpClient) -> None:
    with pytest.raises(SourceError) as caught:
        _ = read_document(str(tmp_path), None, client).content
    assert str(caught.value) == f"{tmp_path}: Is a directory"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        ("naïve".encode(), "naïve"),
        (b"\xef\xbb\xbfplain", "plain"),
        ("naïve".encode("utf-16"), "naïve"),
        ("naïve".encode("latin-1"), "naïve"),
        (b"\x93quoted\x94", "“quoted”"),
    ],
)
def test_text_is_decoded_in_its_encoding(content: bytes, text: str) -> None:
    assert decode(content) == text
    assert Document("x", content).text == text


@given(st.binary())
def test_any_bytes_can_be_decoded(content: bytes) -> None:
    assert isinstance(decode(content), str)


def test_a_document_has_a_day_only_if_requested() -> None:
    assert Document("x", b"").day is None
    assert Document("x", b"", date(2026, 5, 8)).day == date(2026, 5, 8)

from __future__ import annotations

import io
import sys
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.sources import SOURCES, find_source
from newsletter.sources.documents import Document, find_documents, read_document
from newsletter.sources.http import open_client
from newsletter.sources.identifiers import arxiv_id
from tests.factories import TODAY


def test_a_folder_stands_for_its_files_in_order_of_name(tmp_path: Path) -> None:
    for name in ("2026-05-08.json", "2026-05-07.json", "notes.txt", "2026-05-07.json.bak"):
        (tmp_path / name).write_text("[]")
    (tmp_path / "nested.json").mkdir()
    assert find_documents([str(tmp_path)], (".json",)) == [
        str(tmp_path / "2026-05-07.json"),
        str(tmp_path / "2026-05-08.json"),
    ]


def test_a_named_file_is_taken_whatever_its_ending(tmp_path: Path) -> None:
    (tmp_path / "answer.bak").write_text("[]")
    assert find_documents([str(tmp_path / "answer.bak")], (".json",)) == [str(tmp_path / "answer.bak")]


def test_addresses_and_standard_input_are_taken_as_they_are() -> None:
    places = ["-", "https://papers.example/list", "http://papers.example/list"]
    assert find_documents(places, (".json",)) == places


def test_a_folder_with_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        find_documents([str(tmp_path)], (".txt", ".text"))
    assert str(caught.value) == f"{tmp_path}: no .txt or .text file in this folder"


def test_a_missing_file_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_text("[]")
    with pytest.raises(SourceError, match=r"gone\.json: no such file"):
        find_documents([str(tmp_path / "there.json"), str(tmp_path / "gone.json")], (".json",))


def test_a_file_is_read_as_bytes(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_bytes(b"\xff\r\n")
    with open_client() as http:
        assert read_document(str(path), TODAY, http) == Document(str(path), b"\xff\r\n", TODAY)


def test_an_address_is_read_as_bytes(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/answer.json").respond_with_data(b"\xff\r\n")
    address = httpserver.url_for("/answer.json")
    with open_client() as http:
        assert read_document(address, None, http) == Document(address, b"\xff\r\n", None)


def test_standard_input_is_read_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\r\n")))
    with open_client() as http:
        assert read_document("-", TODAY, http) == Document("standard input", b"\xff\r\n", TODAY)


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    with open_client() as http, pytest.raises(SourceError) as caught:
        read_document(str(tmp_path), None, http)
    assert str(caught.value) == f"{tmp_path}: Is a directory"


def test_sources_are_found_by_name() -> None:
    assert {name: find_source(name).name for name in SOURCES} == {"huggingface": "huggingface", "page": "page"}


def test_an_unknown_source_is_an_error_that_names_the_known() -> None:
    with pytest.raises(SourceError) as caught:
        find_source("pigeon")
    assert str(caught.value) == "no source is called 'pigeon' (known: huggingface, page)"


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("2605.01234", "2605.01234"),
        ("0704.0001v12", "0704.0001"),
        ("arXiv:2605.01234v1", "2605.01234"),
        ("math/0601001", "math/0601001"),
        ("math.GT/0601001v2", "math.GT/0601001"),
        ("cond-mat/0601001", "cond-mat/0601001"),
        ("2605.012345", None),
        ("2605.123", None),
        ("x2605.01234", None),
        ("10.1000/182", None),
        ("", None),
        ("v1", None),
        ("2605.01234v", None),
    ],
)
def test_arxiv_ids_in_their_spellings(text: str, identity: str | None) -> None:
    assert arxiv_id(text) == identity


def test_a_document_has_no_day_unless_asked_for() -> None:
    assert Document("x", b"").day is None
    assert Document("x", b"", date(2026, 5, 8)).day == date(2026, 5, 8)

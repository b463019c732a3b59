from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.models import Refusal
from newsletter.sources import Document, HttpClient
from newsletter.sources.documents import read_document
from newsletter.sources.formats.cassettes import responses_in
from tests.factories import TODAY

CASSETTE = """\
interactions:
- request: {uri: "https://papers.example/1"}
  response: {status: {code: 200, message: OK}, body: {string: '{"title": "naïve"}'}}
- request: {uri: "https://papers.example/2"}
  response: {status: {code: 302, message: Found}, body: {string: ''}}
- request: {uri: "https://papers.example/3"}
  response: {status: {code: 404, message: Not Found}, body: {string: gone}}
- request: {uri: "https://papers.example/4"}
  response: {status_code: 200, content: plain}
- response: {}
- response: 5
version: 1
"""


def responses(tmp_path: Path, name: str, content: bytes) -> list[tuple[str, bytes | str]]:
    path = tmp_path / name
    path.write_bytes(content)
    with HttpClient() as client:
        found = list(responses_in(read_document(str(path), TODAY, client)))
    assert all(one.day == TODAY for one in found if isinstance(one, Document))
    return [(one.place.removeprefix(str(path)), one.why if isinstance(one, Refusal) else one.content) for one in found]


def test_a_cassette_may_hold_many_responses(tmp_path: Path) -> None:
    assert responses(tmp_path, "cassette.yaml", CASSETTE.encode()) == [
        (", response 1", '{"title": "naïve"}'.encode()),
        (", response 3", "HTTP 404 Not Found"),
        (", response 4", b"plain"),
        (", response 5", "recorded HTTP response has no status"),
        (", response 6", "not a recorded HTTP response"),
    ]


def test_a_cassette_may_hold_compressed_bytes_and_be_json(tmp_path: Path) -> None:
    packed = f"interactions: [{{response: {{status: {{code: 200}}, body: {{string: !!binary {_base64(b'hello')}}}}}}}]"
    assert responses(tmp_path, "cassette.yml", packed.encode()) == [(", response 1", b"hello")]
    as_json = json.dumps({"interactions": [{"response": {"status": {"code": 200}, "body": {"string": "hi"}}}]})
    assert responses(tmp_path, "cassette.json", as_json.encode()) == [(", response 1", b"hi")]


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(gzip.compress(content)).decode()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"url": "x", "status_code": 200, "body": "<a/>"}, b"<a/>"),
        ({"status_code": 200, "body": "na\u00efve"}, "naïve".encode()),
        ({"status_code": 200, "body": "naïve".encode().decode("latin-1")}, "naïve".encode()),
        ({"status_code": 200, "body": "☁"}, "☁".encode()),
        ({"url": "x", "status_code": 400, "body": "<a/>"}, "HTTP 400 Bad Request"),
        ({"url": "x", "status_code": 799, "body": ""}, "HTTP 799"),
        ({"url": "x", "body": "", "status_code": None}, "recorded HTTP response has no status"),
        ({"body": None, "status_code": 200}, b""),
    ],
)
def test_a_json_object_may_hold_one_response(tmp_path: Path, response: dict[str, Any], expected: bytes | str) -> None:
    assert responses(tmp_path, "one.json", json.dumps(response).encode()) == [("", expected)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", b'[{"url": 1}]'),
        ("x.txt", b'{"url": 1}'),
        ("x.json", b""),
        ("x.json", b'{"url": "x", "title": "On Kettles"}'),
        ("x.json", b'{"url": 1'),
        ("x.json", b'{"url": 1}\n{"url": 2}'),
    ],
)
def test_any_other_file_is_yielded_unchanged(tmp_path: Path, name: str, content: bytes) -> None:
    assert responses(tmp_path, name, content) == [("", content)]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("x.yaml", b"interactions: [", "invalid YAML"),
        ("x.yaml", b"\x00\xff", "invalid YAML"),
        ("x.yaml", b"!!python/object/apply:os.system [id]", "invalid YAML"),
        ("x.yaml", b"- 1", "not a recording of HTTP responses"),
        ("x.yaml", b"url: x", "not a recording of HTTP responses"),
    ],
)
def test_an_invalid_recording_is_an_error_of_one_line(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        responses(tmp_path, name, content)
    assert str(caught.value).startswith(f"{tmp_path / name}: {why}")
    assert "\n" not in str(caught.value)


@given(
    st.sampled_from(["x.yaml", "x.json"]),
    st.binary() | st.text(st.sampled_from('{}[]:,-!&* "\n01ab')).map(lambda text: f"interactions: {text}".encode()),
)
def test_any_bytes_are_responses_or_one_error(tmp_path: Path, name: str, content: bytes) -> None:
    with suppress(SourceError):
        responses(tmp_path, name, content)

"""What a package index says of our releases, and what it may say that is of no use."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter import DISTRIBUTION, __version__
from newsletter.limits import RELEASES_BYTES
from newsletter.operations.upgrade_check import IndexUnreachable, check_releases, read_releases


def releases(**of: list[Any]) -> bytes:
    return json.dumps({"releases": {name.replace("_", "."): files for name, files in of.items()}}).encode()


def test_the_newest_release_is_found_over_http(httpserver: HTTPServer) -> None:
    body = {"releases": {"0.1.0": [{}], "99.0": [{"requires_python": ">=3.11"}]}}
    httpserver.expect_request(f"/pypi/{DISTRIBUTION}/json").respond_with_json(body)

    found = check_releases(httpserver.url_for(""))

    assert (found.installed, found.newest, found.is_newer) == (__version__, "99.0", True)


@pytest.mark.parametrize(
    ("files", "newest"),
    [
        ({"v1_0": [{}], "v1_10": [{}], "v1_9": [{}]}, "1.10"),
        ({"v1_0": [{}], "v2_0": [{"yanked": True}]}, "1.0"),
        ({"v1_0": [{}], "v2_0rc1": [{}]}, "1.0"),
        ({"v1_0": [{}], "v2_0": [{"requires_python": ">=4"}]}, "1.0"),
        ({"v1_0": [{"requires_python": "nonsense"}]}, "1.0"),
        ({"v1_0": [{}], "v2_0": []}, "1.0"),
        ({"nonsense": [{}]}, None),
        ({}, None),
    ],
)
def test_a_release_counts_if_it_can_be_installed(files: dict[str, list[dict[str, object]]], newest: str | None) -> None:
    found = read_releases(releases(**{name.removeprefix("v"): of for name, of in files.items()}), "3.12.1")

    assert found.newest == newest


def test_an_older_release_is_no_reason_to_upgrade() -> None:
    assert not read_releases(releases(**{"0_0_1": [{}]})).is_newer
    assert not read_releases(releases()).is_newer


def test_without_a_network_it_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(IndexUnreachable, match="is there a network"):
            check_releases(address)
    with pytest.raises(IndexUnreachable, match="://"):
        check_releases("no address")


def test_an_index_that_never_answers_is_left_in_time() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, pytest.raises(IndexUnreachable, match=r"timeout after 0\.2 s"):
        check_releases(f"http://127.0.0.1:{silent.getsockname()[1]}", 0.2)


@pytest.mark.parametrize(("status", "message"), [(404, "is not on"), (503, "HTTP 503")])
def test_an_index_that_refuses_is_reported(httpserver: HTTPServer, status: int, message: str) -> None:
    httpserver.expect_request(f"/pypi/{DISTRIBUTION}/json").respond_with_data("", status=status)

    with pytest.raises(IndexUnreachable, match=message):
        check_releases(httpserver.url_for(""))


def test_a_response_without_end_is_not_read_to_its_end(httpserver: HTTPServer) -> None:
    httpserver.expect_request(f"/pypi/{DISTRIBUTION}/json").respond_with_data(b"x" * (RELEASES_BYTES + 1))

    with pytest.raises(IndexUnreachable, match="larger than 8 MB"):
        check_releases(httpserver.url_for(""), 30)


@given(st.recursive(st.none() | st.text() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_any_json_is_read_or_refused(value: object) -> None:
    for content in (json.dumps(value).encode(), json.dumps({"releases": value}).encode()):
        with suppress(IndexUnreachable):
            read_releases(content)

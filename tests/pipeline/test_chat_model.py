from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from newsletter.config.model import SummarySettings
from newsletter.pipeline.summaries import SummaryReport
from newsletter.store import Store
from newsletter.store.summaries import Summaries
from tests.pipeline.chat_endpoint import (
    KEY,
    add_papers,
    chat,
    expect,
    expect_always,
    respond,
    run,
    run_one,
    settings_for,
)


@pytest.fixture
def summaries(store: Store) -> Summaries:
    return Summaries(store._db)


# -- the key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "sent"), [(KEY, f"Bearer {KEY}"), (f" {KEY}\n", f"Bearer {KEY}"), (None, None), ("", None)]
)
def test_the_headers_contain_the_key(store: Store, httpserver: HTTPServer, key: str | None, sent: str | None) -> None:
    add_papers(store)
    expect(httpserver, chat("Clouds can be counted."))
    assert run(store, settings_for(httpserver, key=key)).made == 1
    assert httpserver.log[0][0].headers.get("Authorization") == sent
    assert httpserver.log[0][0].headers["User-Agent"].startswith("newsletter/")
    assert httpserver.log[0][0].headers["Accept-Encoding"] == "identity"


def test_the_key_is_never_shown(store: Store, httpserver: HTTPServer) -> None:
    add_papers(store, 3)
    expect(
        httpserver,
        chat(f"The key is {KEY.upper()}."),
        Response(f"no such model {KEY}", status=400),
        Response(f"wrong key {KEY}", status=f"401 wrong key {KEY}", headers={"X-Key": f"Bearer {KEY}"}),
    )
    settings = settings_for(httpserver)
    report = run(store, settings)
    assert (report.made, len(report.refused)) == (0, 2)
    assert "contains the key" in report.refused[0]
    assert report.error is not None
    assert KEY not in repr(report) + repr(settings)


@pytest.mark.parametrize("key", ["schlüssel-0123456789", "two\nlines-0123456789", "null\0-0123456789"])
def test_a_malformed_key_is_neither_sent_nor_shown(store: Store, httpserver: HTTPServer, key: str) -> None:
    add_papers(store)
    report = run(store, settings_for(httpserver, key=key))
    host = f"{httpserver.host}:{httpserver.port}"
    assert report.error == f"{host}: no request was sent: summaries.key contains invalid characters"
    assert httpserver.log == []


def test_a_placeholder_key_may_be_a_word_of_a_summary(store: Store, httpserver: HTTPServer) -> None:
    add_papers(store)
    expect(httpserver, chat("Cloud models run on one machine."))
    assert run(store, settings_for(httpserver, key="cloud")).made == 1


# -- errors of the endpoint ---------------------------------------------------------------------------


def test_a_slow_endpoint_times_out(store: Store, httpserver: HTTPServer) -> None:
    add_papers(store, 3)
    release = threading.Event()
    expect_always(httpserver, lambda _request: chat("Late.") if release.wait(30) else chat("Never."))
    try:
        report = run(store, settings_for(httpserver, timeout_s=0.2))
    finally:
        release.set()
    host = f"{httpserver.host}:{httpserver.port}"
    assert report == SummaryReport(error=f"{host}: timeout after 0.2 s (try again later)")
    assert len(httpserver.log) <= 1


#: They take a minute, on any machine.
_DROPS = 3000


@contextmanager
def dripping_server(head: bytes, drop: bytes) -> Iterator[tuple[str, threading.Event]]:
    """Serve a response that never pauses for long; yield the address, and what is set if it comes to its end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done, ended = threading.Event(), threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(head)
                    for _ in range(_DROPS):
                        if done.wait(0.02):
                            return
                        connection.sendall(drop)
                except OSError:
                    return
            ended.set()

        thread = threading.Thread(target=serve)
        thread.start()
        yield "http://{}:{}/v1".format(*server.getsockname()), ended
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("head", "drop"),
    [(b"HTTP/1.1 200 OK\r\n\r\n", b" "), (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), (b"", b"H")],
)
def test_a_dripping_response_times_out(store: Store, head: bytes, drop: bytes) -> None:
    add_papers(store)
    with dripping_server(head, drop) as (address, ended):
        report = run(store, SummarySettings(address, "small", timeout_s=0.3))
        assert not ended.is_set()
    assert report.error is not None
    assert report.error.startswith("127.0.0.1:")


def test_an_unreachable_endpoint_stops_the_run(store: Store) -> None:
    add_papers(store, 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    report = run(store, SummarySettings(f"http://user:{KEY}@127.0.0.1:{port}/v1", "small", KEY))
    assert report.made == 0
    assert report.error is not None
    assert report.error.startswith(f"127.0.0.1:{port}: connection failed: ")
    assert KEY not in report.error


@pytest.mark.parametrize("address", ["", "no address", "ftp://models.example/v1", "http://[::1", "http://x:99999999"])
def test_an_invalid_base_url_is_an_error(store: Store, address: str) -> None:
    add_papers(store)
    report = run(store, SummarySettings(address, "small", KEY))
    assert report.made == 0
    assert report.error is not None
    assert ": connection failed: " in report.error
    assert "\n" not in report.error


# -- untrusted responses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><p>Welcome",
        b"\xff\xfe\x00",
        b'{"choices": [',
        b"[" * 100_000,
        b"1" * 5000,
        b"\x1f\x8b\x08",
    ],
    ids=["empty", "html", "bytes", "half", "deep", "digits", "packed"],
)
def test_invalid_json_is_refused(store: Store, httpserver: HTTPServer, content: bytes) -> None:
    assert run_one(store, httpserver, Response(content)) == "not JSON"


@pytest.mark.parametrize(
    "value",
    [
        None, 1, "choices", [], {}, {"choices": None}, {"choices": []}, {"choices": {}}, {"choices": "text"},
        {"choices": [None]}, {"choices": ["text"]}, {"choices": [{}]}, {"choices": [{"message": None}]},
        {"choices": [{"message": []}]}, {"choices": [{"message": {}}]}, {"choices": [{"message": {"content": None}}]},
        {"choices": [{"message": {"content": ["A sentence."]}}]}, {"error": {"message": "overloaded"}},
    ],
)  # fmt: skip
def test_json_of_another_shape_is_refused(store: Store, httpserver: HTTPServer, value: Any) -> None:
    assert run_one(store, httpserver, respond(value)) == "not a chat completion"


def test_a_huge_response_is_not_read_to_its_end(store: Store, httpserver: HTTPServer) -> None:
    (*_, last) = add_papers(store, 2)
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 65536
            yield b" " * 65536

    expect(httpserver, Response(endless()), chat("Clouds can be counted."))
    report = run(store, settings_for(httpserver))
    assert report == SummaryReport(made=1, refused=("arxiv:2605.00000 (en): response larger than 256 KB",))
    assert list(Summaries(store._db).find([last], "en")) == [last]
    assert sent < 1000 * 65536


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "empty"),
        (" \n\u200b ", "empty"),
        ("<p></p><script>alert(1)</script>", "empty"),
        ("word " * 100, "too long"),
        ("x" * 200_000, "too long"),
        ("Clouds count. " * 1000, "too long"),
        ("Read more at https://evil.example/.", "contains a link"),
        ("Read more at HTTP://evil.example/.", "contains a link"),
        ("See [this](http://evil.example).", "contains a link"),
        ("Clouds. Many clouds. Very many. Visit www.evil.example now.", "contains a link"),
        ("See h\u200bttps:\u200b//evil.example.", "contains a link"),
        ("See ｈｔｔｐｓ：／／evil.example.", "contains a link"),
        ("See https&#58;&#47;&#47;evil.example.", "contains a link"),
    ],
)
def test_an_unusable_text_is_refused(store: Store, httpserver: HTTPServer, content: str, why: str) -> None:
    assert run_one(store, httpserver, chat(content)) == why


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("<b>Clouds</b> can be <script>alert(1)</script>counted.", "Clouds can be counted."),
        ('<a href="//evil.example">Clouds</a> <img src=x onerror=alert(1)>count.', "Clouds count."),
        ("Clouds &lt;i&gt;count&lt;/i&gt; &amp; rain.", "Clouds count & rain."),
        ("Clouds\r\n\x1b[31m\u202ecount\x00.", "Clouds [31mcount ."),
        ("Half of \ud800 it.", "Half of \ufffd it."),
        ("Cafe\u0301s count clouds.", "Cafés count clouds."),
        ("$O(n^2)$ is enough.", "O(n²) is enough."),
    ],
)
def test_markup_is_removed(store: Store, httpserver: HTTPServer, content: str, kept: str) -> None:
    assert run_one(store, httpserver, chat(content)) == kept


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("Clouds count. They rain. They go. " + "And so on. " * 100, "Clouds count. They rain."),
        ("Clouds count, e.g. in May, as Li et al. say", "Clouds count, e.g. in May, as Li et al. say"),
        ("云可以被计数。它们会下雨。它们会走。", "云可以被计数。它们会下雨。"),
    ],
)
def test_only_the_first_sentences_are_kept(store: Store, httpserver: HTTPServer, content: str, kept: str) -> None:
    assert run_one(store, httpserver, chat(content)) == kept


@pytest.mark.parametrize(
    ("content", "result"), [("Clouds count. They rain wh", "Clouds count."), ("Clouds count wh", "truncated")]
)
def test_a_truncated_sentence_is_dropped(store: Store, httpserver: HTTPServer, content: str, result: str) -> None:
    assert run_one(store, httpserver, chat(content, finish_reason="length")) == result

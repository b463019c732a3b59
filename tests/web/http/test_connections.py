"""Half-open and slow requests are ended."""

from __future__ import annotations

import socket
import time

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from newsletter.web.http import connections, forms
from newsletter.web.http.forms import form_endpoint
from newsletter.web.http.server import serving


@pytest.fixture
def app() -> Starlette:
    posted = form_endpoint(lambda _request, _form: PlainTextResponse("posted"))
    return Starlette(
        routes=[Route("/", lambda _request: PlainTextResponse("x")), Route("/form", posted, methods=["POST"])]
    )


def until_closed(connected: socket.socket, drip: bytes = b"") -> bytes:
    """Send a byte every now and then until the server closes; return what it sent. It must do so within a minute."""
    began, received = time.monotonic(), b""
    connected.settimeout(0.1)
    while time.monotonic() - began < 60:
        try:
            if drip:
                connected.sendall(drip)
            data = connected.recv(1000)
            if not data:
                return received
            received += data
        except TimeoutError:
            continue
        except OSError:
            return received
    pytest.fail(f"still open; received {received!r}")


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_headers_have_a_deadline(app: Starlette, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(connections.BoundedProtocol, "header_s", 0.5)
    began = time.monotonic()
    with serving(app, "127.0.0.1", 0) as port, socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(begun)
        until_closed(connected, b"a" if begun else b"")
    assert time.monotonic() - began > 0.3


def test_a_second_request_on_a_connection_has_the_deadline_too(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections.BoundedProtocol, "header_s", 0.5)
    with serving(app, "127.0.0.1", 0) as port, socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connected.recv(1000).startswith(b"HTTP/1.1 200")
        connected.sendall(b"GET / HTTP/1.1\r\n")
        until_closed(connected, b"a")


def test_a_body_has_a_deadline(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "BODY_S", 0.5)
    with serving(app, "127.0.0.1", 0) as port, socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n")
        received = until_closed(connected, b"a")
    assert received.startswith(b"HTTP/1.1 400")


def test_a_request_has_a_deadline_in_all(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections.PublicProtocol, "request_s", 0.5)
    with serving(app, "127.0.0.1", 0) as port, socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n")
        received = until_closed(connected, b"a")
    assert received == b""

"""Sockets and the HTTP server."""

from __future__ import annotations

import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from newsletter.errors import NewsletterError
from newsletter.web.http.server import listen, serving


def test_an_application_is_served_while_inside_the_context() -> None:
    def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("Hello")

    with serving(Starlette(routes=[Route("/", hello)]), "127.0.0.1", 0) as port:
        response = httpx.get(f"http://127.0.0.1:{port}/")
        assert (response.text, "server" in response.headers) == ("Hello", False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_a_port_in_use_is_reported() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NewsletterError, match=rf"cannot listen on 127\.0\.0\.1 port {port}: .*in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 65536), ("not a host", 0)])
def test_an_address_that_cannot_be_listened_on_is_reported(host: str, port: int) -> None:
    with pytest.raises(NewsletterError, match="cannot listen on") as failure:
        listen(host, port)
    assert failure.value.hint


def test_clients_that_connect_early_wait_for_the_server() -> None:
    with listen("127.0.0.1", 0) as listening:
        with socket.create_connection(listening.getsockname()) as client:
            assert client.getpeername() == listening.getsockname()
        assert listening.proto == socket.IPPROTO_TCP

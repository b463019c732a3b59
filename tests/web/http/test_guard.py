"""What the guard does under either of its policies: one application each, asked for the same."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from newsletter.web.http.guard import Guard, Policy, is_loopback
from newsletter.web.http.security import PublicPages
from newsletter.web.studio.localhost_only import LocalhostOnly


def client(policy: Policy) -> TestClient:
    def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello", headers={"Referrer-Policy": "no-referrer", "Cache-Control": "max-age=60"})

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(Guard, policy=policy)])
    return TestClient(app, base_url="http://localhost")


POLICIES = pytest.mark.parametrize("policy", [PublicPages(None, ""), LocalhostOnly()], ids=["public", "localhost"])


@POLICIES
@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("localhost", True),
        ("LOCALHOST:8400", True),
        ("127.0.0.1:1", True),
        ("[::1]:8400", True),
        ("", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:8400", False),
        ("localhost:123456", False),
        ("localhost\n", False),
    ],
)
def test_this_machine_is_known_and_no_other_host(policy: Policy, host: str, is_known: bool) -> None:
    assert is_loopback(host) is is_known
    if "\n" not in host:
        assert client(policy).get("/", headers={"Host": host}).status_code == (200 if is_known else 421)


@POLICIES
@pytest.mark.parametrize("path", ["/", "/nothing"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_every_response_has_the_headers_even_a_refusal(policy: Policy, path: str, host: str) -> None:
    headers = client(policy).get(path, headers={"Host": host}).headers
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Opener-Policy", "Referrer-Policy"):
        assert name in headers


@POLICIES
def test_a_page_may_set_a_header_itself(policy: Policy) -> None:
    headers = client(policy).get("/").headers
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "max-age=60")


@POLICIES
def test_a_web_socket_is_closed(policy: Policy) -> None:
    with pytest.raises(WebSocketDisconnect) as caught, client(policy).websocket_connect("/"):
        pass
    assert caught.value.code == 1008

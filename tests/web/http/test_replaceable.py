from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from newsletter.web.http.replaceable import ReplaceableApp


class Outgoing:
    """What an application does beside requests."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def app_that_says(text: str) -> Starlette:
    def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(text)

    app = Starlette(routes=[Route("/", page)])
    app.state.outgoing = Outgoing()
    app.state.close = app.state.outgoing.close
    return app


def test_requests_go_to_the_present_application_and_the_former_one_is_closed() -> None:
    before, after = app_that_says("before"), app_that_says("after")
    replaceable = ReplaceableApp(before)
    with TestClient(replaceable) as client:
        assert client.get("/").text == "before"
        replaceable.replace(after)
        assert client.get("/").text == "after"
    assert (before.state.outgoing.is_closed, after.state.outgoing.is_closed) == (True, False)
    replaceable.close()
    assert after.state.outgoing.is_closed

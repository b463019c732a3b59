"""The studio is for the user who started it: others of the machine, and other sites, have no token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from newsletter.files.site import Site
from newsletter.web.studio.access_token import new_token
from newsletter.web.studio.app import make_studio
from tests.web.studio.client import PATHS, TOKEN


@pytest.fixture
def stranger(site: Site) -> Iterator[TestClient]:
    """A client on the same machine that was not told the token."""
    with TestClient(make_studio(site, token=TOKEN), base_url="http://localhost:8400", follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "☁"])
def test_without_the_token_nothing_is_shown(stranger: TestClient, token: str) -> None:
    for path in (*PATHS, "/changes", "/nothing"):
        for response in (
            stranger.get(path, params={"token": token}),
            stranger.get(path, headers={b"Cookie": f"studio-8400={token}".encode()}),
        ):
            assert response.status_code == 403
            assert "Open the address that `newsletter preview` printed" in response.text
            assert "ada" not in response.text
            assert "set-cookie" not in response.headers


def test_the_printed_address_leads_to_one_without_the_token(stranger: TestClient) -> None:
    response = stranger.get("/", params={"subscriber": "ada@example.org", "token": TOKEN, "topics": ""})
    assert response.status_code == 303
    assert response.headers["location"] == "/?subscriber=ada%40example.org&topics="
    attributes = response.headers["set-cookie"].casefold()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert stranger.get(response.headers["location"]).status_code == 200


def test_each_port_has_its_own_cookie(stranger: TestClient) -> None:
    assert stranger.get("/version", headers={"Cookie": f"studio-8401={TOKEN}"}).status_code == 403
    assert stranger.get("/version", headers={"Cookie": f"studio-8400={TOKEN}"}).status_code == 200


def test_the_token_does_not_help_another_host(stranger: TestClient) -> None:
    assert stranger.get("/", params={"token": TOKEN}, headers={"Host": "evil.example:8400"}).status_code == 421


def test_a_token_is_long_and_never_the_same() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert all(len(new_token()) == 43 for _ in range(10))

"""The cookie of a session; what a session may see is in test_preferences.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from starlette.responses import Response

from newsletter.rendering.environment import make_environment
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers import session
from tests.web.live_site import LiveSite


@pytest.mark.parametrize(
    ("url", "path", "is_secure"),
    [
        ("https://papers.example", "/preferences", True),
        ("https://example.org/papers", "/papers/preferences", True),
        ("http://127.0.0.1:8000", "/preferences", False),
    ],
)
def test_the_cookie_is_for_the_site(live: LiveSite, url: str, path: str, is_secure: bool) -> None:
    pages = SitePages(replace(live.config, site_url=url), make_environment(), lambda: datetime.now(UTC))
    response, ended = Response(), Response()
    session.begin(pages, response, "token")
    session.end(pages, ended)
    for one in (response, ended):
        attributes = one.headers["set-cookie"].split("; ")
        assert f"Path={path}" in attributes
        assert "HttpOnly" in attributes
    assert ("Secure" in response.headers["set-cookie"].split("; ")) is is_secure

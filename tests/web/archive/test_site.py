"""All of the archive, live and as it is exported."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from newsletter.web.app import make_archive
from tests.web.live_site import SITE_URL, LiveSite

PATHS = ("/", "/archive/2026-05-08", "/trending/week", "/topics", "/editions", "/feed.atom", "/papers/arxiv:2605.99001")


@pytest.mark.parametrize("path", PATHS)
def test_the_export_has_the_pages_without_what_needs_a_server(live: LiveSite, path: str) -> None:
    exported = TestClient(make_archive(live.config, lambda: live.now), base_url=SITE_URL).get(path)
    assert exported.status_code == live.client.get(path).status_code == 200
    assert "<form" not in exported.text
    assert "?" not in "".join(part.partition('"')[0] for part in exported.text.split('href="/')[1:])

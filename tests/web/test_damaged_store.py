"""While the database is damaged, pages are 503s that say nothing of it: no link is called invalid, no form refused."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.files.site import Site
from newsletter.web.studio.app import make_studio
from tests.factories import NOW
from tests.web.live_site import SIGNUP_FORM, LiveSite
from tests.web.studio.client import TOKEN


def break_page_of(path: Path, table: str) -> None:
    """Overwrite the first page of a table, as a bad disk does."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


def test_pages_and_links_are_temporarily_unavailable(ada: LiveSite, caplog: pytest.LogCaptureFixture) -> None:
    opened, digest, unsubscribe = ada.open_preferences(), ada.digest_path(), ada.unsubscribe_path()
    break_page_of(ada.config.site.store, "subscribers")
    for method, path in (
        ("GET", opened),
        ("GET", digest),
        ("POST", f"{digest}/pause"),
        ("GET", unsubscribe),
        ("POST", unsubscribe),
        ("POST", f"{opened}/erase"),
    ):
        response = ada.client.request(method, path, data={"sure": "yes"} if method == "POST" else None)
        assert (path, response.status_code, response.headers["retry-after"]) == (path, 503, "60")
        assert "<h1>Temporarily unavailable</h1>" in response.text
        assert str(ada.config.site.store) not in response.text
    assert "malformed" in caplog.text


def test_the_api_is_temporarily_unavailable_in_json(live: LiveSite) -> None:
    break_page_of(live.config.site.store, "confirmations")
    response = live.client.post("/api/subscribe", json={"email": "ada@example.org", "topics": ["pears"]})
    assert response.status_code == 503
    assert response.json() == {
        "error": "Something went wrong on our side. Please try again in a minute.",
        "hint": None,
    }
    assert live.client.post("/subscribe", data=SIGNUP_FORM).status_code == 503


def test_the_archive_is_temporarily_unavailable(live: LiveSite) -> None:
    os.truncate(live.config.site.store, 20_000)
    assert live.client.get("/search?q=clouds").status_code == 503


def test_the_studio_says_what_is_wrong_since_only_the_operator_sees_it(site: Site) -> None:
    break_page_of(site.store, "papers")
    studio = TestClient(make_studio(site, lambda: NOW, token=TOKEN), base_url="http://localhost:8400")
    response = studio.get("/digest.html", params={"token": TOKEN})
    assert response.status_code == 503
    assert "malformed" in response.text

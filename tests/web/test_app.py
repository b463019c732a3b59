"""The public web application as a whole: where it is served, and what it answers when something is wrong."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from newsletter.config.load import load_config
from newsletter.errors import ConfigError
from newsletter.files.site import Site
from newsletter.web.app import make_app, make_site_app
from tests.factories import NOW
from tests.web.live_site import ADA, SITE_URL, LiveSite


def test_a_site_below_a_path_keeps_all_links_below_it(site: Site) -> None:
    config = load_config(site, environ={"NEWSLETTER_SITE_URL": f"{SITE_URL}/papers"})
    client = TestClient(make_app(config, lambda: NOW), base_url=SITE_URL, follow_redirects=False)
    assert 'action="/papers/subscribe"' in client.get("/papers/subscribe").text
    assert client.get("/subscribe").status_code == 404
    assert client.post("/papers/subscribe", data={"email": ADA}).headers["location"] == "/papers/subscribe/requested"
    foreign = {"Origin": "https://evil.example"}
    assert client.post("/papers/preferences", data={"email": ADA}, headers=foreign).status_code == 403
    assert client.post("/papers/subscribe", data={"email": ADA}, headers=foreign).status_code == 303


def test_a_site_without_a_url_has_no_pages(site: Site) -> None:
    site.config.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"site\.url is missing"):
        make_app(load_config(site, environ={}), lambda: NOW)


def test_an_asgi_server_finds_the_site_around_the_working_directory(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.subscribers)
    monkeypatch.setenv("NEWSLETTER_SITE_URL", SITE_URL)
    assert TestClient(make_site_app(), base_url=SITE_URL).get("/subscribe").status_code == 200


def test_an_asgi_server_serves_the_site_that_a_variable_names(
    site: Site, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("NEWSLETTER_SITE_URL", SITE_URL)
    monkeypatch.setenv("NEWSLETTER_SITE", str(site.root))
    assert TestClient(make_site_app(), base_url=SITE_URL).get("/subscribe").status_code == 200


def test_an_unknown_address_is_a_page_that_leads_home(live: LiveSite) -> None:
    response = live.client.get("/nothing")
    assert response.status_code == 404
    assert "Page not found" in response.text
    assert 'href="/"' in response.text


def test_an_error_of_the_store_asks_to_try_again_and_does_not_log_tokens(
    ada: LiveSite, caplog: pytest.LogCaptureFixture
) -> None:
    path = ada.digest_path()
    ada.config.site.store.write_bytes(b"not a database" * 1000)
    response = ada.client.get(path)
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")
    assert "preferences: " in caplog.text
    assert path.rpartition("/")[2] not in caplog.text + response.text

"""The language of a page: by subscriber, by browser, by site."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.limits import ACCEPT_LANGUAGE
from newsletter.models.languages import LANGUAGES
from newsletter.rendering.environment import make_environment
from newsletter.web.app import make_archive
from newsletter.web.http.page_language import best_language, speak, spoken
from newsletter.web.site_pages import SitePages
from tests.factories import NOW, make_profile
from tests.web.live_site import ADA, SITE_URL, LiveSite

KNOWN = ("en", "de", "fr", "zh")
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("zh-Hant-TW, fr;q=0.5", "zh"),
        ("zh-TW,en;q=0.8", "zh"),
        ("zh-HK", "zh"),
        ("tlh, fr;q=0.1", "fr"),
        ("en;q=0.5, de;q=0.8", "de"),
        ("de;q=0.8, fr;q=0.8", "de"),
        ("de ; q=0.2 , fr ; q=0.30", "fr"),
        ("de;q=0, *", "en"),
        ("en;q=0, *", "de"),
        ("fr;q=0.3, *;q=0.9", "en"),
        ("fr, *;q=0.1", "fr"),
        ("en;q=0, de;q=0, fr;q=0, zh;q=0, *", "en"),
        ("de;q=2, fr;q=0.1", "fr"),
        ("de;q=0.1234, fr;q=0.1", "fr"),
        ("de;level=1, fr;q=0.1", "fr"),
        ("german, d_e, \u00e9, ;q=1, ,", "en"),
        ("de-AT;q=0.9, en;q=0.8, de;q=0.1", "de"),
    ],
)
def test_the_best_known_language_is_chosen(header: str, best: str) -> None:
    assert best_language(header, KNOWN, "en") == best


@given(st.text(st.sampled_from("ezhdfr-;q=0.19*, \t\u00df"), max_size=200), st.sampled_from(KNOWN))
def test_any_header_gives_a_known_language(header: str, default: str) -> None:
    best = best_language(header, KNOWN, default)
    assert best in KNOWN
    if not any(code in header for code in KNOWN) and "*" not in header:
        assert best == default


@given(st.dictionaries(st.sampled_from(KNOWN), st.integers(1, 1000), min_size=1))
def test_the_highest_weight_wins_in_any_order_of_the_header(weights: dict[str, int]) -> None:
    header = ", ".join(f"{code};q={weight / 1000:.3f}" for code, weight in weights.items())
    assert weights[best_language(header, KNOWN, "en")] == max(weights.values())


def test_what_is_beyond_the_limit_is_ignored() -> None:
    assert best_language("," * ACCEPT_LANGUAGE + "de", KNOWN, "en") == "en"
    assert best_language("a-" * 500_000 + "de", KNOWN, "en") == "en"


def test_without_a_request_nothing_is_spoken() -> None:
    speak("de")
    assert spoken() is None


def test_a_page_is_in_the_language_of_the_browser(live: LiveSite) -> None:
    page = live.client.get("/", headers=GERMAN)
    assert '<html lang="de" dir="ltr">' in page.text
    assert (page.headers["content-language"], page.headers["vary"]) == ("de", "Accept-Language")
    other = live.client.get("/")
    assert '<html lang="en" dir="ltr">' in other.text
    assert other.headers["etag"] != page.headers["etag"]
    known = {"If-None-Match": page.headers["etag"]}
    assert live.client.get("/", headers=known).status_code == 200
    not_modified = live.client.get("/", headers=known | GERMAN)
    assert (not_modified.status_code, not_modified.headers["vary"]) == (304, "Accept-Language")


def test_only_pages_depend_on_the_browser(live: LiveSite) -> None:
    for path in ("/feed.atom", "/feed.json", "/pages.css", "/robots.txt"):
        assert "content-language" not in live.client.get(path, headers=GERMAN).headers


def test_the_page_of_a_link_is_in_the_language_of_its_subscriber(live: LiveSite) -> None:
    with live.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(language="fr"), "web", NOW)
    for path in (live.unsubscribe_path(), live.link_path(), live.open_preferences()):
        page = live.client.get(path, headers=GERMAN)
        assert '<html lang="fr"' in page.text, path
        assert page.headers["content-language"] == "fr"
        assert "vary" not in page.headers


def test_a_site_has_a_language_of_its_own(live: LiveSite) -> None:
    config = replace(live.config, site_language="es")
    pages = SitePages(config, make_environment(), lambda: NOW)
    assert pages.language.code == "es"
    assert set(LANGUAGES) >= {"en", "de", "es", "fr", "zh"}


def test_a_german_subscriber_finds_german_pages_behind_every_link(live: LiveSite) -> None:
    path = live.sign_up(language="de")
    assert "Bestätige dein Abonnement" in live.client.get(path).text
    assert "<h1>Bestätigt</h1>" in live.client.post(path).text
    unsubscribe = live.unsubscribe_path()
    assert "Daily Papers abbestellen?" in live.client.get(unsubscribe).text
    assert "eine E-Mail pro Woche" in live.client.post(f"{unsubscribe}/fewer").text
    assert "Deine E-Mails von Daily Papers" in live.client.get(live.digest_path()).text
    assert "Du hast dich abgemeldet" in live.client.post(unsubscribe).text
    assert "Zu viele E-Mails" in live.client.get(unsubscribe).text
    assert "Nichts hat sich geändert" in live.client.post(f"{unsubscribe}/undo").text


def test_the_exported_archive_is_in_the_language_of_the_site(live: LiveSite) -> None:
    archive = TestClient(make_archive(replace(live.config, site_language="de"), lambda: live.now), base_url=SITE_URL)
    page = archive.get("/", headers={"Accept-Language": "fr"})
    assert '<html lang="de"' in page.text
    assert "Artikel: 8. Mai 2026" in page.text

"""Errors are pages that say what to do, in the reader's language, and JSON for those who asked for JSON."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from newsletter.limits import FORM_BYTES, HEADERS, URL_BYTES
from newsletter.web.error_pages import _TEXTS
from tests.web.live_site import LiveSite

GERMAN = {"Accept-Language": "de"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_page_that_does_not_exist_is_a_page_in_the_language_of_the_browser(live: LiveSite) -> None:
    for path in ("/nowhere", "/confirm/nowhere/else"):
        page = live.client.get(path, headers=GERMAN)
        assert page.status_code == 404
        assert '<html lang="de"' in page.text
        assert "Seite nicht gefunden" in page.text
        assert page.headers["content-language"] == "de"
        assert page.headers["x-robots-tag"].startswith("noindex")
        assert page.headers["cache-control"] == "no-store"
    assert "Go to the home page" in live.client.get("/nowhere").text


@pytest.mark.parametrize(
    ("status", "method", "path", "options"),
    [
        (400, "GET", "/archive/2026-05-08/page/99999999999", {}),
        (400, "POST", "/subscribe", {"content": b"\xff", "headers": FORM}),
        (403, "POST", "/preferences", {"headers": {"Sec-Fetch-Site": "cross-site"}}),
        (405, "POST", "/topics", {}),
        (413, "POST", "/subscribe", {"content": b"a" * (FORM_BYTES + 1), "headers": FORM}),
        (414, "GET", "/search?q=" + "a" * URL_BYTES, {}),
        (421, "GET", "/", {"headers": {"Host": "other.example"}}),
        (431, "GET", "/", {"headers": {f"X-{number}": "1" for number in range(HEADERS)}}),
    ],
)
def test_a_refusal_is_a_page_and_says_what_to_do(
    live: LiveSite, status: int, method: str, path: str, options: dict[str, object]
) -> None:
    page = live.client.request(method, path, **options)  # type: ignore[arg-type]
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert f"<h1>{_TEXTS[status].title}</h1>" in page.text
    assert _TEXTS[status].text % {"url": live.config.site_url} in page.text
    assert page.headers["content-security-policy"]


def test_programs_get_json(live: LiveSite) -> None:
    for path, headers in (("/api/nothing", {}), ("/nowhere", {"Accept": "application/json"})):
        response = live.client.get(path, headers=headers)
        assert (response.status_code, response.json()) == (404, {"error": _TEXTS[404].text, "hint": None})


def test_the_allowed_methods_are_named(live: LiveSite) -> None:
    assert set(live.client.post("/topics").headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_a_flood_does_not_make_the_site_render(live: LiveSite) -> None:
    codes: dict[int, str] = {}
    for _ in range(3):
        for status in _TEXTS:
            codes[status] = live.client.get(f"/nowhere/{status}").text
    assert len(set(codes.values())) == 1


def test_every_text_has_a_title_and_a_sentence() -> None:
    for status, texts in _TEXTS.items():
        assert HTTPStatus(status)
        assert texts.title[-1] not in ".!"
        assert texts.text.endswith(".")

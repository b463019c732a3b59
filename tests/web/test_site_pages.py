"""What all pages share: noindex, and that text stays text wherever it came from (XSS)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.models import tokens
from newsletter.rendering.environment import make_environment
from newsletter.web.site_pages import SitePages
from tests.factories import NOW, make_entry
from tests.web.live_site import ADA, LiveSite

#: Stored and reflected, of many kinds: markup, attributes, URLs, templates, scripts in odd places.
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7000003*7 }}{% raw %}",
    "<a href='javascript:alert(1)'>x</a>",
    "\u202e<b>x</b>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
)


def is_inert(page: str) -> bool:
    return not any(
        sign in page for sign in ("<script>alert", "<img src=x", "<svg onload", "<math>", "onerror=alert(1)>")
    )


@pytest.mark.parametrize(
    ("url", "prefix"), [("https://papers.example", ""), ("https://example.org/papers", "/papers"), (None, "")]
)
def test_the_prefix_is_the_path_of_the_url(live: LiveSite, url: str | None, prefix: str) -> None:
    config = replace(live.config, site_url=url)
    assert SitePages(config, make_environment(), lambda: NOW).prefix == prefix


def test_pages_with_a_token_are_neither_cached_nor_indexed(ada: LiveSite) -> None:
    opened = ada.open_preferences()
    for path in (ada.digest_path(), ada.link_path(), ada.unsubscribe_path(), opened, f"{opened}/data.json"):
        headers = ada.client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "noindex" in headers["x-robots-tag"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_typed_stays_text(ada: LiveSite, payload: str) -> None:
    preferences = ada.open_preferences()
    pages = [
        ada.client.get("/subscribe", params={"email": payload, "name": payload, "queries": payload, "topic": payload}),
        ada.client.post("/subscribe", data={"email": payload, "name": payload, "queries": payload}),
        ada.client.post("/preferences", data={"email": payload}),
        ada.client.post(f"{preferences}/save", data={"name": payload, "queries": payload, "cadence": payload}),
        ada.client.get(f"{preferences}?done={payload}"),
        ada.client.get(f"{ada.digest_path()}?done={payload}"),
        ada.client.get(f"/unsubscribe/{payload}"),
        ada.client.get(f"/{payload}"),
    ]
    for page in pages:
        assert page.status_code < 500
        assert is_inert(page.text)
        assert "49000021" not in page.text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_stored_stays_text(ada: LiveSite, payload: str) -> None:
    with ada.store() as store:
        store.papers.add(make_entry(title=f"Pears {payload}", arxiv_id=None, doi="10.1/x"), NOW)
        paper = store.papers.find("doi:10.1/x")
        assert paper is not None
        with store.transaction():
            subscriber = store.subscribers.get(ADA)
            store.subscribers.update_profile(subscriber.id, payload, subscriber.profile, "web", NOW)
            store.feedback.put(subscriber.id, paper.id, liked=True, now=NOW)
        signed = tokens.sign(store.secret(), tokens.FEEDBACK, subscriber.id)
        token = tokens.feedback_prefix(paper.id, liked=True) + signed
    for path in (ada.open_preferences(), ada.digest_path(), ada.unsubscribe_path(), f"/feedback/{token}"):
        page = ada.client.get(path)
        assert page.status_code == 200
        assert is_inert(page.text)
    for sample in ada.client.get("/sample.json", params={"q": "pears"}).json()["papers"]:
        assert sample["url"].startswith("https://")


def test_a_broken_template_of_the_site_takes_no_page_down(ada: LiveSite, caplog: pytest.LogCaptureFixture) -> None:
    own = ada.config.site.templates / "web"
    own.mkdir(parents=True)
    (own / "layout.html").write_text("\n{% block main %}{{ nope }}", encoding="utf-8")

    page = ada.client.get(ada.unsubscribe_path())

    assert page.status_code == 200
    assert "Unsubscribe" in page.text
    assert ada.client.get("/subscribe").status_code == ada.client.get("/pages.css").status_code == 200
    mistakes = [one.getMessage() for one in caplog.records if str(own / "layout.html") in one.getMessage()]
    assert len(mistakes) == 1  # the mistake is logged once, not for each page
    assert "line 2: " in mistakes[0]
    assert ada.unsubscribe_path() not in caplog.text

    (own / "layout.html").write_text("mended: {% block main %}{% endblock %}", encoding="utf-8")
    assert ada.client.get("/subscribe").text.startswith("mended: ")

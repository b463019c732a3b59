"""The preview beside a form: the next email with the form's present values, in a frame that can do nothing."""

from __future__ import annotations

import re
from html import unescape

import pytest

from newsletter.rendering.environment import make_environment
from newsletter.web.http.rate_limit import Decide, OwnCounts
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.live_preview import LivePreview
from tests.stores import connection_of
from tests.web.live_site import ADA, LiveSite

AGENTS = {"order": "LLM agents", "topic": "LLM agents"}


def test_the_preview_has_the_values_of_the_form_and_stores_nothing(live: LiveSite) -> None:
    live.subscribe()
    path = live.open_preferences()
    with live.store() as store:
        before = list(connection_of(store).iterdump())
    own = AGENTS | {"own_name": "Kochtöpfe", "own_query": '"in-context learning"', "language": "fr", "max_papers": "3"}

    page = live.client.post(f"{path}/preview", data=own).text

    assert '<html lang="fr"' in page
    assert "Kochtöpfe" in page
    assert 'role="note" lang="en"' in page  # the page's own language is that of what is saved
    assert re.search(r"Subject|Betreff", page)
    assert 1 <= len(set(re.findall(r'id="p\d+"', page)) or {1}) <= 3
    with live.store() as store:
        assert list(connection_of(store).iterdump()) == before
    assert len(live.messages()) == 2  # to confirm, and the link


def test_the_preview_is_what_is_sent(live: LiveSite) -> None:
    live.subscribe(style="cards", language="en")
    path = live.open_preferences()
    shown = live.client.get(f"{path}/preview").text
    assert live.send().counts["sent"] == 1
    html = live.messages()[-1].get_body(("html",))
    assert html is not None
    titles = re.findall(r"<h3[^>]*>\s*<a[^>]*>([^<]+)", str(html.get_content()))
    assert len(titles) > 1
    assert re.findall(r"<h3[^>]*>\s*<a[^>]*>([^<]+)", shown) == titles
    assert f"Subject: {live.messages()[-1]['subject']}" in unescape(shown)

    example = live.client.get(f"{path}/preview").text  # nothing is new now
    assert "an example of the last seven days" in example
    assert re.findall(r"<h3[^>]*>\s*<a[^>]*>([^<]+)", example)


def test_a_preview_can_run_nothing_and_is_framed_by_the_site_alone(live: LiveSite) -> None:
    for response in (live.client.get("/subscribe/preview"), live.client.post("/subscribe/preview", data=AGENTS)):
        assert response.status_code == 200
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy
        assert "frame-ancestors 'self'" in policy
        assert response.headers["x-frame-options"] == "SAMEORIGIN"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "no-store"
        assert '<base target="_blank">' in response.text
    page = live.client.get("/subscribe")
    assert page.headers["x-frame-options"] == "DENY"
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text


def test_links_of_a_preview_do_nothing_to_anybody(ada: LiveSite) -> None:
    path = ada.open_preferences()
    page = ada.client.get(f"{path}/preview").text
    links = re.findall(r'href="https://papers.example(/(?:unsubscribe|feedback|preferences)/[^"]+)"', page)
    assert links
    for link in links:
        assert ada.client.get(link).status_code == 404


def test_what_is_typed_halfway_is_left_out_and_the_rest_is_shown(live: LiveSite) -> None:
    form = AGENTS | {"own_query": "agents (", "hour": "99", "time_zone": "Mars/Olympus", "style": "plain"}
    page = live.client.post("/subscribe/preview", data=form).text
    assert "What is marked as a mistake is left out here." in page
    assert "<pre" in page
    assert "LLM agents" in page


def test_no_match_is_explained(live: LiveSite) -> None:
    nothing = {"own_query": "xylophone", "serendipity": "false"}
    assert "No email would be sent." in live.client.post("/subscribe/preview", data=nothing).text
    with live.store() as store:
        for number in range(1, 100):
            connection_of(store).execute("DELETE FROM papers WHERE id = ?", [number])
        connection_of(store).commit()
    assert "These are invented ones." in live.client.post("/subscribe/preview", data=AGENTS).text


def test_a_preview_needs_a_session_and_comes_from_the_page_itself(ada: LiveSite) -> None:
    assert ada.client.get("/preferences/preview").status_code == 403
    path = ada.open_preferences()
    for action in ("preview", "arrange", "save"):
        refused = ada.client.post(f"{path}/{action}", headers={"Origin": "https://evil.example"})
        assert refused.status_code == 403


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass for rate limits, however slow this machine is."""
    change = OwnCounts.change

    def change_at_once(counts: OwnCounts, client: str, decide: Decide) -> float:
        counts.clock = lambda: 0.0
        return change(counts, client, decide)

    monkeypatch.setattr(OwnCounts, "change", change_at_once)


@pytest.mark.usefixtures("stopped_clock")
def test_each_client_has_one_preview_in_work_and_a_limit(live: LiveSite) -> None:
    previews = LivePreview(SitePages(live.config, make_environment(), lambda: live.now))
    with previews._turn("1.2.3.4") as first:
        previews._clients.append("1.2.3.4")  # one waits
        with previews._turn("1.2.3.4") as third:
            assert (first, third) == (True, False)
        previews._clients.remove("1.2.3.4")
    with previews._turn("1.2.3.4") as again:
        assert again
    codes = [live.client.get("/preferences/preview").status_code for _ in range(70)]
    assert (codes[0], codes[-1]) == (403, 429)
    assert live.client.post("/subscribe/preview", data=AGENTS).status_code == 429
    assert live.client.post("/subscribe/arrange", data=AGENTS).status_code == 429
    assert live.client.post("/preferences", data={"email": ADA}).status_code == 200  # forms have a limit of their own


def test_a_profile_that_is_too_large_is_refused_before_any_work(live: LiveSite) -> None:
    assert live.client.post("/subscribe/preview", data={"own_query": "x" * 70_000}).status_code == 413
    many = {"own_query": [f"topic{number}" for number in range(200)]}
    assert live.client.post("/subscribe/preview", data=many).status_code == 200
    assert live.client.post("/subscribe/preview", data={"own_query": ["x"] * 301}).status_code == 400

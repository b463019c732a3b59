"""The page on which a subscriber rates ten papers."""

from __future__ import annotations

import re

import pytest

from newsletter.errors.installation import has_scikit_learn
from tests.web.live_site import LiveSite


def feedback_of(live: LiveSite) -> dict[int, bool]:
    with live.store() as store:
        return store.feedback.of(live.subscriber().id)


def test_ratings_are_feedback_and_rated_papers_are_not_asked_for_again(live: LiveSite) -> None:
    live.subscribe()
    live.open_preferences()
    names = list(dict.fromkeys(re.findall(r'name="(paper-\d+)"', live.client.get("/preferences/rate").text)))
    assert 0 < len(names) <= 10
    (first, second, *rest) = names

    form = {first: "more", second: "less"} | dict.fromkeys(rest, "")
    response = live.client.post("/preferences/rate", data=form)

    assert response.headers["location"] == "/preferences?done=rated"
    assert "Your ratings are saved" in live.client.get(response.headers["location"]).text
    assert feedback_of(live) == {int(first[6:]): True, int(second[6:]): False}
    page = live.client.get("/preferences/rate").text
    assert f'name="{first}"' not in page
    assert f'name="{second}"' not in page


def test_what_is_no_rating_is_ignored(live: LiveSite) -> None:
    live.subscribe()
    live.open_preferences()
    form = {"paper-x": "more", "paper-1": "much", "paper-": "more", "paper-999999": "less", "other": "more"}

    response = live.client.post("/preferences/rate", data=form)
    assert (response.status_code, response.headers["location"]) == (303, "/preferences")  # which says nothing is saved
    assert feedback_of(live) == {}


def test_without_a_session_nothing_is_shown_or_stored(live: LiveSite) -> None:
    live.subscribe()
    live.client.cookies.clear()

    closed = live.client.get("/preferences/rate")
    assert closed.status_code == 403
    assert "To rate papers, first open your preferences" in closed.text
    assert live.client.post("/preferences/rate", data={"paper-1": "more"}).status_code == 403
    assert feedback_of(live) == {}


def test_the_preferences_lead_to_the_page(live: LiveSite) -> None:
    if not has_scikit_learn():
        pytest.skip("scikit-learn is not installed: no taste is learned")
    live.subscribe()

    assert 'href="/preferences/rate"' in live.client.get(live.open_preferences()).text

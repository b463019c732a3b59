"""What guards every action of the operator's pages, and how it reports what it did."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import cycle

from tests.web.live_site import SITE_URL, LiveSite

OPERATOR = "me@operator.example"
ACTIONS = (
    "/pause", "/resume", "/cancel", "/retry", "/test-email", "/logout", "/subscribers/3/pause", "/subscribers/3/resume",
    "/subscribers/3/unsubscribe", "/subscribers/3/suppress", "/subscribers/3/unsuppress", "/subscribers/3/erase",
    "/subscribers/3/link",
)  # fmt: skip


def test_no_other_site_can_press_its_buttons(operated: LiveSite) -> None:
    """Every action is a form with the password, a token that only the site's pages know, and their origin."""
    client, foreign = operated.client, {"Origin": "https://evil.example"}
    for path, token in zip(ACTIONS, cycle(["", "0" * 32, "é"]), strict=False):
        assert client.post(f"/operator{path}", data={"csrf_token": token, "email": OPERATOR}).status_code == 403, path
        assert client.get(f"/operator{path}").status_code in (200, 404, 405), path
    assert client.post("/operator/test-email", data={"email": OPERATOR}, headers=foreign).status_code == 403
    client.headers.pop("Authorization")
    for path in ACTIONS:
        assert client.post(f"/operator{path}", headers={"Origin": SITE_URL}).status_code == 403, path
    assert operated.messages(OPERATOR) == []
    with operated.store() as store:
        assert len(store.subscribers.all()) == 2
        assert store.editions.states() == {}


def test_the_next_page_reports_what_was_done(operated: LiveSite) -> None:
    response = operated.press("/subscribers/3/suppress")
    assert response.status_code == 303
    assert "The address is suppressed" in operated.client.get(response.headers["location"]).text
    assert 'role="status">' not in operated.client.get("/operator/subscribers/3?done=%3Cb%3E").text


def test_a_refusal_names_its_reason(operated: LiveSite) -> None:
    refused = operated.press("/pause", edition="<b>")
    assert refused.status_code == 422
    assert "There is no such edition." in refused.text


def test_a_form_that_was_open_at_midnight_is_accepted_and_an_older_one_says_so(operated: LiveSite) -> None:
    page = operated.client.get("/operator/test-email").text
    (token, *_) = re.findall(r'name="csrf_token" value="([^"]+)"', page)
    statuses = []
    for _day in range(3):
        response = operated.client.post("/operator/subscribers/3/pause", data={"csrf_token": token})
        statuses.append(response.status_code)
        operated.now += timedelta(days=1)
    assert statuses == [303, 303, 403]
    assert "This form is too old." in response.text


def test_no_number_in_an_address_is_an_error(operated: LiveSite) -> None:
    for number in ("0", "-1", "x", "9" * 30, "²"):
        for path in ("/editions", "/subscribers/3"):
            assert operated.client.get(f"/operator{path}", params={"page": number}).status_code == 200
        assert operated.client.get(f"/operator/subscribers/{number}").status_code == 404
        assert operated.press(f"/subscribers/{number}/pause").status_code == 422

"""Host check, CSRF protection, rate limit and security headers of the public pages; what tokens are good for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.models import Status, tokens
from newsletter.operations.key_rotation import rotate
from tests.web.live_site import ADA, SITE_URL, LiveSite


@pytest.mark.parametrize("path", ["/subscribe", "/preferences", "/nothing", "/pages.css", "/sample.json?q=x"])
def test_every_response_has_security_headers(live: LiveSite, path: str) -> None:
    headers = live.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "papers.example.evil.example", "papers.example:8443", "127.0.0.1.x"])
def test_an_unknown_host_is_refused(live: LiveSite, host: str) -> None:
    response = live.client.get("/subscribe", headers={"Host": host, "X-Forwarded-Host": "papers.example"})
    assert response.status_code == 421
    assert "This is not our address" in response.text
    assert "https://papers.example" in response.text
    assert host not in response.text


def test_no_header_of_a_request_gets_into_a_link(live: LiveSite) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Original-URL": "/evil"}
    for path in ("/subscribe", "/subscribe/embed", "/preferences"):
        assert "evil.example" not in live.client.get(path, headers=headers).text
    live.client.post("/subscribe", data={"email": ADA}, headers=headers)
    assert b"evil.example" not in live.accepted[-1][1]


# -- CSRF ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://papers.example.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_cannot_post_a_subscribers_forms(ada: LiveSite, headers: dict[str, str]) -> None:
    preferences = ada.open_preferences()
    actions = ("save", "pause", "resume", "erase", "change-address", "withdraw-feedback", "close")
    for path in (preferences, *(f"{preferences}/{action}" for action in actions)):
        response = ada.client.post(path, data={"sure": "yes", "email": "x@y.example"}, headers=headers)
        assert response.status_code == 403
    assert ada.subscriber().name == "Ada"
    own = {"Origin": SITE_URL, "Sec-Fetch-Site": "same-origin"}
    assert ada.client.post(f"{preferences}/save", data={"name": "A"}, headers=own).status_code == 303


def test_pages_whose_addresses_hold_a_token_are_no_referrer(ada: LiveSite) -> None:
    """Their forms come with the origin "null", and need no other proof than the token."""
    paths = [ada.digest_path(), ada.link_path(), ada.unsubscribe_path(), "/feedback/1.1.1.x", "/confirm/1.2.x"]
    assert {ada.client.get(path).headers["referrer-policy"] for path in paths} == {"no-referrer"}
    assert ada.client.post(f"{ada.digest_path()}/link", headers={"Origin": "null"}).status_code == 303


def test_a_sign_up_form_may_be_on_another_site(live: LiveSite) -> None:
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert live.client.post("/subscribe", data={"email": ADA}, headers=headers).status_code == 303
    assert len(live.messages()) == 1


def test_a_mail_program_may_post_one_click_unsubscribe(ada: LiveSite) -> None:
    headers = {"Origin": "https://webmail.example", "Sec-Fetch-Site": "cross-site"}
    form = {"List-Unsubscribe": "One-Click"}
    assert ada.client.post(ada.unsubscribe_path(), data=form, headers=headers).status_code == 200
    assert ada.subscriber().status is Status.UNSUBSCRIBED


def test_redirects_stay_on_this_site(ada: LiveSite) -> None:
    for path, fields in (
        (f"{ada.open_preferences()}/save", {"name": "x", "next": "https://evil.example"}),
        ("/subscribe", {"email": ADA}),
    ):
        location = ada.client.post(f"{path}?next=//evil.example", data=fields).headers["location"]
        assert location.startswith("/")
        assert not location.startswith("//")
        assert "evil" not in location


# -- rate limit ---------------------------------------------------------------------------------------


def test_a_network_that_posts_too_often_has_to_wait(live: LiveSite) -> None:
    statuses = [live.client.post("/subscribe", data={"email": "no address"}).status_code for _ in range(40)]
    assert set(statuses) == {422, 429}
    refused = live.client.post("/subscribe", data={"email": ADA})
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
    assert live.client.get("/subscribe").status_code == 200


# -- tokens -------------------------------------------------------------------------------------------


def test_a_token_is_good_for_one_purpose_only(ada: LiveSite) -> None:
    with ada.store() as store:
        secret, number = store.secret(), ada.subscriber().id
    day = ada.now.date() + timedelta(days=1)
    by_purpose = {
        "unsubscribe": tokens.sign(secret, tokens.UNSUBSCRIBE, number),
        "preferences": tokens.sign_until(secret, tokens.PREFERENCES, number, day),
        "confirm": tokens.sign_until(secret, tokens.CONFIRM, number, day),
        "feedback": tokens.feedback_prefix(1, liked=True) + tokens.sign(secret, tokens.FEEDBACK, number),
    }
    for purpose, token in by_purpose.items():
        for page in by_purpose.keys() - {purpose}:
            for response in (ada.client.get(f"/{page}/{token}"), ada.client.post(f"/{page}/{token}")):
                assert response.status_code in (404, 405), (purpose, page)
    for token in by_purpose.values():
        assert ada.client.post(f"/preferences/open/{token}").status_code == 404
        assert ADA not in ada.client.get("/preferences", headers={"Cookie": f"preferences={token}"}).text
    assert ada.subscriber().status is Status.ACTIVE


def test_tokens_are_revoked_with_the_key_that_signed_them(ada: LiveSite) -> None:
    paths = [ada.digest_path(), ada.unsubscribe_path()]
    assert [ada.client.get(path).status_code for path in paths] == [200, 200]
    with ada.store() as store:
        rotate(ada.config, store, ada.now, timedelta(days=90))
    assert [ada.client.get(path).status_code for path in paths] == [200, 200]
    with ada.store() as store:
        rotate(ada.config, store, ada.now, timedelta(0))
    paths = [ada.digest_path(), ada.unsubscribe_path()]
    assert [ada.client.get(path).status_code for path in paths] == [200, 200]
    with ada.store() as store:
        rotate(ada.config, store, ada.now, timedelta(0))
    assert [ada.client.get(path).status_code for path in paths] == [404, 404]


@given(token=st.text(max_size=60) | st.from_regex(r"[0-9]{1,20}\.[0-9]{0,9}\.?[A-Za-z0-9_-]{0,30}", fullmatch=True))
def test_no_forged_token_is_valid(ada: LiveSite, token: str) -> None:
    with ada.store() as store:
        secret, today = store.secret(), ada.now.date()
    assert tokens.read_until(secret, tokens.PREFERENCES, token, today) is None
    assert tokens.read_until_minute(secret, tokens.SESSION, token, ada.now) is None
    assert tokens.read(secret, tokens.UNSUBSCRIBE, token) is None


def test_searches_feeds_and_exports_are_limited_per_client(live: LiveSite) -> None:
    paths = ("/search?q=a", "/sample.json?q=a", "/feed.atom", "/sitemap.xml", "/subscribe?topic=a")
    codes: list[int] = []
    while 429 not in codes and len(codes) < 1000:  # one every two seconds is allowed, however slow this machine is
        codes.append(live.client.get(paths[len(codes) % len(paths)]).status_code)
    assert codes.index(429) >= 30
    assert set(codes) == {200, 429}
    assert live.client.get("/topics").status_code == 200
    other = TestClient(live.client.app, base_url=SITE_URL, client=("198.51.100.7", 1))
    assert other.get("/search?q=a").status_code == 200


def test_all_requests_of_a_client_are_limited(live: LiveSite) -> None:
    codes: list[int] = []
    while 429 not in codes and len(codes) < 5000:  # ten a second are allowed, however slow this machine is
        codes.append(live.client.get("/robots.txt").status_code)
    assert codes.index(429) >= 300

"""What the pages refuse, and that hostile words stay words."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from newsletter import tokens
from newsletter.config.load import load_config
from newsletter.errors import ConfigError
from newsletter.models import Status
from newsletter.site import Site
from newsletter.subscribers.double_opt_in import confirm, request_subscription
from newsletter.web.app import make_app
from newsletter.web.http.rate_limit import Limits, network_of
from tests.factories import NOW, make_entry, make_profile
from tests.web.site import ADA, SITE_URL, Asked

#: Stored and reflected, of many kinds: markup, attributes, addresses, templates, scripts in odd places.
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "<a href='javascript:alert(1)'>x</a>",
    "\u202e<b>x</b>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
)
HOST = {"Host": "localhost"}


@pytest.fixture
def ada(asked: Asked) -> Asked:
    with asked.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    return asked


def is_inert(page: str) -> bool:
    return not any(
        sign in page for sign in ("<script>alert", "<img src=x", "<svg onload", "<math>", "onerror=alert(1)>")
    )


@pytest.mark.parametrize("path", ["/subscribe", "/preferences", "/nothing", "/pages.css", "/sample.json?q=x"])
def test_every_answer_says_what_it_may_load(asked: Asked, path: str) -> None:
    headers = asked.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_pages_with_a_token_are_kept_nowhere(ada: Asked) -> None:
    for path in (ada.preferences(), ada.leaving(), f"{ada.preferences()}/data.json"):
        headers = ada.client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "noindex" in headers["x-robots-tag"]


@pytest.mark.parametrize("host", ["evil.example", "papers.example.evil.example", "papers.example:8443", "127.0.0.1.x"])
def test_another_name_is_not_answered(asked: Asked, host: str) -> None:
    answer = asked.client.get("/subscribe", headers={"Host": host, "X-Forwarded-Host": "papers.example"})
    assert answer.status_code == 421
    assert host not in answer.text


def test_no_header_of_a_request_gets_into_a_link(asked: Asked) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Original-URL": "/evil"}
    for path in ("/subscribe", "/subscribe/embed", "/preferences"):
        assert "evil.example" not in asked.client.get(path, headers=headers).text
    asked.client.post("/subscribe", data={"email": ADA}, headers=headers)
    assert b"evil.example" not in asked.server.accepted[-1][1]


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
def test_other_sites_cannot_send_a_readers_forms(ada: Asked, headers: dict[str, str]) -> None:
    there = ada.preferences()
    for path in (there, f"{there}/pause", f"{there}/forget", f"{there}/move", "/preferences"):
        answer = ada.client.post(path, data={"sure": "yes", "email": "x@y.example"}, headers=headers)
        assert answer.status_code == 403
    assert ada.subscriber().name == "Ada"
    own = {"Origin": SITE_URL, "Sec-Fetch-Site": "same-origin"}
    assert ada.client.post(there, data={"name": "A"}, headers=own).status_code == 303


def test_a_token_does_only_what_it_is_for(ada: Asked) -> None:
    with ada.store() as store:
        secret, number = store.secret(), ada.subscriber().id
    day = ada.now.date() + timedelta(days=1)
    by_purpose = {
        "leave": tokens.sign(secret, tokens.UNSUBSCRIBE, number),
        "preferences": tokens.sign_until(secret, tokens.PREFERENCES, number, day),
        "confirm": tokens.sign_until(secret, tokens.CONFIRM, number, day),
        "feedback": tokens.feedback_prefix(1, liked=True) + tokens.sign(secret, tokens.FEEDBACK, number),
    }
    for purpose, token in by_purpose.items():
        for page in by_purpose.keys() - {purpose}:
            for answer in (ada.client.get(f"/{page}/{token}"), ada.client.post(f"/{page}/{token}")):
                assert answer.status_code == 404, (purpose, page)
    assert ada.subscriber().status is Status.ACTIVE


def test_tokens_end_with_the_key(ada: Asked) -> None:
    paths = [ada.preferences(), ada.leaving()]
    assert [ada.client.get(path).status_code for path in paths] == [200, 200]
    with ada.store() as store, store.transaction():
        store._db.execute("DELETE FROM secrets")
    assert [ada.client.get(path).status_code for path in paths] == [404, 404]


@given(token=st.text(max_size=60) | st.from_regex(r"[0-9]{1,20}\.[0-9]{0,9}\.?[A-Za-z0-9_-]{0,30}", fullmatch=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_token_but_ours_is_good(ada: Asked, token: str) -> None:
    with ada.store() as store:
        secret, today = store.secret(), ada.now.date()
    assert tokens.read_until(secret, tokens.PREFERENCES, token, today) is None
    assert tokens.read(secret, tokens.UNSUBSCRIBE, token) is None


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_typed_stays_words(ada: Asked, payload: str) -> None:
    pages = [
        ada.client.get("/subscribe", params={"email": payload, "name": payload, "queries": payload, "topic": payload}),
        ada.client.post("/subscribe", data={"email": payload, "name": payload, "queries": payload}),
        ada.client.post("/preferences", data={"email": payload}),
        ada.client.post(ada.preferences(), data={"name": payload, "queries": payload, "cadence": payload}),
        ada.client.get(f"{ada.preferences()}?done={payload}"),
        ada.client.get(f"/unsubscribe/{payload}"),
        ada.client.get(f"/{payload}"),
    ]
    for page in pages:
        assert page.status_code < 500
        assert is_inert(page.text)
        assert "49" not in page.text or "7*7" not in payload


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_stored_stays_words(ada: Asked, payload: str) -> None:
    with ada.store() as store:
        store.papers.add(make_entry(title=f"Pears {payload}", arxiv_id=None, doi="10.1/x"), NOW)
        paper = store.papers.find("doi:10.1/x")
        assert paper is not None
        with store.transaction():
            known = store.subscribers.get(ADA)
            store.subscribers.update_profile(known.id, payload, known.profile, "web")
            store.feedback.put(known.id, paper.id, liked=True, now=NOW)
        token = tokens.feedback_prefix(paper.id, liked=True) + tokens.sign(store.secret(), tokens.FEEDBACK, known.id)
    for path in (ada.preferences(), ada.leaving(), f"/feedback/{token}"):
        page = ada.client.get(path)
        assert page.status_code == 200
        assert is_inert(page.text)
    for paper_told in ada.client.get("/sample.json", params={"q": "pears"}).json()["papers"]:
        assert paper_told["url"].startswith("https://")


def test_a_redirect_leads_to_this_site_alone(ada: Asked) -> None:
    for path, fields in (
        (ada.preferences(), {"name": "x", "next": "https://evil.example"}),
        ("/subscribe", {"email": ADA}),
    ):
        there = ada.client.post(f"{path}?next=//evil.example", data=fields).headers["location"]
        assert there.startswith("/")
        assert not there.startswith("//")
        assert "evil" not in there


def test_large_and_strange_forms_are_refused(asked: Asked) -> None:
    assert asked.client.post("/subscribe", content=b"a=" + b"x" * 70_000).status_code == 413
    assert asked.client.post("/subscribe", content=b"&".join(b"a=1" for _ in range(400))).status_code == 400
    assert asked.client.post("/subscribe", content=b"email=\xff").status_code in (400, 422)
    assert asked.client.post("/subscribe", data={"email": ADA + "\x00"}).status_code == 422
    assert asked.client.put("/subscribe").status_code == 405


def test_a_network_that_asks_too_often_waits(asked: Asked) -> None:
    answers = [asked.client.post("/subscribe", data={"email": "no address"}).status_code for _ in range(40)]
    assert set(answers) == {422, 429}
    refused = asked.client.post("/subscribe", data={"email": ADA})
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
    assert asked.client.get("/subscribe").status_code == 200


def test_limits_are_of_networks_and_wear_off() -> None:
    now = [0.0]
    limits = Limits(burst=2, per_minute=60, clock=lambda: now[0])
    assert [limits.take("2001:db8::1"), limits.take("2001:db8::2")] == [0, 0]
    assert limits.take("2001:db8:0:0:ffff::9") > 0
    assert limits.take("192.0.2.1") == 0
    now[0] = 1.1
    assert limits.take("2001:db8::3") == 0
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    for number in range(30_000):
        limits.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limits._buckets) <= 20_000


def test_time_does_not_tell_whether_an_address_is_known(ada: Asked) -> None:
    """The same is done for both; no test can assert a time, but not a difference that anybody could use either."""

    def took(email: str) -> float:
        began = time.perf_counter()
        with ada.store() as store:
            request_subscription(store, email, "", {}, ada.now)
        return time.perf_counter() - began

    known, unknown = zip(*((took(ADA), took("bob@reader.example")) for _ in range(60)), strict=True)
    spread = statistics.stdev(known) + statistics.stdev(unknown)
    assert abs(statistics.median(known) - statistics.median(unknown)) < spread


def test_a_site_below_a_path_keeps_to_it(site: Site) -> None:
    config = load_config(site, environ={"NEWSLETTER_SITE_URL": f"{SITE_URL}/papers"})
    client = TestClient(make_app(config, lambda: NOW), base_url=SITE_URL, follow_redirects=False)
    assert 'action="/papers/subscribe"' in client.get("/papers/subscribe").text
    assert client.get("/subscribe").status_code == 404
    assert client.post("/papers/subscribe", data={"email": ADA}).headers["location"] == "/papers/subscribe/asked"
    foreign = {"Origin": "https://evil.example"}
    assert client.post("/papers/preferences", data={"email": ADA}, headers=foreign).status_code == 403
    assert client.post("/papers/subscribe", data={"email": ADA}, headers=foreign).status_code == 303


def test_a_site_without_an_address_has_no_pages(site: Site) -> None:
    site.config.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"site\.url is missing"):
        make_app(load_config(site, environ={}), lambda: NOW)


def test_a_request_that_is_confirmed_by_two_at_once_joins_once(asked: Asked) -> None:
    with asked.store() as one, asked.store() as two:
        request_subscription(one, ADA, "", {}, asked.now)
        day = asked.now.date() + timedelta(days=1)
        token = tokens.sign_until(one.secret(), tokens.CONFIRM, 1, day)
        assert confirm(one, token, asked.now) == confirm(two, token, asked.now)
        assert len(one.subscribers.all()) == 1


# -- what the description promises --------------------------------------------------------------------


def test_the_endpoints_for_programs_keep_to_their_description(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "take", lambda _limits, _host: 0.0)  # they are tried elsewhere
    monkeypatch.setattr("newsletter.web.subscribers.outgoing.Outgoing.send_waiting", lambda _post: None)
    described = schemathesis.openapi.from_asgi("/api/openapi.json", asked.client.app, headers=HOST)
    operations: list[Any] = [found.ok() for found in described.get_all_operations()]  # type: ignore[union-attr]
    assert len(operations) == 2
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=60, suppress_health_check=list(HealthCheck))
        def keeps(case: Any) -> None:
            # Addresses and queries have grammars that a description cannot tell.
            case.call_and_validate(headers=HOST, excluded_checks=[positive_data_acceptance])

        keeps()

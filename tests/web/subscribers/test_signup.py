"""Sign-up with double opt-in: by the form, by JSON, and by the confirmation link."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta
from html import escape

import pytest

from newsletter.models import Status, tokens
from newsletter.pipeline.next_delivery import next_delivery
from newsletter.subscribers.double_opt_in import confirm, request_subscription
from tests.stores import connection_of
from tests.web.live_site import ADA, SIGNUP_FORM, LiveSite, paths_in


def test_from_the_form_to_the_last_email(live: LiveSite) -> None:
    confirm_path = live.sign_up()
    assert live.send().counts == {}
    assert "Confirm" in live.client.get(confirm_path).text
    assert live.client.post(confirm_path).status_code == 200
    assert live.client.post(confirm_path).status_code == 200

    subscriber = live.subscriber()
    profile = subscriber.profile
    assert (subscriber.name, profile.time_zone, profile.style) == ("Ada", "Europe/Berlin", "compact")
    assert [topic.name for topic in profile.topics] == ["In-context learning", "LLM agents", "robot*", "Mine"]
    assert live.send().counts["sent"] == 1
    digest = live.messages()[-1]
    assert any(path.startswith("/preferences/") for path in paths_in(digest))

    one_click = re.search(r"<https://papers\.example(/unsubscribe/[^>]+)>", str(digest["List-Unsubscribe"]))
    assert one_click is not None
    assert live.client.post(one_click[1], data={"List-Unsubscribe": "One-Click"}).status_code == 200
    live.now += timedelta(days=1)
    assert "sent" not in live.send().counts
    assert live.subscriber().status is Status.UNSUBSCRIBED


def test_following_every_link_of_an_email_changes_nothing(live: LiveSite) -> None:
    live.subscribe()
    live.send()
    with live.store() as store:
        before = [one for one in connection_of(store).iterdump() if "sqlite_" not in one]
    paths = {path for message in live.messages() for path in paths_in(message)}
    assert len(paths) > 3
    for path in paths:
        for method in ("GET", "HEAD"):
            assert live.client.request(method, path).status_code in (200, 404)
    with live.store() as store:
        assert [one for one in connection_of(store).iterdump() if "sqlite_" not in one] == before


# -- the form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("invalid", "error"),
    [
        ({"email": "no address"}, "email"),
        ({"email": f"{'a' * 300}@x.example"}, "email"),
        ({"queries": "(unfinished"}, "row-3"),
        ({"own_name": "", "own_query": "agents ("}, "row-1"),
        ({"hour": "25"}, "hour"),
        ({"hour": "-1"}, "hour"),
        ({"hour": "8.5"}, "hour"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"cadence": "hourly"}, "cadence"),
        ({"language": "xx"}, "language"),
        ({"max_papers": "0"}, "max_papers"),
        ({"max_papers": ""}, "max_papers"),
        ({"max_papers": "9" * 5000}, "max_papers"),
        ({"follow": "!!!"}, "follow"),
        ({"ranking": "popularity = many"}, "ranking"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "email"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_all_is_kept(
    live: LiveSite, invalid: dict[str, str], error: str
) -> None:
    response = live.client.post("/subscribe", data=SIGNUP_FORM | invalid)
    assert response.status_code == 422
    shown = re.search(r'role="alert"[^>]*>(.*?)</div>', response.text, re.DOTALL)
    assert shown is not None
    assert f'<a href="#{error}">' in shown[1]
    assert re.search(rf'aria-invalid="true" aria-describedby="{error}-error', response.text)
    assert f'<p class="mistake" id="{error}-error">' in response.text
    assert 'value="Ada"' in response.text
    for typed in filter(None, invalid.values()):  # nobody types it twice
        assert escape(typed) in response.text
    assert re.search(r'value="LLM agents" checked', response.text)
    assert live.messages() == []


def test_bots_that_fill_in_the_honeypot_get_no_error_and_no_email(live: LiveSite) -> None:
    form = SIGNUP_FORM | {"website": "https://spam.example"}
    assert live.client.post("/subscribe", data=form).status_code == 303
    assert live.messages() == []


def test_the_form_is_filled_in_from_the_query_string(live: LiveSite) -> None:
    page = live.client.get("/subscribe", params={"email": ADA, "topic": "LLM agents"}).text
    assert f'value="{ADA}"' in page
    assert 'value="LLM agents" checked' in page


def test_a_sample_has_the_papers_that_a_query_matches(live: LiveSite) -> None:
    sample = live.client.get("/sample.json", params={"q": '"in-context learning"'}).json()
    assert sample["matched"] >= len(sample["papers"]) > 0
    marked = [text for paper in sample["papers"] for text, is_match in paper["title"] + paper["excerpt"] if is_match]
    assert {text.lower() for text in marked} == {"in-context learning"}
    malformed = live.client.get("/sample.json", params={"q": "("})
    assert (malformed.status_code, malformed.json()["error"][:6]) == (422, "column")
    assert live.client.get("/sample.json").status_code == 422


# -- JSON ---------------------------------------------------------------------------------------------


def test_programs_subscribe_by_json(live: LiveSite) -> None:
    response = live.client.post("/api/subscribe", json={"email": ADA, "topics": ["LLM agents"], "cadence": "weekly"})
    assert (response.status_code, response.json()) == (202, {"status": "pending"})
    assert len(live.messages()) == 1
    for body in (b"{", b"[]", b'{"email": 1}', b'{"email": "a@b.example", "name": []}', b'{"email": "x", "ho": 1}'):
        refused = live.client.post("/api/subscribe", content=body)
        assert refused.status_code in (400, 422)
        assert refused.json()["error"]
    assert live.client.post("/api/subscribe", content=b"x" * 70_000).status_code == 413


# -- privacy ------------------------------------------------------------------------------------------


def test_responses_do_not_reveal_whether_an_address_is_subscribed(live: LiveSite) -> None:
    live.subscribe()
    for path, fields in (("/subscribe", SIGNUP_FORM), ("/preferences", {"email": ADA})):
        known, unknown = (
            live.client.post(path, data=fields | {"email": email}) for email in (ADA, "nobody@reader.example")
        )
        assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
        assert {k: v for k, v in known.headers.items() if k != "date"} == {
            k: v for k, v in unknown.headers.items() if k != "date"
        }
    bodies = [live.client.post("/api/subscribe", json={"email": email}).text for email in (ADA, "x@reader.example")]
    assert bodies[0] == bodies[1]


def test_timing_does_not_reveal_whether_an_address_is_subscribed(ada: LiveSite) -> None:
    """No test can assert a duration, but that no difference stands out from the noise."""

    def seconds_for(email: str) -> float:
        started = time.perf_counter()
        with ada.store() as store:
            request_subscription(store, email, "", {}, ada.now)
        return time.perf_counter() - started

    pairs = [(seconds_for(ADA), seconds_for("bob@reader.example")) for _ in range(60)]
    known, unknown = zip(*pairs, strict=True)
    spread = statistics.stdev(known) + statistics.stdev(unknown)
    assert abs(statistics.median(known) - statistics.median(unknown)) < spread


def test_a_suppressed_address_gets_no_confirmation_email(live: LiveSite) -> None:
    with live.store() as store:
        store.suppressions.suppress(ADA, "hard bounce: gone", live.now)
        request_subscription(store, ADA, "", {}, live.now)
    live.client.post("/subscribe", data=SIGNUP_FORM)
    assert live.messages() == []


# -- confirmation -------------------------------------------------------------------------------------


def test_a_request_that_is_confirmed_twice_at_once_subscribes_once(live: LiveSite) -> None:
    with live.store() as one, live.store() as two:
        request_subscription(one, ADA, "", {}, live.now)
        day = live.now.date() + timedelta(days=1)
        (request,) = one.confirmations.waiting(9)
        token = tokens.sign_until(one.secret(), tokens.CONFIRM, request.id, day)
        assert confirm(one, token, live.now) == confirm(two, token, live.now)
        assert len(one.subscribers.all()) == 1


def test_an_invalid_confirmation_link_leads_back_to_the_form(live: LiveSite) -> None:
    path = live.sign_up()
    live.now += timedelta(days=8)
    for invalid in (path, f"{path}x", "/confirm/1.2.3"):
        for response in (live.client.get(invalid), live.client.post(invalid)):
            assert response.status_code == 404
            assert 'href="/subscribe"' in response.text
    with live.store() as store:
        assert store.subscribers.all() == []


def test_topics_are_checked_without_javascript_and_nothing_is_stored(live: LiveSite) -> None:
    page = live.client.post("/subscribe/check", data={"queries": 'Mine = "in-context learning"\n(\nlearnning'}).text
    assert '<h2 dir="auto">Mine</h2>' in page
    assert "A word or a phrase is missing" in page
    assert "Did you mean “learning”?" in page
    assert "any topics of your own" in live.client.post("/subscribe/check", data={}).text


# -- the first digest ---------------------------------------------------------------------------------


def test_the_first_digest_comes_at_once_after_confirming_and_nobody_gets_it_twice(live: LiveSite) -> None:
    """It is half past ten; they chose 17:00, in their zone."""
    confirmed = live.client.post(live.sign_up(hour="17", first_at_once="true")).text
    assert f"Your first digest will soon be sent to <strong>{ADA}</strong>." in confirmed
    with live.store() as store:
        assert next_delivery(store, live.config, live.now) <= live.now  # `serve` looks now
    assert live.send().counts["sent"] == 1
    for hours in (0, 1, 5, 6, 12):  # at 17:00, too
        live.now += timedelta(hours=hours)
        assert "sent" not in live.send().counts
    digests = [one for one in live.messages() if one["List-Unsubscribe"]]
    assert len(digests) == 1
    path = live.open_preferences()
    assert "first_at_once" not in live.client.get(path).text  # it has had its effect


def test_otherwise_the_first_digest_waits_for_its_hour(live: LiveSite) -> None:
    confirmed = live.client.post(live.sign_up(hour="17", first_at_once="false")).text
    assert "at the time you chose" in confirmed
    assert "sent" not in live.send().counts
    live.now += timedelta(hours=6)
    assert live.send().counts["sent"] == 1


def test_the_form_proposes_the_first_digest_at_once_and_the_language_of_the_page(live: LiveSite) -> None:
    page = live.client.get("/subscribe", headers={"Accept-Language": "de-AT,de;q=0.9"}).text
    assert re.search(r'name="first_at_once" type="checkbox" value="true" checked', page)
    assert re.search(r'<option value="de" selected>', page)
    form = {"email": ADA, "topic": "LLM agents"}  # as a form on another site
    assert live.client.post("/subscribe", data=form, headers={"Accept-Language": "fr"}).status_code == 303
    (confirm_path,) = [path for path in paths_in(live.messages()[-1]) if path.startswith("/confirm/")]
    assert live.client.post(confirm_path).status_code == 200
    profile = live.subscriber().profile
    assert (profile.language, profile.first_at_once) == ("fr", False)

"""The preferences page: changes, pauses, a new address, feedback, export and erasure; and how it is opened."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from newsletter.models import Cadence, Example, Status
from tests.factories import NOW, make_profile
from tests.stores import connection_of
from tests.web.live_site import ADA, BOB, LiveSite, paths_in


def test_preferences_are_shown_and_changed(live: LiveSite) -> None:
    live.subscribe()
    path = live.open_preferences()
    page = live.client.get(path).text
    assert 'value="LLM agents" checked' in page
    assert re.findall(r'name="own_(\w+)"[^>]* value="([^"]*)"', page) == [
        ("name", ""), ("query", "robot*"), ("name", "Mine"), ("query", "retrieval -survey"),
        ("name", ""), ("query", ""),
    ]  # fmt: skip

    form = {
        "name": "A.",
        "own_name": "Mine",
        "own_query": "retrieval -survey",
        "cadence": "weekly",
        "weekday": "sunday",
        "hour": "7",
    }
    response = live.client.post(f"{path}/save", data=form)

    assert response.headers["location"] == f"{path}?done=saved"
    assert "Your preferences are saved" in live.client.get(response.headers["location"]).text
    subscriber = live.subscriber()
    assert (subscriber.name, subscriber.profile.cadence, subscriber.profile.weekday) == ("A.", Cadence.WEEKLY, 6)
    assert [(topic.name, topic.query) for topic in subscriber.profile.topics] == [("Mine", "retrieval -survey")]
    assert subscriber.profile.time_zone == "Europe/Berlin"


def test_the_next_email_is_shown_and_why_there_is_none_today(live: LiveSite) -> None:
    live.subscribe()
    path = live.open_preferences()
    assert "Your next email comes as soon as there are new papers, until " in live.client.get(path).text
    assert live.send().counts["sent"] == 1

    page = live.client.get(path).text
    assert "if there are new papers: Saturday, 9 May 2026, from 00:00 on (Europe/Berlin)." in page


def test_an_invalid_preference_changes_nothing(live: LiveSite) -> None:
    live.subscribe()
    before = live.subscriber()
    response = live.client.post(f"{live.open_preferences()}/save", data={"hour": "99", "queries": "x"})
    assert response.status_code == 422
    assert live.subscriber() == before


def test_a_pause_ends_on_its_day(live: LiveSite) -> None:
    live.subscribe()
    until = live.now.date() + timedelta(days=3)
    path = live.open_preferences()
    for invalid in ("", "never", live.now.date().isoformat(), "2999-01-01"):
        response = live.client.post(f"{path}/pause", data={"until": invalid})
        assert response.status_code == 422
        assert "Please choose a day within the next twelve months" in response.text
    assert live.client.post(f"{path}/pause", data={"until": until.isoformat()}).status_code == 303
    assert live.subscriber().paused_until == until
    assert "sent" not in live.send().counts
    assert "are paused until" in live.client.get(path).text
    live.now += timedelta(days=3)
    assert live.send().counts["sent"] == 1


def test_a_pause_can_be_ended_early(ada: LiveSite) -> None:
    path = ada.open_preferences()
    until = (ada.now.date() + timedelta(days=3)).isoformat()
    ada.client.post(f"{path}/pause", data={"until": until})
    assert ada.client.post(f"{path}/resume").headers["location"] == f"{path}?done=resumed"
    assert ada.subscriber().paused_until is None


def test_a_new_address_is_confirmed_by_its_owner(live: LiveSite) -> None:
    live.subscribe()
    new = "new@reader.example"
    path = f"{live.open_preferences()}/change-address"
    assert live.client.post(path, data={"email": new}).status_code == 303
    assert live.subscriber().email == ADA
    (message,) = live.messages(new)
    (confirm,) = paths_in(message)
    assert new in live.client.get(confirm).text
    assert live.client.post(confirm).status_code == 200
    assert live.subscriber(new).name == "Ada"


def test_feedback_is_shown_and_withdrawn(ada: LiveSite) -> None:
    number = ada.subscriber().id
    with ada.store() as store, store.transaction():
        store.feedback.put(number, 1, liked=True, now=ada.now)
        store.feedback.put_example(number, Example("doi:10.1/x", "On Pears", "", False), ada.now)
    path = ada.open_preferences()
    page = ada.client.get(path).text
    assert 'name="paper" value="1"' in page
    assert "On Pears" in page
    for form in ({"paper": "1"}, {"key": "doi:10.1/x"}, {"paper": "٣"}, {}):
        assert ada.client.post(f"{path}/withdraw-feedback", data=form).status_code == 303
    with ada.store() as store:
        assert store.feedback.of(number) == {}
        assert store.feedback.examples(number) == []


def test_all_data_can_be_exported_and_erased(live: LiveSite) -> None:
    live.subscribe()
    live.send()
    path = live.open_preferences()
    exported = live.client.get(f"{path}/data.json")
    assert "attachment" in exported.headers["content-disposition"]
    data = json.loads(exported.text)
    assert data["subscriber"]["email"] == ADA
    assert data["mails"][0]["status"] == "sent"

    assert live.client.post(f"{path}/erase").status_code == 422
    assert live.client.post(f"{path}/erase", data={"sure": "yes"}).status_code == 200
    with live.store() as store:
        dump = "\n".join(connection_of(store).iterdump())
    assert ADA not in dump
    assert live.client.get(f"{path}/data.json").status_code == 403


def test_a_link_works_once_and_a_get_does_not_use_it_up(ada: LiveSite) -> None:
    link = ada.link_path()
    for _ in range(3):  # mail scanners follow every link
        assert "Open my preferences" in ada.client.get(link).text
    assert ADA not in ada.client.get("/preferences").text
    assert ada.client.post(link).status_code == 303
    assert ADA in ada.client.get("/preferences").text
    ada.client.cookies.clear()
    for response in (ada.client.get(link), ada.client.post(link)):
        assert response.status_code == 404
        assert "has expired or was used" in response.text
        assert "Email me a link" in response.text
    assert not ada.client.cookies


def test_a_link_and_a_session_last_an_hour(ada: LiveSite) -> None:
    link = ada.link_path()
    ada.now += timedelta(minutes=59)
    assert ada.client.post(link).status_code == 303
    ada.now += timedelta(minutes=59)
    assert ADA in ada.client.get("/preferences").text
    ada.now += timedelta(minutes=2)
    assert ADA not in ada.client.get("/preferences").text
    assert ada.client.post("/preferences/save", data={"name": "Mallory"}).status_code == 403
    late = ada.link_path()
    ada.now += timedelta(minutes=61)
    assert ada.client.post(late).status_code == 404
    assert ada.subscriber().name == "Ada"


def test_the_cookie_of_a_session_is_for_these_pages_and_this_site_only(ada: LiveSite) -> None:
    cookie = ada.client.post(ada.link_path()).headers["set-cookie"]
    attributes = {part.strip().casefold() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "secure", "path=/preferences", "max-age=3600"} <= attributes


def test_a_session_ends_when_it_is_closed(ada: LiveSite) -> None:
    ada.open_preferences()
    assert ada.client.post("/preferences/close").status_code == 200
    assert ADA not in ada.client.get("/preferences").text


def test_a_session_of_a_former_address_shows_nothing(ada: LiveSite) -> None:
    ada.open_preferences()
    new = "new@reader.example"
    assert ada.client.post("/preferences/change-address", data={"email": new}).status_code == 303
    former = ada.client.cookies["preferences"]
    (confirm,) = paths_in(ada.messages(new)[-1])
    assert ada.client.post(confirm).status_code == 200
    assert new in ada.client.get("/preferences").text
    ada.client.cookies.clear()
    assert new not in ada.client.get("/preferences", headers={"Cookie": f"preferences={former}"}).text


def test_no_request_gets_the_number_of_one_that_was_erased(ada: LiveSite) -> None:
    """The session of an erased subscriber must not become that of whoever requests the next link."""
    ada.open_preferences()
    former = ada.client.cookies["preferences"]
    assert ada.client.post("/preferences/erase", data={"sure": "yes"}).status_code == 200
    ada.client.cookies.clear()
    with ada.store() as store, store.transaction():
        store.subscribers.add(BOB, "Bob", make_profile(), "web", ada.now)
    ada.link_path(BOB)
    assert BOB not in ada.client.get("/preferences", headers={"Cookie": f"preferences={former}"}).text


@pytest.mark.parametrize("status", [Status.PAUSED, Status.UNSUBSCRIBED])
def test_who_gets_no_emails_opens_their_preferences_all_the_same(ada: LiveSite, status: Status) -> None:
    with ada.store() as store, store.transaction():
        store.subscribers.set_status(ada.subscriber().id, status, ada.now)
        if status is Status.UNSUBSCRIBED:
            store.suppressions.suppress(ADA, "unsubscribed", ada.now)
    path = ada.open_preferences()
    assert json.loads(ada.client.get(f"{path}/data.json").text)["subscriber"]["email"] == ADA


@pytest.mark.parametrize("token", ["1.2.3", "x", "1.739000.AAAAAAAAAAAAAAAAAAAA", "9" * 400])
def test_a_forged_link_or_cookie_shows_nothing(ada: LiveSite, token: str) -> None:
    for response in (ada.client.get(f"/preferences/open/{token}"), ada.client.post(f"/preferences/open/{token}")):
        assert response.status_code == 404
        assert ADA not in response.text
    for path in ("/preferences", "/preferences/data.json"):
        assert ADA not in ada.client.get(path, headers={"Cookie": f"preferences={token}"}).text


def test_preferences_kept_in_a_file_cannot_be_changed_here(live: LiveSite) -> None:
    live.subscribe()
    with live.store() as store, store.transaction():
        subscriber = store.subscribers.get(ADA)
        store.subscribers.update_profile(subscriber.id, subscriber.name, subscriber.profile, "file:ada", NOW)
    before = live.subscriber()
    path = live.open_preferences()
    page = live.client.get(path).text
    assert "kept in a file" in page
    assert "Change your address" not in page
    assert live.client.post(f"{path}/save", data={"name": "B", "queries": "x"}).status_code == 422
    assert live.client.post(f"{path}/change-address", data={"email": "new@reader.example"}).status_code == 422
    assert live.subscriber() == before

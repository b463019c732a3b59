"""The preferences page: changes, pauses, a new address, feedback, export and erasure; and its links."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from newsletter.models import Cadence, Example
from tests.web.live_site import ADA, LiveSite, paths_in


def test_preferences_are_shown_and_changed(live: LiveSite) -> None:
    live.subscribe()
    path = live.preferences_path()
    page = live.client.get(path).text
    assert 'value="LLM agents" checked' in page
    assert "robot*\nMine = retrieval -survey</textarea>" in page

    form = {
        "name": "A.",
        "queries": "Mine = retrieval -survey",
        "cadence": "weekly",
        "weekday": "sunday",
        "hour": "7",
    }
    response = live.client.post(path, data=form)

    assert response.headers["location"] == f"{path}?done=saved"
    assert "Your preferences are saved" in live.client.get(response.headers["location"]).text
    subscriber = live.subscriber()
    assert (subscriber.name, subscriber.profile.cadence, subscriber.profile.weekday) == ("A.", Cadence.WEEKLY, 6)
    assert [(topic.name, topic.query) for topic in subscriber.profile.topics] == [("Mine", "retrieval -survey")]
    assert subscriber.profile.time_zone == "Europe/Berlin"


def test_an_invalid_preference_changes_nothing(live: LiveSite) -> None:
    live.subscribe()
    before = live.subscriber()
    response = live.client.post(live.preferences_path(), data={"hour": "99", "queries": "x"})
    assert response.status_code == 422
    assert live.subscriber() == before


def test_a_pause_ends_on_its_day(live: LiveSite) -> None:
    live.subscribe()
    until = live.now.date() + timedelta(days=3)
    path = live.preferences_path()
    for invalid in ("", "never", live.now.date().isoformat(), "2999-01-01"):
        response = live.client.post(f"{path}/pause", data={"until": invalid})
        assert response.status_code == 422
        assert "choose an end date for the pause" in response.text
    assert live.client.post(f"{path}/pause", data={"until": until.isoformat()}).status_code == 303
    assert live.subscriber().paused_until == until
    assert "sent" not in live.send().counts
    assert "are paused until" in live.client.get(path).text
    live.now += timedelta(days=3)
    assert live.send().counts["sent"] == 1


def test_a_pause_can_be_ended_early(ada: LiveSite) -> None:
    path = ada.preferences_path()
    until = (ada.now.date() + timedelta(days=3)).isoformat()
    ada.client.post(f"{path}/pause", data={"until": until})
    assert ada.client.post(f"{path}/resume").headers["location"] == f"{path}?done=resumed"
    assert ada.subscriber().paused_until is None


def test_a_new_address_is_confirmed_by_its_owner(live: LiveSite) -> None:
    live.subscribe()
    new = "new@reader.example"
    path = f"{live.preferences_path()}/change-address"
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
    path = ada.preferences_path()
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
    path = live.preferences_path()
    exported = live.client.get(f"{path}/data.json")
    assert "attachment" in exported.headers["content-disposition"]
    data = json.loads(exported.text)
    assert data["subscriber"]["email"] == ADA
    assert data["mails"][0]["status"] == "sent"

    assert live.client.post(f"{path}/erase").status_code == 422
    assert live.client.post(f"{path}/erase", data={"sure": "yes"}).status_code == 200
    with live.store() as store:
        dump = "\n".join(store._db.raw.iterdump())
    assert ADA not in dump
    assert live.client.get(path).status_code == 404


def test_a_link_expires_and_a_new_one_is_sent(live: LiveSite) -> None:
    live.subscribe()
    path = live.preferences_path(days=0)
    assert live.client.get(path).status_code == 200
    live.now += timedelta(days=1)
    response = live.client.get(path)
    assert response.status_code == 404
    assert "Email me a link" in response.text
    assert live.client.post(path, data={"name": "Mallory"}).status_code == 404
    assert live.client.post("/preferences", data={"email": ADA}).status_code == 200
    (fresh,) = paths_in(live.messages()[-1])
    assert live.client.get(fresh).status_code == 200


@pytest.mark.parametrize("path", ["", "/data.json"])
@pytest.mark.parametrize("token", ["1.2.3", "x", "1.739000.AAAAAAAAAAAAAAAAAAAA"])
def test_a_forged_link_shows_nothing(ada: LiveSite, token: str, path: str) -> None:
    response = ada.client.get(f"/preferences/{token}{path}")
    assert response.status_code == 404
    assert ADA not in response.text


def test_preferences_kept_in_a_file_cannot_be_changed_here(live: LiveSite) -> None:
    live.subscribe()
    with live.store() as store, store.transaction():
        subscriber = store.subscribers.get(ADA)
        store.subscribers.update_profile(subscriber.id, subscriber.name, subscriber.profile, "file:ada")
    before = live.subscriber()
    path = live.preferences_path()
    page = live.client.get(path).text
    assert "kept in a file" in page
    assert "Change your address" not in page
    assert live.client.post(path, data={"name": "B", "queries": "x"}).status_code == 422
    assert live.client.post(f"{path}/change-address", data={"email": "new@reader.example"}).status_code == 422
    assert live.subscriber() == before

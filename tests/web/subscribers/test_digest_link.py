"""What the link of a digest is good for, to its subscriber and to whomever the digest was forwarded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import Status
from tests.web.live_site import ADA, LiveSite, paths_in


def test_a_forwarded_digest_shows_and_changes_nothing_personal(live: LiveSite) -> None:
    live.subscribe()
    live.send()
    live.client.cookies.clear()
    paths = {path for path in paths_in(live.messages()[-1]) if path.startswith(("/preferences/", "/unsubscribe/"))}
    assert len(paths) == 2
    for path in paths:
        page = live.client.get(path)
        assert page.status_code == 200
        for personal in (ADA, "Ada", "LLM agents", "robot", "retrieval", "Berlin"):
            assert personal not in page.text
    (link,) = (path for path in paths if path.startswith("/preferences/"))
    before = live.subscriber()
    form = {"sure": "yes", "email": "mallory@evil.example", "name": "Mallory", "queries": "x", "paper": "1"}
    assert live.client.get(f"{link}/data.json").status_code == 404
    for action in ("", "/save", "/erase", "/change-address", "/withdraw-feedback"):
        assert live.client.post(f"{link}{action}", data=form).status_code in (404, 405)
    assert live.subscriber() == before
    assert live.messages("mallory@evil.example") == []
    assert not live.client.cookies


def test_a_fresh_link_goes_to_the_address_on_record(ada: LiveSite) -> None:
    path = ada.digest_path()
    response = ada.client.post(f"{path}/link", data={"email": "mallory@evil.example"})
    assert response.headers["location"] == f"{path}?done=requested"
    assert "A fresh link is on its way" in ada.client.get(response.headers["location"]).text
    assert [recipient for recipient, _ in ada.accepted] == [ADA]
    (fresh,) = paths_in(ada.messages()[-1])
    assert ada.client.post(fresh).status_code == 303
    assert ADA in ada.client.get("/preferences").text


def test_fresh_links_are_limited(ada: LiveSite) -> None:
    path = f"{ada.digest_path()}/link"
    assert [ada.client.post(path).status_code for _ in range(5)] == [303, 303, 303, 429, 429]
    assert len(ada.messages()) == 3
    ada.now += timedelta(days=1, minutes=1)
    assert ada.client.post(f"{ada.digest_path()}/link").status_code == 303


def test_a_digest_pauses_and_resumes(ada: LiveSite) -> None:
    path, until = ada.digest_path(), ada.now.date() + timedelta(days=3)
    refused = ada.client.post(f"{path}/pause", data={"until": "never"})
    assert (refused.status_code, "Please choose a day within" in refused.text) == (422, True)
    assert ada.client.post(f"{path}/pause", data={"until": until.isoformat()}).status_code == 303
    assert ada.subscriber().paused_until == until
    assert "Emails are paused" in ada.client.get(path).text
    assert ada.client.post(f"{path}/resume").status_code == 303
    assert ada.subscriber().status is Status.ACTIVE


def test_a_digest_does_not_resubscribe(ada: LiveSite) -> None:
    ada.client.post(ada.unsubscribe_path())
    path, until = ada.digest_path(), (ada.now.date() + timedelta(days=3)).isoformat()
    assert ada.client.post(f"{path}/resume").status_code == 303
    refused = ada.client.post(f"{path}/pause", data={"until": until})
    assert (refused.status_code, ADA in refused.text) == (409, False)
    assert ada.subscriber().status is Status.UNSUBSCRIBED


def test_after_ninety_days_the_page_asks_for_an_address(ada: LiveSite) -> None:
    path = ada.digest_path(days=0)
    assert ada.client.get(path).status_code == 200
    ada.now += timedelta(days=1)
    for response in (ada.client.get(path), ada.client.post(f"{path}/link")):
        assert response.status_code == 404
        assert "Email me a link" in response.text


@pytest.mark.parametrize("token", ["1.2.3", "x", "1.739000.AAAAAAAAAAAAAAAAAAAA"])
def test_a_forged_link_shows_nothing(ada: LiveSite, token: str) -> None:
    response = ada.client.get(f"/preferences/{token}")
    assert response.status_code == 404
    assert ADA not in response.text

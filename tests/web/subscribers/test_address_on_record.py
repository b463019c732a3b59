"""Emails go to the address on record: another spelling of it, or an address that only looks like it, gets nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.store.confirmations import Kind
from newsletter.web.app import make_app
from tests.factories import make_profile
from tests.web.live_site import LiveSite

VICTIM = "victim@strasse.example"


@pytest.mark.parametrize(
    ("victim", "mallory"),
    [
        (VICTIM, "victim@straße.example"),
        ("finn@reader.example", "ﬁnn@reader.example"),
        ("nikoσ@reader.example", "nikoς@reader.example"),
        ("victim@xn--4xa.example", "victim@ς.example"),
        ("ädä@reader.example", "Ädä@reader.example"),
    ],
)
def test_who_owns_a_confusable_address_gets_no_link_of_somebody_else(live: LiveSite, victim: str, mallory: str) -> None:
    with live.store() as store, store.transaction():
        subscribed = store.subscribers.add(victim, "Victim", make_profile(), "web", live.now)
    before = len(live.accepted)
    assert live.client.post("/preferences", data={"email": mallory}).status_code in (200, 422)
    assert live.accepted[before:] == []
    live.client.post("/subscribe", data={"email": mallory})
    for _recipient, content in live.accepted[before:]:
        assert b"/preferences/" not in content
    with live.store() as store:
        assert store.subscribers.all() == [subscribed]


def test_a_link_goes_to_the_address_on_record_in_its_own_spelling(live: LiveSite) -> None:
    with live.store() as store, store.transaction():
        store.subscribers.add("Ada.Example@reader.example", "Ada", make_profile(), "web", live.now)
    for path in ("/preferences", "/subscribe"):
        before = len(live.accepted)
        live.client.post(path, data={"email": "ADA.example@READER.example"})
        assert [recipient for recipient, _ in live.accepted[before:]] == ["Ada.Example@reader.example"]


@pytest.mark.parametrize("email", ["root@localhost", "ada@lab", "a" * 400 + "@reader.example"])
def test_a_stranger_cannot_name_a_local_address(live: LiveSite, email: str) -> None:
    assert live.client.post("/subscribe", data={"email": email}).status_code == 422
    assert live.client.post("/preferences", data={"email": email}).status_code == 422


def test_requests_older_than_a_week_are_deleted_when_the_pages_start(live: LiveSite) -> None:
    with live.store() as store, store.transaction():
        store.confirmations.add(Kind.SUBSCRIBE, "old@reader.example", live.now - timedelta(days=8))
        store.confirmations.add(Kind.SUBSCRIBE, "new@reader.example", live.now - timedelta(days=6))
    make_app(live.config, lambda: live.now)
    with live.store() as store:
        assert [request.email for request in store.confirmations.waiting(9)] == ["new@reader.example"]

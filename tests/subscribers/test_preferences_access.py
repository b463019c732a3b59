"""Links and sessions that open the preferences: by whom, how often and how long."""

from __future__ import annotations

from datetime import timedelta

from newsletter.models import tokens
from newsletter.store import Store
from newsletter.store.confirmations import Kind
from newsletter.subscribers.preferences_access import (
    link_token,
    open_preferences,
    session_token,
    subscriber_of_link,
    subscriber_of_session,
)
from tests.factories import NOW, make_profile

ADA = "ada@subscriber.example"


def requested(store: Store) -> str:
    """Add Ada and a request of hers; return the token of its link."""
    with store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
        number = store.confirmations.add(Kind.LINK, ADA, NOW)
    request = store.confirmations.find(number)
    assert request is not None
    return link_token(store.secret(), request, NOW)


def test_a_link_opens_the_preferences_once(store: Store) -> None:
    token = requested(store)
    assert subscriber_of_link(store, token, NOW)
    session = open_preferences(store, token, NOW)
    assert session is not None
    assert subscriber_of_session(store, session, NOW) == store.subscribers.get(ADA)
    assert not subscriber_of_link(store, token, NOW)
    assert open_preferences(store, token, NOW) is None


def test_a_link_and_a_session_expire(store: Store) -> None:
    token = requested(store)
    assert open_preferences(store, token, NOW + timedelta(minutes=61)) is None
    session = open_preferences(store, token, NOW + timedelta(minutes=60))
    assert session is not None
    assert subscriber_of_session(store, session, NOW + timedelta(minutes=120)) is not None
    assert subscriber_of_session(store, session, NOW + timedelta(minutes=121)) is None


def test_a_link_is_no_session_and_a_session_is_no_link(store: Store) -> None:
    token = requested(store)
    number = int(token.partition(".")[0])
    assert subscriber_of_session(store, token, NOW) is None
    assert open_preferences(store, session_token(store, number, NOW), NOW) is None
    day = tokens.sign_until(store.secret(), tokens.OPEN_PREFERENCES, number, NOW.date() + timedelta(days=1))
    assert open_preferences(store, day, NOW) is None


def test_they_end_with_the_address_on_record(store: Store) -> None:
    token = requested(store)
    session = open_preferences(store, token, NOW)
    assert session is not None
    with store.transaction():
        store.subscribers.change_address(store.subscribers.get(ADA).id, "new@subscriber.example")
    assert subscriber_of_session(store, session, NOW) is None

"""Subscribers found by a part of their address or name, a page at a time."""

from __future__ import annotations

import pytest

from newsletter.models import Status, Topic
from newsletter.models.addresses import email_key
from newsletter.store import Store, subscriber_search
from newsletter.store.subscriber_search import Search
from tests.factories import NOW, make_profile

PEOPLE = {"Ada@example.org": "Ada Lovelace", "emmy@example.org": "Emmy Noether", "x%y_z@example.org": ""}


@pytest.fixture
def peopled(store: Store) -> Store:
    """A store with three subscribers, of whom one has a topic of the catalogue and a tag, and one is paused."""
    store.topics.put(Topic("Kettles", "kettle*"))
    for email, name in PEOPLE.items():
        topics = (Topic("Kettles", "kettle*"),) if name.startswith("Ada") else ()
        store.subscribers.add(email, name, make_profile(topics=topics), "cli", NOW)
    store.tags.add([(1, "lab")])
    store.subscribers.set_status(2, Status.PAUSED, NOW)
    return store


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        (Search(), [1, 2, 3]),
        (Search(text="  ADA "), [1]),
        (Search(text="lovelace"), [1]),
        (Search(text="%"), [3]),
        (Search(text="_"), [3]),
        (Search(text="\\"), []),
        (Search(text="example.org"), [1, 2, 3]),
        (Search(status=Status.PAUSED), [2]),
        (Search(text="ada", status=Status.PAUSED), []),
        (Search(tag="lab"), [1]),
        (Search(topic="kettles"), [1]),
        (Search(topic="pots"), []),
        (Search(text="a" * 5000), []),
    ],
)
def test_what_is_found(peopled: Store, search: Search, ids: list[int]) -> None:
    assert [one.id for one in peopled.subscriber_search.page(search, 9)] == ids
    assert peopled.subscriber_search.count(search, 9) == len(ids)
    assert peopled.subscriber_search.count(search, 1) == min(1, len(ids))


def test_pages_join_to_the_whole_list_in_both_directions(peopled: Store) -> None:
    search, key = peopled.subscriber_search, email_key
    first = search.page(Search(), 2)
    second = search.page(Search(), 2, after=key(first[-1].email))
    assert [one.id for one in (*first, *second)] == [1, 2, 3]
    assert search.page(Search(), 2, before=key(second[0].email)) == first
    assert search.page(Search(), 1, before=key(second[0].email)) == first[1:]


def test_all_are_found_some_at_a_time(peopled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_search, "_AT_ONCE", 2)
    assert [one.id for one in peopled.subscriber_search.walk(Search())] == [1, 2, 3]
    assert [one.id for one in peopled.subscriber_search.walk(Search(), email_key("Ada@example.org"))] == [2, 3]

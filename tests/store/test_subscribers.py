from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.errors import StatementError
from newsletter.models import Cadence, Profile, Status, Style, Subscriber
from newsletter.store import Store
from tests.factories import NOW, make_profile, make_subscriber, make_topic

LATER = NOW + timedelta(days=1)
ADA = "ada@example.org"
FULL = Profile(
    topics=(make_topic("b", ("x", "ü ☁"), ("y",)), make_topic(), make_topic("a", ("z",))),
    cadence=Cadence.MONTHLY,
    hour=23,
    weekday=6,
    month_day=28,
    time_zone="America/New_York",
    style=Style.PLAIN,
    language="zh",
    max_papers=1,
    max_per_section=2,
    trending=3,
    follow=("Ada Example", "Example Lab"),
    serendipity=False,
    even_if_empty=True,
    updates=True,
    ranking=(("popularity", 0.0), ("taste", 2.0)),
)


def add(store: Store, email: str = ADA, profile: Profile | None = None) -> Subscriber:
    return store.subscribers.add(email, "Ada Example", profile or make_profile(), "cli", NOW)


def test_a_new_subscriber_is_read_back_with_topics_in_their_order(store: Store) -> None:
    added = store.subscribers.add(ADA, "Ada Éxample", FULL, "file:ada", NOW)
    assert added == make_subscriber(name="Ada Éxample", profile=FULL, origin="file:ada")
    assert store.subscribers.all() == [added]


def test_a_subscriber_needs_no_topics(store: Store) -> None:
    assert add(store, profile=Profile()).profile == Profile()


@pytest.mark.parametrize("spelling", ["ada@example.org", "ADA@Example.Org", " ada@example.org\n"])
def test_a_subscriber_is_found_in_any_spelling(store: Store, spelling: str) -> None:
    added = add(store)
    assert store.subscribers.find(spelling) == store.subscribers.get(spelling) == added


@pytest.mark.parametrize("other", ["ben@example.org", "", "%", "ada_example.org", "\udcff"])
def test_no_other_address_finds_a_subscriber(store: Store, other: str) -> None:
    add(store)
    assert store.subscribers.find(other) is None


def test_a_subscriber_is_found_by_id(store: Store) -> None:
    added = add(store)
    assert (store.subscribers.find_by_id(added.id), store.subscribers.find_by_id(99)) == (added, None)


def test_an_address_is_stored_once_ignoring_case(store: Store) -> None:
    add(store)
    with pytest.raises(StatementError), store.transaction():
        add(store, "ADA@example.org")
    assert len(store.subscribers.all()) == 1


def test_subscribers_are_sorted_by_address(store: Store) -> None:
    for email in ("Cy@example.org", "ben@example.org", "ada@example.org"):
        add(store, email)
    assert [one.email for one in store.subscribers.all()] == ["ada@example.org", "ben@example.org", "Cy@example.org"]


def test_an_update_replaces_the_profile_and_keeps_the_status(store: Store) -> None:
    ada = add(store)
    store.subscribers.set_status(ada.id, Status.PAUSED, LATER)
    store.subscribers.update_profile(ada.id, "Countess", FULL, "file:ada", NOW)
    assert store.subscribers.get(ADA) == make_subscriber(
        name="Countess", profile=FULL, origin="file:ada", status=Status.PAUSED, status_at=LATER,
        schedule_changed_at=NOW,
    )  # fmt: skip


def test_a_change_of_the_schedule_is_noted_and_no_other(store: Store) -> None:
    ada = add(store)
    store.subscribers.update_profile(ada.id, "", replace(ada.profile, max_papers=7), "cli", LATER)
    unchanged = store.subscribers.get(ADA).schedule_changed_at
    store.subscribers.update_profile(ada.id, "", replace(ada.profile, hour=17), "cli", LATER)

    assert (unchanged, store.subscribers.get(ADA).schedule_changed_at) == (None, LATER)


def test_an_update_without_topics_removes_them(store: Store) -> None:
    store.subscribers.update_profile(add(store).id, "", Profile(), "cli", NOW)
    assert store.subscribers.get(ADA).profile == Profile()


@pytest.mark.parametrize("status", Status)
def test_every_status_is_stored_with_its_time(store: Store, status: Status) -> None:
    store.subscribers.set_status(add(store).id, status, LATER)
    assert store.subscribers.get(ADA) == make_subscriber(status=status, status_at=LATER)


def test_pauses_end_by_themselves(store: Store) -> None:
    ada = add(store)
    end = NOW + timedelta(days=3)
    store.subscribers.set_status(ada.id, Status.PAUSED, NOW, paused_until=end.date())
    assert store.subscribers.resume_due(NOW) == 0
    assert store.subscribers.resume_due(end) == 1
    assert store.subscribers.get(ADA) == replace(ada, status_at=end)


def test_the_id_of_an_erased_subscriber_is_never_given_again(store: Store) -> None:
    """The links in their emails name it."""
    ada = store.subscribers.add("ada@example.org", "Ada", make_profile(), "web", NOW)
    with store.transaction():
        store.subscribers.erase(ada)
    bob = store.subscribers.add("bob@example.org", "Bob", make_profile(), "web", NOW)
    with store.transaction():
        store.subscribers.erase(bob)
    store.subscribers.add_many([("eve@example.org", "eve@example.org", "Eve", make_profile(), None)], "web", NOW)
    assert len({ada.id, bob.id, store.subscribers.get("eve@example.org").id}) == 3

from __future__ import annotations

from newsletter.models import Profile
from newsletter.store import Store
from tests.factories import NOW, make_profile, make_topic
from tests.stores import open_again

CLOUDS = make_topic("Clouds", ("cloud", "sky « is » ☁"), ("cloud computing",))
KETTLES = make_topic("kettles", ("kettle",))


def test_the_catalogue_is_in_alphabetical_order(store: Store) -> None:
    assert [store.topics.put(topic) for topic in (KETTLES, make_topic(), CLOUDS)] == [True, True, True]
    assert store.topics.catalogue() == [CLOUDS, make_topic(), KETTLES]


def test_a_topic_is_found_ignoring_case(store: Store) -> None:
    store.topics.put(CLOUDS)
    store.topics.put(make_topic("Ärger", ("x",)))
    assert (store.topics.find("cLOUDS"), store.topics.find("ÄRGER"), store.topics.find("Cloud")) == (
        CLOUDS,
        make_topic("Ärger", ("x",)),
        None,
    )


def test_changing_a_topic_changes_it_for_all_its_subscribers(store: Store) -> None:
    store.topics.put(CLOUDS)
    store.subscribers.add("ada@example.org", "", Profile(topics=(CLOUDS,)), "cli", NOW)
    wider = make_topic("CLOUDS", ("cloud", "fog"))
    assert store.topics.put(wider) is False
    assert store.topics.catalogue() == [wider]
    assert store.subscribers.get("ada@example.org").profile.topics == (wider,)


def test_a_subscribers_own_topic_is_not_in_the_catalogue_and_does_not_follow_it(store: Store) -> None:
    own = make_topic("Clouds", ("my cloud",))
    store.subscribers.add("ada@example.org", "", Profile(topics=(own,)), "cli", NOW)
    assert store.topics.catalogue() == []
    store.topics.put(CLOUDS)
    store.topics.put(make_topic("Clouds", ("fog",)))
    assert store.subscribers.get("ada@example.org").profile.topics == (own,)


def test_a_subscriber_of_a_removed_topic_keeps_it(store: Store) -> None:
    store.topics.put(CLOUDS)
    store.subscribers.add("ada@example.org", "", Profile(topics=(KETTLES, CLOUDS)), "cli", NOW)
    assert store.topics.remove("clouds") is True
    assert store.topics.catalogue() == []
    assert store.subscribers.get("ada@example.org").profile.topics == (KETTLES, CLOUDS)


def test_a_removed_topic_can_be_added_and_removed_again(store: Store) -> None:
    for _ in range(3):
        store.topics.put(CLOUDS)
        assert store.topics.remove("Clouds") is True
    assert store.topics.catalogue() == []


def test_removing_an_unknown_topic_returns_false(store: Store) -> None:
    assert store.topics.remove("clouds") is False


def test_subscribers_are_counted_by_topic_of_the_catalogue(store: Store) -> None:
    store.topics.put(CLOUDS)
    store.topics.put(KETTLES)
    for name in ("ada", "ben"):
        store.subscribers.add(f"{name}@example.org", "", make_profile(topics=(CLOUDS, make_topic())), "cli", NOW)
    assert store.topics.subscribers() == {"Clouds": 2, "kettles": 0}


def test_an_equal_own_topic_of_two_subscribers_is_stored_once(store: Store) -> None:
    assert store.topics.identify(CLOUDS) == store.topics.identify(CLOUDS)
    store.topics.put(CLOUDS)
    assert store.topics.identify(CLOUDS) != store.topics.identify(CLOUDS, own=True)


def test_a_change_is_committed_at_once(store: Store) -> None:
    store.topics.put(CLOUDS)
    store.topics.put(make_topic("Clouds", ("fog",)))
    with open_again(store) as other:
        assert other.topics.catalogue() == [make_topic("Clouds", ("fog",))]

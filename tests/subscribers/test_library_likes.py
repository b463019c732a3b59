from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Entry, Example, Subscriber
from newsletter.store import Store
from newsletter.subscribers.library_likes import forget_library, update_likes
from newsletter.subscribers.privacy import export_data
from tests.factories import NOW, make_entry, make_profile

LIBRARY = "zotero users/12345"
LATER = NOW + timedelta(hours=1)
#: In the store, as paper 1.
CLOUDS = make_entry(title="Counting Clouds", arxiv_id="2605.01234", doi=None)
#: Not in the store.
SPOONS = Entry(source="zotero", title="On Spoons", abstract="They stir.", doi="10.1000/spoons")


@pytest.fixture
def ada(store: Store) -> Subscriber:
    store.papers.add(CLOUDS, NOW)
    return store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)


def likes(store: Store, subscriber: Subscriber) -> tuple[dict[int, bool], list[str]]:
    """Feedback on papers of the store, and the keys of liked examples."""
    return store.feedback.of(subscriber.id), [one.key for one in store.feedback.examples(subscriber.id) if one.liked]


def test_what_is_in_the_library_is_liked_and_what_is_taken_out_not_any_more(store: Store, ada: Subscriber) -> None:
    update_likes(store, ada.id, LIBRARY, {"A": CLOUDS, "B": SPOONS}, (), 7, NOW)
    assert likes(store, ada) == ({1: True}, ["doi:10.1000/spoons"])
    assert store.libraries.versions(LIBRARY) == {ada.id: 7}
    assert export_data(store, "ada@example.org")["libraries"] == [
        {"library": LIBRARY, "item": "A", "paper": "arxiv:2605.01234"},
        {"library": LIBRARY, "item": "B", "paper": "doi:10.1000/spoons"},
    ]

    update_likes(store, ada.id, LIBRARY, {}, ("A", "B", "unknown"), 9, LATER)
    assert likes(store, ada) == ({}, [])
    assert store.libraries.of(ada.id) == []


def test_the_same_changes_again_change_nothing(store: Store, ada: Subscriber) -> None:
    for now in (NOW, LATER):
        update_likes(store, ada.id, LIBRARY, {"A": CLOUDS, "B": SPOONS}, (), 7, now)
    assert likes(store, ada) == ({1: True}, ["doi:10.1000/spoons"])
    assert {like.given_at for _, like in store.libraries.of(ada.id)} == {NOW.isoformat()}


def test_an_item_that_is_corrected_is_another_paper(store: Store, ada: Subscriber) -> None:
    update_likes(store, ada.id, LIBRARY, {"A": SPOONS}, (), 7, NOW)
    update_likes(store, ada.id, LIBRARY, {"A": CLOUDS}, (), 8, LATER)
    assert likes(store, ada) == ({1: True}, [])


@pytest.mark.parametrize("liked", [True, False])
def test_feedback_of_their_own_is_neither_replaced_nor_deleted(store: Store, ada: Subscriber, liked: bool) -> None:
    store.feedback.put(ada.id, 1, liked=liked, now=NOW)
    store.feedback.put_example(ada.id, Example("doi:10.1000/spoons", "On Spoons", "", liked=liked), NOW)
    before = likes(store, ada)
    update_likes(store, ada.id, LIBRARY, {"A": CLOUDS, "B": SPOONS}, (), 7, LATER)
    assert likes(store, ada) == before
    update_likes(store, ada.id, LIBRARY, {}, ("A", "B"), 8, LATER)
    assert likes(store, ada) == before


def test_a_like_that_they_changed_since_is_theirs(store: Store, ada: Subscriber) -> None:
    update_likes(store, ada.id, LIBRARY, {"A": CLOUDS}, (), 7, NOW)
    store.feedback.put(ada.id, 1, liked=False, now=LATER)
    update_likes(store, ada.id, LIBRARY, {}, ("A",), 8, LATER)
    assert likes(store, ada) == ({1: False}, [])


def test_a_paper_that_is_there_twice_is_liked_until_both_are_gone(store: Store, ada: Subscriber) -> None:
    update_likes(store, ada.id, LIBRARY, {"A": CLOUDS, "B": SPOONS, "C": SPOONS}, (), 7, NOW)
    update_likes(store, ada.id, "zotero groups/1", {"X": CLOUDS}, (), 3, LATER)
    update_likes(store, ada.id, LIBRARY, {}, ("A", "B"), 8, LATER)
    assert likes(store, ada) == ({1: True}, ["doi:10.1000/spoons"])
    update_likes(store, ada.id, LIBRARY, {}, ("C",), 9, LATER)
    update_likes(store, ada.id, "zotero groups/1", {}, ("X",), 4, LATER)
    assert likes(store, ada) == ({}, [])


def test_a_paper_that_came_into_the_store_or_was_merged_since_is_found(store: Store, ada: Subscriber) -> None:
    untitled = Entry(source="zotero", title="Kettles That Know", authors=("Cy Specimen",))
    update_likes(store, ada.id, LIBRARY, {"A": SPOONS, "B": untitled}, (), 7, NOW)
    store.papers.add(make_entry(title="On Spoons", doi="10.1000/spoons", arxiv_id="2605.00009"), LATER)
    store.papers.add(
        make_entry(title="Kettles That Know", authors=("Cy Specimen",), doi="10.1000/k", arxiv_id=None), LATER
    )
    update_likes(store, ada.id, LIBRARY, {}, ("A", "B"), 8, LATER)
    assert likes(store, ada) == ({}, [])


def test_a_library_that_is_not_followed_any_more_takes_its_likes_along(store: Store, ada: Subscriber) -> None:
    update_likes(store, ada.id, LIBRARY, {"A": CLOUDS, "B": SPOONS}, (), 7, NOW)
    forget_library(store, ada.id, LIBRARY)
    assert likes(store, ada) == ({}, [])
    assert (store.libraries.of(ada.id), store.libraries.versions(LIBRARY)) == ([], {})


ITEMS = ["A", "B", "C"]
CHANGES = st.tuples(
    st.dictionaries(st.sampled_from(ITEMS), st.sampled_from([CLOUDS, SPOONS])), st.sets(st.sampled_from(ITEMS))
)


@given(st.lists(CHANGES, max_size=6))
def test_after_any_changes_exactly_what_is_in_the_library_is_liked(
    store: Store, changes: list[tuple[dict[str, Entry], set[str]]]
) -> None:
    if not store.papers.count():
        store.papers.add(CLOUDS, NOW)
    ada = store.subscribers.find("ada@example.org") or store.subscribers.add(
        "ada@example.org", "", make_profile(), "cli", NOW
    )
    library: dict[str, Entry] = {}
    for number, (present, taken) in enumerate(changes):
        gone = taken - present.keys()
        library = {item: entry for item, entry in library.items() if item not in gone} | present
        update_likes(store, ada.id, LIBRARY, present, gone, number, NOW + timedelta(minutes=number))
    assert likes(store, ada) == (
        {1: True} if CLOUDS in library.values() else {},
        ["doi:10.1000/spoons"] if SPOONS in library.values() else [],
    )
    forget_library(store, ada.id, LIBRARY)
    assert likes(store, ada) == ({}, [])

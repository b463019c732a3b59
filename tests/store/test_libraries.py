from __future__ import annotations

import pytest

from newsletter.store import Store
from newsletter.store.libraries import LibraryLike
from tests.factories import NOW, make_profile

LIBRARY = "zotero users/12345"
LIKE = LibraryLike("AAAA1111", "doi:10.1000/spoons", "doi:10.1000/spoons", NOW.isoformat())


@pytest.fixture
def ada(store: Store) -> int:
    return store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW).id


def test_each_subscriber_follows_a_library_up_to_a_version(store: Store, ada: int) -> None:
    assert store.libraries.versions(LIBRARY) == {}
    for version in (7, 9):
        store.libraries.set_version(ada, LIBRARY, version)
    assert store.libraries.versions(LIBRARY) == {ada: 9}
    assert store.libraries.versions("zotero users/1") == {}
    store.libraries.forget_version(ada, LIBRARY)
    assert store.libraries.versions(LIBRARY) == {}


def test_likes_are_kept_by_item(store: Store, ada: int) -> None:
    store.libraries.put(ada, LIBRARY, LIKE)
    assert store.libraries.likes(ada, LIBRARY) == {"AAAA1111": LIKE}
    assert store.libraries.of(ada) == [(LIBRARY, LIKE)]
    assert store.libraries.given_at(ada, LIKE.key) == NOW.isoformat()
    store.libraries.remove(ada, LIBRARY, "AAAA1111")
    assert (store.libraries.likes(ada, LIBRARY), store.libraries.given_at(ada, LIKE.key)) == ({}, None)


def test_all_of_it_goes_with_the_subscriber(store: Store, ada: int) -> None:
    store.libraries.put(ada, LIBRARY, LIKE)
    store.libraries.set_version(ada, LIBRARY, 7)
    with store.transaction():
        store.subscribers.erase(store.subscribers.get("ada@example.org"))
    assert (store.libraries.of(ada), store.libraries.versions(LIBRARY)) == ([], {})

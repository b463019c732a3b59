from __future__ import annotations

from newsletter.store import Store
from tests.factories import NOW, make_profile


def test_tags_are_given_once_counted_and_taken(store: Store) -> None:
    ada, grace = (store.subscribers.add(f"{name}@example.org", "", make_profile(), "cli", NOW).id for name in "ag")

    assert store.tags.add([(ada, "lab"), (grace, "lab"), (ada, "robots"), (ada, "lab")]) == 3
    assert store.tags.add([]) == 0
    assert (store.tags.of(ada), store.tags.of(0)) == (("lab", "robots"), ())
    assert store.tags.all() == {ada: ("lab", "robots"), grace: ("lab",)}
    assert store.tags.counts() == {"lab": 2, "robots": 1}
    assert store.tags.remove([(ada, "lab"), (ada, "other")]) == 1
    assert store.tags.counts() == {"lab": 1, "robots": 1}

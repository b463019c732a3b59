from __future__ import annotations

from newsletter.store import Store
from newsletter.store.facts import fact, set_fact


def test_a_fact_is_stored_in_place_of_the_former_one(store: Store) -> None:
    assert fact(store._db, "pears") is None
    set_fact(store._db, "pears", "ripe")
    set_fact(store._db, "apples", "green")
    set_fact(store._db, "pears", "eaten")
    assert (fact(store._db, "pears"), store.fact("apples")) == ("eaten", "green")

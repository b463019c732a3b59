"""What web processes count together is changed by one of them at a time."""

from __future__ import annotations

from newsletter.limits.token_bucket import Count
from newsletter.store import Store

AT_S = 1_778_000_000.0


def test_what_was_counted_is_found_again(store: Store) -> None:
    assert store.request_limits.find("ada") is None
    assert store.request_limits.put("ada", None, Count(2.5, AT_S, 3), AT_S + 60)
    known = store.request_limits.find("ada")
    assert known is not None
    assert (known.kept, known.until_s) == (Count(2.5, AT_S, 3), AT_S + 60)
    assert store.request_limits.find("bob") is None


def test_of_two_that_change_the_same_count_one_has_to_look_again(store: Store) -> None:
    limits = store.request_limits
    assert limits.put("ada", None, Count(2, AT_S), AT_S + 60)
    assert not limits.put("ada", None, Count(2, AT_S), AT_S + 60)
    known = limits.find("ada")
    assert limits.put("ada", known, Count(1, AT_S), AT_S + 60)
    assert not limits.put("ada", known, Count(1, AT_S), AT_S + 60)
    assert limits.put("ada", limits.find("ada"), Count(0, AT_S), AT_S + 60)


def test_what_says_nothing_any_more_is_deleted(store: Store) -> None:
    for number in range(3):
        store.request_limits.put(str(number), None, Count(1, AT_S), AT_S + number)
    assert store.request_limits.forget(AT_S + 1.5) == 2
    assert store.request_limits.find("1") is None
    assert store.request_limits.find("2") is not None

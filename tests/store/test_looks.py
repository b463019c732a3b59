"""When everybody's slots were looked at."""

from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from tests.factories import NOW


def test_looks_are_kept_for_ten_days_the_last_of_each_quarter_of_an_hour(store: Store) -> None:
    looks = [NOW + timedelta(minutes=minutes) for minutes in (0, 1, 16)]
    for at in looks:
        store.looks.add(at)

    assert store.looks.until(NOW + timedelta(hours=1)) == looks[1:]
    assert store.looks.until(NOW) == [looks[1]]
    store.looks.add(NOW + timedelta(days=11))
    assert store.looks.until(NOW + timedelta(days=11)) == [NOW + timedelta(days=11)]

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.pipeline.windows import Windows
from newsletter.store import Store
from tests.factories import NOW, make_entry


@pytest.mark.parametrize("age", [timedelta(hours=hours) for hours in (1, 24, 30, 50, 100, 24 * 9, 24 * 31, 24 * 60)])
def test_a_window_has_what_was_first_seen_since(store: Store, age: timedelta) -> None:
    for hours in (*range(0, 120, 12), 24 * 10, 24 * 40):
        entry = make_entry(title=f"Paper {hours}", arxiv_id=f"2605.{hours:05}")
        store.papers.add(entry, NOW - timedelta(hours=hours))
    windows = Windows(store, NOW)

    window = windows.of(NOW - age)
    new = [paper.seen_at for number, paper in window.matcher.index.papers.items() if number not in window.old]

    assert sorted(new) == sorted(paper.seen_at for paper in store.papers.new_since(NOW - age))
    assert windows.of(NOW - age) is window


def test_subscribers_of_about_the_same_time_share_an_index(store: Store) -> None:
    store.papers.add(make_entry(), NOW - timedelta(hours=2))
    windows = Windows(store, NOW)

    first, second = (windows.of(NOW - timedelta(hours=hours)) for hours in (1, 3))

    assert first.matcher is second.matcher
    assert (len(first.old), len(second.old)) == (1, 0)

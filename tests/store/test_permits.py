"""Permits are leased in blocks that never overlap."""

from __future__ import annotations

import pytest

from newsletter.store import Store

AT = 1_778_000_000.0


def lease(store: Store, now_s: float, number: int = 4, burst: float = 1.0, name: str = "mail.example") -> float:
    return store.permits.lease(name, 2.0, number, burst, now_s) - AT


def test_a_block_begins_where_the_one_before_ends(store: Store) -> None:
    assert [lease(store, AT) for _ in range(3)] == pytest.approx([0, 2, 4])
    assert lease(store, AT, name="other.example") == pytest.approx(0)


def test_what_was_not_used_is_lost_but_for_the_burst(store: Store) -> None:
    lease(store, AT)
    assert lease(store, AT + 100) == pytest.approx(100)
    assert lease(store, AT + 200, burst=11) == pytest.approx(195)

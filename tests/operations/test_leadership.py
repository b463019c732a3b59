from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from newsletter.operations.leadership import LEASE, LEASE_DURATION, Leadership
from newsletter.store import open_store
from tests.factories import NOW
from tests.stores import place_new_store


class Two:
    """Two processes of one site, and its clock."""

    def __init__(self, path: Path) -> None:
        self.now = NOW
        self.said: list[str] = []
        self.open_store = partial(open_store, path)
        self.first, self.second = (Leadership(self.open_store, lambda: self.now, self.said.append) for _ in range(2))

    def wait(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def two(tmp_path: Path) -> Two:
    place_new_store(tmp_path / "newsletter.db")
    return Two(tmp_path / "newsletter.db")


def test_one_process_leads_and_the_other_says_that_it_stands_by(two: Two) -> None:
    assert two.first.keep()
    assert not two.second.keep()
    assert two.first.keep()
    assert len(two.said) == 1
    assert two.said[0].startswith("standing by: process ")


def test_a_lease_that_is_renewed_lasts(two: Two) -> None:
    for _ in range(20):
        assert two.first.keep()
        assert not two.second.keep()
        two.wait(LEASE_DURATION / 3)


@pytest.mark.parametrize(
    ("end", "time"),
    [
        (lambda _two: None, LEASE_DURATION),  # it was killed
        (lambda two: two.first.release(), LEASE_DURATION / 3),
        (lambda _two: None, timedelta(days=-1)),  # the clock was ahead
    ],
)
def test_the_other_takes_over(two: Two, end: Callable[[Two], None], time: timedelta) -> None:
    assert two.first.keep()
    assert not two.second.keep()
    end(two)
    two.wait(time)
    assert two.second.keep()
    assert not two.first.keep()
    assert "does not schedule any more; this process does" in two.said[1]


def test_who_slept_longer_than_the_lease_does_not_believe_to_have_it(two: Two) -> None:
    assert two.first.keep()
    two.wait(LEASE_DURATION)
    assert not two.first.has_it()
    assert two.first.keep()
    assert two.first.has_it()


def test_only_its_owner_releases_a_lease(two: Two) -> None:
    two.first.keep()
    two.second.release()
    with two.open_store() as store:
        assert store.leases.find(LEASE) is not None
    two.first.release()
    with two.open_store() as store:
        assert store.leases.find(LEASE) is None

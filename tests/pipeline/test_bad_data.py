"""Rows of subscribers that hold bad data: the good are mailed, the bad are counted, and no header is forged."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.store import open_store
from tests.benchmarks.spoiling import UNREADABLE, Drilled, drill, make_site, spoil

#: More than a batch of the run has, and each kind of bad row several times; `tests.benchmarks.spoiling` has 100,000.
SUBSCRIBERS = 640


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Drilled:
    return drill(tmp_path_factory.mktemp("spoiled"), SUBSCRIBERS)


def test_the_good_are_mailed_once_and_the_bad_are_counted(drilled: Drilled) -> None:
    assert sorted(drilled.transport.recipients) == sorted(drilled.good)
    assert drilled.report.error is None
    assert drilled.report.counts == {"sent": len(drilled.good), "failed": SUBSCRIBERS - len(drilled.good)}
    assert not drilled.report.is_clean


def test_each_bad_row_is_named_with_what_is_wrong(drilled: Drilled) -> None:
    failed = {one.email: one.detail for one in drilled.report.outcomes if one.status == "failed"}
    assert failed
    assert failed.keys().isdisjoint(drilled.good)
    assert {("value is not valid" in why or "not UTF-8" in why, "\n" in why) for why in failed.values()} == {
        (True, False)
    }


def test_no_name_adds_a_header(drilled: Drilled) -> None:
    assert set(drilled.transport.headers.values()) == {len(drilled.good)}
    assert "bcc" not in drilled.transport.headers


def test_every_kind_of_bad_row_is_found_by_the_examination(tmp_path: Path) -> None:
    site = make_site(tmp_path, 10 * 2 * len(UNREADABLE))
    spoil(site)
    with open_store(site.store) as store:
        found: list[str] = []
        list(store.subscribers.each(lambda key, _error: found.append(key)))
    assert len(found) >= len(UNREADABLE)

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.errors import StoreDamaged
from newsletter.models import Cadence, Digest, Edition, Item, Reason, ReasonKind, Section, SectionKind
from newsletter.store import Store
from tests.factories import NOW, TODAY, make_entry
from tests.stores import open_again

EDITION = Edition(
    key="daily-2026-05-08",
    cadence=Cadence.DAILY,
    day=TODAY,
    since=NOW - timedelta(days=1),
    created_at=NOW,
    note="Welcome to **clouds** ☁.",
)


def edition_of(day: date, cadence: Cadence = Cadence.DAILY) -> Edition:
    return replace(EDITION, key=f"{cadence.value}-{day}", day=day, cadence=cadence)


@pytest.fixture
def digest(store: Store) -> Digest:
    """A digest of three papers in two sections; the edition and the papers are stored."""
    for number in (1, 2, 3):
        store.papers.add(make_entry(title=f"T{number}", arxiv_id=f"2605.0000{number}"), NOW)
    store.editions.put(EDITION)
    one, two, three = store.papers.get_many([1, 2, 3]).values()
    return Digest(
        edition=EDITION,
        sections=(
            Section(
                "Clouds", (Item(three, 2.5, (Reason(ReasonKind.TITLE, "cloud"),), ("Kettles",)), Item(one, 1.25)), 7
            ),
            Section("Nothing here", (), 0),
            Section("", (Item(two, 0.1, (Reason(ReasonKind.AUTHOR, "« ☁ »"),)),), 1, SectionKind.ALSO_TRENDING),
        ),
        considered=31,
    )


# -- editions -----------------------------------------------------------------------------------------


def test_an_edition_is_read_back_as_it_was_written(store: Store) -> None:
    store.editions.put(EDITION)
    assert (store.editions.find(EDITION.key), store.editions.find("daily-2026-05-09")) == (EDITION, None)


def test_a_stored_edition_is_not_overwritten(store: Store) -> None:
    store.editions.put(EDITION)
    store.editions.put(replace(EDITION, note="Another note.", since=NOW))
    assert store.editions.find(EDITION.key) == EDITION


def test_the_edition_before_is_the_latest_earlier_one_of_its_cadence(store: Store) -> None:
    days = [date(2026, 5, day) for day in (4, 6, 8, 9)]
    for day in days:
        store.editions.put(edition_of(day))
    store.editions.put(edition_of(date(2026, 5, 7), Cadence.WEEKLY))
    before = [store.editions.before(Cadence.DAILY, day) for day in days]
    assert before == [None, edition_of(days[0]), edition_of(days[1]), edition_of(days[2])]


def test_an_edition_of_the_same_day_is_not_before_it(store: Store) -> None:
    store.editions.put(EDITION)
    assert store.editions.before(Cadence.DAILY, TODAY) is None


# -- digests ------------------------------------------------------------------------------------------


def test_a_digest_is_read_back_as_it_was_written(store: Store, digest: Digest) -> None:
    assert store.editions.get_digest(store.editions.put_digest(digest)) == digest


@pytest.mark.parametrize(
    "texts", [b"", b"x", zlib.compress(b'{"a": 1}'), zlib.compress(b"[[], 1]"), zlib.compress(b"7")]
)
def test_a_digest_whose_batch_is_damaged_is_named_as_such(store: Store, digest: Digest, texts: bytes) -> None:
    number = store.editions.put_digest(digest)
    store._db.execute("UPDATE digest_texts SET texts = ?", [texts])
    with pytest.raises(StoreDamaged, match="cannot be read"):
        store.editions.get_digest(number)


def test_a_digest_is_committed_at_once(store: Store, digest: Digest) -> None:
    number = store.editions.put_digest(digest)
    with open_again(store) as other:
        assert other.editions.get_digest(number) == digest


def test_an_empty_digest_is_read_back_as_it_was_written(store: Store) -> None:
    store.editions.put(EDITION)
    empty = Digest(edition=EDITION, sections=(), considered=0)
    assert store.editions.get_digest(store.editions.put_digest(empty)) == empty


def test_an_equal_digest_is_stored_once(store: Store, digest: Digest) -> None:
    assert store.editions.put_digest(digest) == store.editions.put_digest(replace(digest))


def test_different_digests_are_stored_apart(store: Store, digest: Digest) -> None:
    numbers = [
        store.editions.put_digest(one)
        for one in (digest, replace(digest, considered=30), replace(digest, sections=digest.sections[::-1]))
    ]
    assert len(set(numbers)) == 3


def test_equal_digests_of_two_editions_are_stored_apart(store: Store, digest: Digest) -> None:
    other = replace(digest, edition=edition_of(date(2026, 5, 9)))
    store.editions.put(other.edition)
    assert store.editions.put_digest(digest) != store.editions.put_digest(other)


def test_a_stored_digest_has_its_papers_as_they_are_known_today(store: Store, digest: Digest) -> None:
    number = store.editions.put_digest(digest)
    store.papers.add(make_entry(title="T1", arxiv_id="2605.00001", upvotes=99), NOW)
    upvotes = [item.paper.upvotes for item in store.editions.get_digest(number).items]
    assert upvotes == [12, 99, 12]

"""Digests as small values: they come back as they were, and are small."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from newsletter.models import Cadence, Digest, Edition, Item, Reason, ReasonKind, Section, SectionKind
from newsletter.store.digest_blobs import (
    StoredItem,
    pack,
    pack_texts,
    paper_ids,
    read_numbers,
    unpack,
    unpack_texts,
    write_numbers,
)
from tests.factories import NOW, TODAY, make_paper

EDITION = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=TODAY, since=NOW - timedelta(1), created_at=NOW)


def make_digest(chance: Random, papers: int, sections: int) -> Digest:
    """Return a digest as `group` makes them: a few terms for each topic, and papers of a day."""
    names = [f"Topic {chance.randint(1, 300)} words of it" for _ in range(sections)]
    reasons = [
        [
            tuple(Reason(kind, f"term {chance.randint(1, 900)}") for kind in chance.sample([*ReasonKind], number))
            for number in (1, 1, 2)
        ]
        for _ in names
    ]
    ids = chance.sample(range(70_000, 70_900), papers)
    of_sections = []
    for number, name in enumerate(names):
        items = tuple(
            Item(
                make_paper(id=one),
                round(chance.uniform(-1, 9), 4),
                chance.choice(reasons[number]),
                tuple(chance.sample(names, chance.choice((0, 0, 0, 1)))),
            )
            for one in ids[number::sections]
        )
        of_sections.append(Section(name, items, chance.randint(len(items), 90), chance.choice([*SectionKind])))
    return Digest(edition=EDITION, sections=tuple(of_sections), considered=680)


def refer(digest: Digest) -> bytes:
    """Return what is stored of a digest that shares its texts with no other."""
    packed = pack(digest)
    return packed.numbers + write_numbers(range(len(packed.texts)))


def test_a_digest_that_is_cut_short_is_damaged() -> None:
    content = refer(make_digest(Random(1), 9, 3))  # noqa: S311 - no secret
    for length in range(1, 12):
        with pytest.raises(ValueError, match="cut short"):
            paper_ids(content[:length])
        with pytest.raises(ValueError, match="cut short"):
            unpack(content[:length], ())


@pytest.mark.parametrize("seed", range(20))
def test_a_digest_is_unpacked_as_it_was_packed(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same in every run
    digest = make_digest(chance, chance.randint(0, 40), chance.randint(1, 7))
    found = unpack(refer(digest), unpack_texts(pack_texts(pack(digest).texts)))
    assert [(one.topic, one.matched, one.kind) for one in found] == [
        (one.topic, one.matched, one.kind) for one in digest.sections
    ]
    assert [item for section in found for item in section.items] == [
        StoredItem(item.paper.id, item.score, item.reasons, item.also) for item in digest.items
    ]
    assert paper_ids(refer(digest)) == [item.paper.id for item in digest.items]


def test_a_digest_of_twenty_papers_takes_250_bytes_beside_its_texts() -> None:
    chance = Random(1)  # noqa: S311 - the same in every run
    assert max(len(refer(make_digest(chance, 20, 5))) for _ in range(50)) <= 250


def test_only_equal_digests_have_the_same_fingerprint() -> None:
    digest = make_digest(Random(2), 6, 2)  # noqa: S311 - the same in every run
    first, other = digest.sections
    sections = [
        replace(first, topic="Other"), replace(first, matched=91), replace(first, kind=SectionKind.SERENDIPITY),
        replace(first, items=first.items[::-1]),
    ]  # fmt: skip
    changed = [
        replace(digest, considered=681), replace(digest, is_first=True), replace(digest, since=TODAY),
        *(replace(digest, sections=(section, other)) for section in sections),
    ]  # fmt: skip
    assert len({pack(each).fingerprint for each in (digest, *changed)}) == 1 + len(changed)
    assert pack(replace(digest)) == pack(digest)


def test_pruned_contents_have_no_papers() -> None:
    assert (unpack(None, ()), paper_ids(None)) == ((), [])


@pytest.mark.parametrize("end", [1, 5, -1])
def test_a_digest_that_was_cut_short_is_an_error(end: int) -> None:
    digest = make_digest(Random(3), 6, 2)  # noqa: S311 - the same in every run
    with pytest.raises((ValueError, IndexError)):
        unpack(refer(digest)[:end], pack(digest).texts)


@pytest.mark.parametrize("numbers", [[], [0, 127], [128, 5, 16_384, 2**40]])
def test_numbers_are_read_as_they_were_written(numbers: list[int]) -> None:
    assert read_numbers(write_numbers(numbers)) == numbers

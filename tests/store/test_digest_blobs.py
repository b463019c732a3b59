"""Digests as former releases stored them: they come back as they were."""

from __future__ import annotations

from random import Random

import pytest

from newsletter.store.digest_blobs import StoredItem, paper_ids, read_numbers, unpack, write_numbers
from tests.store.former_digests import make_digest, pack_as_before


def test_a_digest_that_is_cut_short_is_damaged() -> None:
    content, _ = pack_as_before(make_digest(Random(1), 9, 3))  # noqa: S311 - no secret
    for length in range(1, 12):
        with pytest.raises(ValueError, match="cut short"):
            paper_ids(content[:length])
        with pytest.raises(ValueError, match="cut short"):
            unpack(content[:length], ())


@pytest.mark.parametrize("seed", range(20))
def test_a_digest_is_unpacked_as_it_was_packed(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same in every run
    digest = make_digest(chance, chance.randint(0, 40), chance.randint(1, 7))
    content, texts = pack_as_before(digest)
    found = unpack(content, texts)
    assert [(one.topic, one.matched, one.kind) for one in found] == [
        (one.topic, one.matched, one.kind) for one in digest.sections
    ]
    assert [item for section in found for item in section.items] == [
        StoredItem(item.paper.id, item.score, item.reasons, item.also) for item in digest.items
    ]
    assert paper_ids(content) == [item.paper.id for item in digest.items]


def test_pruned_contents_have_no_papers() -> None:
    assert paper_ids(None) == []


@pytest.mark.parametrize("end", [1, 5, -1])
def test_a_digest_that_was_cut_short_is_an_error(end: int) -> None:
    content, texts = pack_as_before(make_digest(Random(3), 6, 2))  # noqa: S311 - the same in every run
    with pytest.raises((ValueError, IndexError)):
        unpack(content[:end], texts)


@pytest.mark.parametrize("numbers", [[], [0, 127], [128, 5, 16_384, 2**40]])
def test_numbers_are_read_as_they_were_written(numbers: list[int]) -> None:
    assert read_numbers(write_numbers(numbers)) == numbers

"""Batches of digests: each comes back as it was, and what they share is stored once."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from newsletter.models import Digest, Item, SectionKind
from newsletter.store.digest_batches import FINGERPRINTS, RESTORED, Batch, StoredBatch, fingerprint
from newsletter.store.digest_blobs import StoredItem, StoredSection, paper_ids
from tests.factories import TODAY
from tests.store.former_digests import make_digest, pack_as_before, pack_texts_as_before


def some_digests(seed: int) -> list[Digest]:
    chance = Random(seed)  # noqa: S311 - the same in every run
    return [make_digest(chance, chance.randint(0, 40), chance.randint(1, 7)) for _ in range(chance.randint(1, 30))]


def meaning(digest: Digest) -> tuple[StoredSection, ...]:
    def stored(item: Item) -> StoredItem:
        return StoredItem(item.paper.id, item.score, item.reasons, item.also)

    return tuple(
        StoredSection(one.topic, one.matched, one.kind, tuple(stored(item) for item in one.items))
        for one in digest.sections
    )


def pack(digests: Sequence[Digest]) -> tuple[list[bytes], bytes]:
    batch = Batch()
    return [batch.add(digest) for digest in digests], batch.shared()


@pytest.mark.parametrize("seed", range(20))
def test_digests_are_unpacked_as_they_were_packed_in_any_order(seed: int) -> None:
    digests = some_digests(seed)
    contents, shared = pack(digests)
    batch = StoredBatch(shared)
    for digest, content in reversed([*zip(digests, contents, strict=True)]):
        assert batch.unpack(content) == meaning(digest)
        assert paper_ids(content) == [item.paper.id for item in digest.items]


def test_what_a_former_release_stored_is_read() -> None:
    digest = make_digest(Random(4), 20, 5)  # noqa: S311 - the same in every run
    content, texts = pack_as_before(digest)
    assert StoredBatch(pack_texts_as_before(texts)).unpack(content) == meaning(digest)


def test_what_digests_of_the_same_topics_share_is_stored_once() -> None:
    digest = make_digest(Random(1), 20, 5)  # noqa: S311 - the same in every run
    others = [replace(digest, sections=digest.sections[number:]) for number in range(4)]
    contents, shared = pack(others)
    alone, of_alone = pack([digest])
    assert (contents[0], shared) == (alone[0], of_alone)
    assert max(map(len, contents)) <= 80  # two bytes for the id of a paper, one for the rest, two for a section


def test_only_equal_digests_have_the_same_fingerprint() -> None:
    digest = make_digest(Random(2), 6, 2)  # noqa: S311 - the same in every run
    first, other = digest.sections
    item, *rest = first.items
    items = [replace(item, score=item.score + 1), replace(item, reasons=()), replace(item, also=("Other",))]
    sections = [
        replace(first, topic="Other"), replace(first, matched=91), replace(first, kind=SectionKind.SERENDIPITY),
        replace(first, items=first.items[::-1]), *(replace(first, items=(one, *rest)) for one in items),
    ]  # fmt: skip
    changed = [
        replace(digest, considered=681), replace(digest, is_first=True), replace(digest, since=TODAY),
        *(replace(digest, sections=(section, other)) for section in sections),
    ]  # fmt: skip
    made = {fingerprint(each) for each in (digest, *changed)}
    assert len(made) == 1 + len(changed)
    assert made <= {*filter(FINGERPRINTS.__contains__, made)} - {RESTORED}
    assert fingerprint(replace(digest)) == fingerprint(digest)


@pytest.mark.parametrize("end", [1, 5, 14, -1])
def test_a_digest_that_is_cut_short_is_damaged(end: int) -> None:
    (content,), shared = pack([make_digest(Random(3), 6, 2)])  # noqa: S311 - the same in every run
    with pytest.raises(ValueError, match="cut short"):
        StoredBatch(shared).unpack(content[:end])


@pytest.mark.parametrize("part", range(5))
def test_a_batch_that_lacks_something_is_damaged(part: int) -> None:
    (content,), shared = pack([make_digest(Random(3), 20, 4)])  # noqa: S311 - the same in every run
    whole: list[Any] = json.loads(zlib.decompress(shared))
    whole[part] = whole[part][:0]
    with pytest.raises((LookupError, ValueError)):
        StoredBatch(zlib.compress(json.dumps(whole).encode())).unpack(content)


@pytest.mark.parametrize("content", [b"", b"x", zlib.compress(b"{"), zlib.compress(b"[[], 1]")])
def test_what_is_no_batch_is_damaged(content: bytes) -> None:
    with pytest.raises((ValueError, TypeError, zlib.error)):
        StoredBatch(content)

"""Digests ⇄ small binary values, in batches: most of what a digest says of a paper, others of its batch say as well.

A digest is a row of numbers, which `digest_blobs` writes:

| part | numbers |
|---|---|
| papers | how many; the id of each, less the one before |
| sections | how many; of each, the number of its head, and how many papers it has |
| items | of each paper, its scoring among those of the paper, doubled; one more if its other topics follow |

What these name is one value for the batch, compressed JSON: a list of its texts; of its reasons, kinds and texts in
turn; of its lists of other topics; of its heads of sections (topic, papers that matched, kind); and of its papers, each
with its scorings: a score in 1/10,000 and the number of its reasons, in turn.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from itertools import chain

from newsletter.models import Digest, Reason, SectionKind
from newsletter.store.digest_blobs import (
    CUT,
    REASON_NUMBERS,
    REASONS,
    SCORE_UNITS,
    SECTION_NUMBERS,
    SECTIONS,
    StoredItem,
    StoredSection,
    read_numbers,
    take_papers,
    unpack,
    write_numbers,
    zigzag,
)

#: What fingerprints may be. Those of digests are 63 bits long, and not negative: that two of a million different ones
#: are the same has a probability of 1 : 18,000,000. Negative ones have only digests of former releases.
FINGERPRINTS = range(-(2**63) + 1, 2**63)
#: The digest that stands for those of an edition that a restored store does not have.
RESTORED = 0


def fingerprint(digest: Digest) -> int:
    """Return a number that is the same for equal digests of an edition, and different for others."""
    reasons: dict[tuple[Reason, ...], int] = {}
    facts = [
        digest.considered,
        str(digest.since),
        digest.is_first,
        [(one.topic, one.matched, one.kind, len(one.items)) for one in digest.sections],
        [
            (item.paper.id, _units(item.score), reasons.setdefault(item.reasons, len(reasons)), item.also)
            for item in digest.items
        ],
        [[(reason.kind, reason.detail) for reason in some] for some in reasons],
    ]
    made = hashlib.sha256(json.dumps(facts).encode()).digest()
    return int.from_bytes(made[:8], "big") >> 1


class Batch:
    """Digests that are packed together."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[Reason, ...], int] = {}
        self._also: dict[tuple[str, ...], int] = {}
        self._heads: dict[tuple[str, int, SectionKind], int] = {}
        #: Paper id → its scorings: score and number of the reasons.
        self._scorings: dict[int, dict[tuple[int, int], int]] = {}

    def add(self, digest: Digest) -> bytes:
        """Return what is stored of a digest itself."""
        ids, of_items, before = list[int](), list[int](), 0
        for item in digest.items:
            paper = item.paper.id
            ids.append(zigzag(paper - before))
            before = paper
            scoring = _units(item.score), self._reasons.setdefault(item.reasons, len(self._reasons))
            known = self._scorings.setdefault(paper, {})
            number = known.setdefault(scoring, len(known)) << 1
            if item.also:
                of_items += (number | 1, self._also.setdefault(item.also, len(self._also)))
            else:
                of_items.append(number)
        heads = [len(digest.sections)]
        for section in digest.sections:
            head = section.topic, section.matched, section.kind
            heads += (self._heads.setdefault(head, len(self._heads)), len(section.items))
        return write_numbers([len(ids), *ids, *heads, *of_items])

    def shared(self) -> bytes:
        """Return what the digests share."""
        texts: dict[str, int] = {}
        reasons = [
            [*chain(*((REASON_NUMBERS[one.kind], texts.setdefault(one.detail, len(texts))) for one in some))]
            for some in self._reasons
        ]
        also = [[texts.setdefault(name, len(texts)) for name in names] for names in self._also]
        heads = [
            (texts.setdefault(topic, len(texts)), matched, SECTION_NUMBERS[kind])
            for topic, matched, kind in self._heads
        ]
        scorings = [(paper, *chain(*known)) for paper, known in self._scorings.items()]
        whole = json.dumps([list(texts), reasons, also, heads, scorings], ensure_ascii=False, separators=(",", ":"))
        return zlib.compress(whole.encode())


class StoredBatch:
    """What the digests of a batch share, as it was stored."""

    def __init__(self, content: bytes) -> None:
        """Read it.

        Raises:
            ValueError, zlib.error: It is damaged.
        """
        whole = json.loads(zlib.decompress(content))
        #: Whether a former release stored it: texts alone, and the rest with each digest.
        self._is_former = not whole or isinstance(whole[0], str)
        self._texts: Sequence[str]
        self._reasons: Sequence[Sequence[int]]
        self._also: Sequence[Sequence[int]]
        self._heads: Sequence[Sequence[int]]
        self._texts, self._reasons, self._also, self._heads, scorings = (
            (whole, (), (), (), ()) if self._is_former else whole
        )
        self._scorings: dict[int, Sequence[int]] = {paper: some for paper, *some in scorings}
        #: Those that were asked for, by their number: papers have many in common.
        self._made_reasons: dict[int, tuple[Reason, ...]] = {}
        #: Those that were asked for: by paper, its scoring and other topics.
        self._items: dict[tuple[int, int, int | None], StoredItem] = {}

    def unpack(self, content: bytes) -> tuple[StoredSection, ...]:
        """Return the sections of a digest of this batch.

        Raises:
            LookupError, ValueError, TypeError: It is damaged.
        """
        if self._is_former:
            return unpack(content, self._texts)
        numbers = iter(read_numbers(content))
        take, items = numbers.__next__, list[StoredItem]()
        papers = take_papers(numbers)
        try:
            heads = [(take(), take()) for _ in range(take())]
            for paper in papers:
                number = take()
                items.append(self._item(paper, number >> 1, take() if number & 1 else None))
        except StopIteration as error:
            raise ValueError(CUT) from error
        sections, first = [], 0
        for head, number in heads:
            topic, matched, kind = self._heads[head]
            some = tuple(items[first : first + number])
            sections.append(StoredSection(self._texts[topic], matched, SECTIONS[kind], some))
            first += number
        if first != len(items):
            raise ValueError(CUT)
        return tuple(sections)

    def _item(self, paper: int, number: int, also: int | None) -> StoredItem:
        """Return an item, which several digests may have."""
        found = self._items.get((paper, number, also))
        if found is None:
            score, of_reasons = self._scorings[paper][2 * number : 2 * number + 2]
            reasons = self._made_reasons.get(of_reasons)
            if reasons is None:
                parts = iter(self._reasons[of_reasons])
                reasons = tuple(
                    [Reason(REASONS[kind], self._texts[text]) for kind, text in zip(parts, parts, strict=True)]
                )
                self._made_reasons[of_reasons] = reasons
            found = self._items[paper, number, also] = StoredItem(
                paper_id=paper,
                score=score / SCORE_UNITS,
                reasons=reasons,
                also=() if also is None else tuple([self._texts[name] for name in self._also[also]]),
            )
        return found


def _units(score: float) -> int:
    return round(score * SCORE_UNITS)

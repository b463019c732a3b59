"""Digests ⇄ small binary values: what a digest has beside its edition, as a row of numbers and the texts they name.

| part | numbers |
|---|---|
| papers | how many; the id of each, less the one before |
| reasons | how many different ones; of each, how many parts it has, and kind and text of each part |
| other topics | how many different ones; of each, how many topics it has, and their texts |
| sections | how many; of each, the text of its topic, the matches, its kind and how many papers it has |
| items | of each paper its score in 1/10,000, its reasons, its other topics |
| texts | of each text where it stands among those that the digests of a batch share |

Numbers are written as variable-length quantities (LEB128), signed ones in zigzag order.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from newsletter.models import Digest, Reason, ReasonKind, SectionKind

#: A kind's number is its place here: append new ones.
_REASONS = (
    ReasonKind.TITLE, ReasonKind.KEYWORDS, ReasonKind.ABSTRACT, ReasonKind.AUTHOR, ReasonKind.ORGANIZATION,
    ReasonKind.CATEGORY, ReasonKind.SOURCE, ReasonKind.POPULARITY, ReasonKind.NEW_VERSION, ReasonKind.NEAR,
    ReasonKind.PASSING,
)  # fmt: skip
_SECTIONS = (
    SectionKind.TOPIC, SectionKind.FOLLOWED, SectionKind.TRENDING, SectionKind.ALSO_TRENDING, SectionKind.SERENDIPITY,
)  # fmt: skip
_REASON_NUMBERS = {kind: number for number, kind in enumerate(_REASONS)}
_SECTION_NUMBERS = {kind: number for number, kind in enumerate(_SECTIONS)}
#: Scores are stored to four decimals, as `grouping` rounds them.
_SCORE_UNITS = 10_000
#: What fingerprints may be. Those of digests are 63 bits long, and not negative: that two of a million different ones
#: are the same has a probability of 1 : 18,000,000. Negative ones have only digests of former releases.
FINGERPRINTS = range(-(2**63) + 1, 2**63)
#: The digest that stands for those of an edition that a restored store does not have.
RESTORED = 0
_CUT = "a digest is cut short"


class Packed(NamedTuple):
    """A digest without its edition."""

    #: All but the last part.
    numbers: bytes
    #: The texts that these name, each once.
    texts: tuple[str, ...]
    #: The same for equal digests of an edition.
    fingerprint: int


class StoredItem(NamedTuple):
    """A paper of a stored digest."""

    paper_id: int
    score: float
    reasons: tuple[Reason, ...]
    also: tuple[str, ...]


class StoredSection(NamedTuple):
    """A section of a stored digest."""

    topic: str
    matched: int
    kind: SectionKind
    items: tuple[StoredItem, ...]


def pack(digest: Digest) -> Packed:
    """Return a digest as numbers and texts."""
    texts: dict[str, int] = {}
    reasons: dict[tuple[Reason, ...], int] = {}
    also: dict[tuple[str, ...], int] = {}
    items = digest.items
    numbers, before = [len(items)], 0
    for item in items:
        numbers.append(_zigzag(item.paper.id - before))
        before = item.paper.id
    of_items: list[int] = []
    for item in items:
        of_reasons = reasons.setdefault(item.reasons, len(reasons))
        of_items += (
            _zigzag(round(item.score * _SCORE_UNITS)), of_reasons, also.setdefault(item.also, len(also)),
        )  # fmt: skip
    numbers.append(len(reasons))
    for some in reasons:
        numbers.append(len(some))
        for reason in some:
            numbers += (_REASON_NUMBERS[reason.kind], texts.setdefault(reason.detail, len(texts)))
    numbers.append(len(also))
    for names in also:
        numbers += (len(names), *(texts.setdefault(name, len(texts)) for name in names))
    numbers.append(len(digest.sections))
    for section in digest.sections:
        topic = texts.setdefault(section.topic, len(texts))
        numbers += (topic, _zigzag(section.matched), _SECTION_NUMBERS[section.kind], len(section.items))
    packed, names = write_numbers(numbers + of_items), tuple(texts)
    facts = json.dumps([digest.considered, str(digest.since), digest.is_first, names], ensure_ascii=False)
    made = hashlib.sha256(facts.encode() + b"\0" + packed).digest()
    return Packed(packed, names, int.from_bytes(made[:8]) >> 1)


def unpack(content: bytes | None, shared: Sequence[str]) -> tuple[StoredSection, ...]:
    """Return the sections of a stored digest; none of a pruned one.

    Args:
        content: The numbers, with those of the last part; None if it was pruned.
        shared: The texts of its batch.

    Raises:
        IndexError, ValueError: It is damaged.
    """
    if not content:
        return ()
    numbers = iter(read_numbers(content))
    take = numbers.__next__
    papers = _papers(numbers)
    try:
        of_reasons = [[(_REASONS[take()], take()) for _ in range(take())] for _ in range(take())]
        of_also = [[take() for _ in range(take())] for _ in range(take())]
        heads = [(take(), _unzigzag(take()), _SECTIONS[take()], take()) for _ in range(take())]
        of_items = [(paper, _unzigzag(take()) / _SCORE_UNITS, take(), take()) for paper in papers]
    except StopIteration as error:
        raise ValueError(_CUT) from error
    texts = [shared[number] for number in numbers]
    reasons = [tuple([Reason(kind, texts[text]) for kind, text in some]) for some in of_reasons]
    also = [tuple([texts[text] for text in some]) for some in of_also]
    items = iter([StoredItem(paper, score, reasons[one], also[other]) for paper, score, one, other in of_items])
    return tuple(
        StoredSection(texts[topic], matched, kind, tuple([next(items) for _ in range(number)]))
        for topic, matched, kind, number in heads
    )


def paper_ids(content: bytes | None) -> list[int]:
    """Return the ids of a stored digest's papers, in order; none of a pruned one.

    Raises:
        ValueError: It is damaged.
    """
    return _papers(_numbers(content)) if content else []


def _papers(numbers: Iterator[int]) -> list[int]:
    """Take the first part from the numbers of a digest.

    Raises:
        ValueError: It is damaged.
    """
    papers, before = [], 0
    try:
        for _ in range(next(numbers)):
            before += _unzigzag(next(numbers))
            papers.append(before)
    except StopIteration as error:
        raise ValueError(_CUT) from error
    return papers


def pack_texts(texts: Sequence[str]) -> bytes:
    """Return the texts that a batch of digests shares."""
    return zlib.compress(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_texts(content: bytes) -> list[str]:
    """Return the texts of a batch.

    Raises:
        ValueError, zlib.error: They are damaged.
    """
    return list(json.loads(zlib.decompress(content)))


def write_numbers(numbers: Sequence[int]) -> bytes:
    """Return numbers from 0 on as bytes."""
    if max(numbers, default=0) < 0x80:
        return bytes(numbers)
    written = bytearray()
    for number in numbers:
        while number >= 0x80:
            written.append(number & 0x7F | 0x80)
            number >>= 7  # noqa: PLW2901 - what is left of it
        written.append(number)
    return bytes(written)


def read_numbers(content: bytes) -> list[int]:
    """Return all numbers that `write_numbers` wrote."""
    return list(_numbers(content))


def _numbers(content: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in content:
        if byte < 0x80:
            yield byte << shift | number
            number = shift = 0
        else:
            number |= (byte & 0x7F) << shift
            shift += 7


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else ~(number << 1)


def _unzigzag(number: int) -> int:
    return ~(number >> 1) if number & 1 else number >> 1

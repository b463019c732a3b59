"""Digests as rows of numbers: which papers one has, and all of one that a former release stored.

Numbers are written as variable-length quantities (LEB128), signed ones in zigzag order. What the present release stores
of a digest is said in `digest_batches`; it begins with the same part as what former releases stored:

| part | numbers |
|---|---|
| papers | how many; the id of each, less the one before |
| reasons | how many different ones; of each, how many parts it has, and kind and text of each part |
| other topics | how many different ones; of each, how many topics it has, and their texts |
| sections | how many; of each, the text of its topic, the matches, its kind and how many papers it has |
| items | of each paper its score in 1/10,000, its reasons, its other topics |
| texts | of each text where it stands among those that the digests of a batch share |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from newsletter.models import Reason, ReasonKind, SectionKind

#: A kind's number is its place here: append new ones.
REASONS = (
    ReasonKind.TITLE, ReasonKind.KEYWORDS, ReasonKind.ABSTRACT, ReasonKind.AUTHOR, ReasonKind.ORGANIZATION,
    ReasonKind.CATEGORY, ReasonKind.SOURCE, ReasonKind.POPULARITY, ReasonKind.NEW_VERSION, ReasonKind.NEAR,
    ReasonKind.PASSING,
)  # fmt: skip
SECTIONS = (
    SectionKind.TOPIC, SectionKind.FOLLOWED, SectionKind.TRENDING, SectionKind.ALSO_TRENDING, SectionKind.SERENDIPITY,
)  # fmt: skip
REASON_NUMBERS = {kind: number for number, kind in enumerate(REASONS)}
SECTION_NUMBERS = {kind: number for number, kind in enumerate(SECTIONS)}
#: Scores are stored to four decimals, as `grouping` rounds them.
SCORE_UNITS = 10_000
CUT = "a digest is cut short"


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


def unpack(content: bytes, shared: Sequence[str]) -> tuple[StoredSection, ...]:
    """Return the sections of a digest that a former release stored.

    Args:
        content: The numbers.
        shared: The texts of its batch.

    Raises:
        IndexError, ValueError: It is damaged.
    """
    numbers = iter(read_numbers(content))
    take = numbers.__next__
    papers = take_papers(numbers)
    try:
        of_reasons = [[(REASONS[take()], take()) for _ in range(take())] for _ in range(take())]
        of_also = [[take() for _ in range(take())] for _ in range(take())]
        heads = [(take(), _unzigzag(take()), SECTIONS[take()], take()) for _ in range(take())]
        of_items = [(paper, _unzigzag(take()) / SCORE_UNITS, take(), take()) for paper in papers]
    except StopIteration as error:
        raise ValueError(CUT) from error
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
    return take_papers(_numbers(content)) if content else []


def take_papers(numbers: Iterator[int]) -> list[int]:
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
        raise ValueError(CUT) from error
    return papers


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


def zigzag(number: int) -> int:
    """Return a number from 0 on in place of one of either sign."""
    return number << 1 if number >= 0 else ~(number << 1)


def _unzigzag(number: int) -> int:
    return ~(number >> 1) if number & 1 else number >> 1

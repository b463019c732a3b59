"""Why each paper of a digest stands where it does: its score part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.models import Digest, Item, Subscriber
from newsletter.pipeline.compose import read_statistics
from newsletter.pipeline.explain import score_of
from newsletter.pipeline.taste import Tastes
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.weights import Weights
from newsletter.store import Store

#: The parts of a score, in the order in which `explain` tells them.
PARTS = ("match", "popularity", "freshness", "followed", "taste")


@dataclass(frozen=True, slots=True)
class Standing:
    """One paper of a digest."""

    item: Item
    section: str
    #: From 1, in the section.
    position: int
    #: Name of each part, what it adds, and why; together they are `total`.
    parts: tuple[tuple[str, float, str], ...]
    total: float
    #: Each of the reader's topics: its name, and what it says of the paper.
    topics: tuple[tuple[str, str], ...]


def standings(store: Store, digest: Digest, reader: Subscriber, weights: Weights | None) -> Iterator[Standing]:
    """Yield the digest's papers in reading order."""
    statistics = read_statistics(store)
    index = PaperIndex([item.paper for item in digest.items])
    taste = Tastes(store).of(reader.id, index)
    tastes = {} if taste is None else dict(zip(index.ids, map(float, taste), strict=True))
    for section in digest.sections:
        for position, item in enumerate(section.items, start=1):
            to_taste = tastes.get(item.paper.id, 0.0)
            told = score_of(item.paper, reader, digest.edition.day, statistics, weights, to_taste)
            parts = zip(PARTS, told.parts, strict=True)
            yield Standing(
                item=item,
                section=section.title,
                position=position,
                parts=tuple((name, value, words.removeprefix(name).lstrip(":, ")) for name, (words, value) in parts),
                total=told.total,
                topics=told.topics,
            )

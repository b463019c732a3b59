"""Digests as they are planned, and what former releases stored of them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from newsletter.models import Cadence, Digest, Edition, Item, Reason, ReasonKind, Section, SectionKind
from newsletter.store.digest_blobs import REASON_NUMBERS, SCORE_UNITS, SECTION_NUMBERS, write_numbers, zigzag
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


def pack_as_before(digest: Digest) -> tuple[bytes, list[str]]:
    """Return what a former release stored of a digest that is alone in its batch, and the texts of this."""
    texts: dict[str, int] = {}
    reasons: dict[tuple[Reason, ...], int] = {}
    also: dict[tuple[str, ...], int] = {}
    items = digest.items
    numbers, before = [len(items)], 0
    for item in items:
        numbers.append(zigzag(item.paper.id - before))
        before = item.paper.id
    of_items: list[int] = []
    for item in items:
        of_reasons = reasons.setdefault(item.reasons, len(reasons))
        of_items += (
            zigzag(round(item.score * SCORE_UNITS)), of_reasons, also.setdefault(item.also, len(also)),
        )  # fmt: skip
    numbers.append(len(reasons))
    for some in reasons:
        numbers.append(len(some))
        for reason in some:
            numbers += (REASON_NUMBERS[reason.kind], texts.setdefault(reason.detail, len(texts)))
    numbers.append(len(also))
    for names in also:
        numbers += (len(names), *(texts.setdefault(name, len(texts)) for name in names))
    numbers.append(len(digest.sections))
    for section in digest.sections:
        topic = texts.setdefault(section.topic, len(texts))
        numbers += (topic, zigzag(section.matched), SECTION_NUMBERS[section.kind], len(section.items))
    return write_numbers([*numbers, *of_items, *range(len(texts))]), list(texts)


def pack_texts_as_before(texts: Sequence[str]) -> bytes:
    """Return the texts that a batch of digests shares."""
    return zlib.compress(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode())

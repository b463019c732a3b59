"""What a digest had no place for, found again later."""

from __future__ import annotations

from dataclasses import replace

from newsletter.models import Digest, SectionKind
from newsletter.pipeline.sent_digest import SentDigest, find_sent_digest, further_papers
from newsletter.sending.maildir import MaildirTransport
from tests.pipeline.conftest import SendingSite

ADA = "ada@example.org"


def sent_on(site: SendingSite, edition_key: str) -> SentDigest:
    sent = find_sent_digest(site.store, edition_key, site.store.subscribers.get(ADA).id)
    assert sent is not None
    return sent


def further(site: SendingSite, sent: SentDigest) -> list[str]:
    return sorted(paper.title for paper in further_papers(site.store, sent, sent.digest.sections[0]))


def titles(digest: Digest) -> list[str]:
    return [item.paper.title for item in digest.items]


def test_the_further_papers_are_those_of_that_day_whatever_came_later(site: SendingSite) -> None:
    site.add_subscriber(ADA, "pears", max_papers=2, serendipity=False, trending=0)
    for number in range(6):
        site.add_paper(f"Pears of Type {'ABCDEF'[number]}", number + 10)
    site.send(MaildirTransport(site.config.outbox))
    first = sent_on(site, f"daily-{site.now.date()}")
    left = further(site, first)
    assert len(left) == first.digest.sections[0].matched - 2
    assert not set(left) & set(titles(first.digest))

    site.wait(days=1)
    for number in range(4):
        site.add_paper(f"Late Pears of Type {'ABCD'[number]}", number + 20)
    site.send(MaildirTransport(site.config.outbox))
    second = sent_on(site, f"daily-{site.now.date()}")

    assert further(site, first) == left
    assert len(further(site, second)) == second.digest.sections[0].matched - 2
    assert not set(further(site, second)) & {*titles(first.digest), *left}


def test_sections_outside_of_topics_and_topics_that_are_gone_have_none(site: SendingSite) -> None:
    site.add_subscriber(ADA, "pears", max_papers=1)
    for number in range(3):
        site.add_paper(f"Pears of Type {'ABC'[number]}", number + 10)
    site.send(MaildirTransport(site.config.outbox))
    sent = sent_on(site, f"daily-{site.now.date()}")
    (section, *_) = sent.digest.sections

    assert further_papers(site.store, sent, section)
    assert further_papers(site.store, sent, replace(section, kind=SectionKind.ALSO_TRENDING)) == []
    assert further_papers(site.store, sent, replace(section, topic="Gone")) == []


def test_there_is_none_of_an_edition_that_was_not_sent(site: SendingSite) -> None:
    site.add_subscriber(ADA, "pears")
    assert find_sent_digest(site.store, "daily-2026-05-08", site.store.subscribers.get(ADA).id) is None
    assert find_sent_digest(site.store, "daily-2026-05-08", 10**9) is None

"""What a template may use: `digest`, a `DigestContext`, and nothing else.

Texts are plain text, to be escaped by the template (HTML templates do it by themselves); the one exception says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.models import Cadence, Digest, Item, Paper, Profile, Section, Subscriber
from newsletter.rendering.links import paper_links, paper_url
from newsletter.rendering.notes import note_html
from newsletter.text import counted, shorten

_ABSTRACT_LENGTH = 420
_ABSTRACT_LENGTH_BELOW_SUMMARY = 260
# "Subject: " and this fit on one line (RFC 5322, 2.1.1); longer ones are cut by mail programs anyway.
_SUBJECT_LENGTH = 69
_NAMED_AUTHORS = 3

_KINDS = {
    Cadence.DAILY: "Daily",
    Cadence.WEEKDAYS: "Daily",
    Cadence.WEEKLY: "Weekly",
    Cadence.MONTHLY: "Monthly",
}


@dataclass(frozen=True, slots=True)
class LinkContext:
    """One link of a card."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CardContext:
    """One paper of a digest."""

    #: Its place in the whole digest, from 1.
    number: int
    title: str
    url: str
    #: Authors (the first three and how many more), or the organisation.
    byline: str
    #: The journal or conference, or "" where no source said.
    venue: str
    #: "6 May 2026", or "" where no source said.
    date: str
    #: At most 420 characters (260 below a summary), cut at a sentence.
    abstract: str
    #: The source's own one-sentence summary, or "".
    summary: str
    #: "48 upvotes", "3 comments": what is known and not zero.
    counts: tuple[str, ...]
    #: Why it is here: "title: in-context learning".
    reasons: tuple[str, ...]
    #: Names of the reader's other topics that it matched.
    also: tuple[str, ...]
    #: Where it is to be read or found first, then PDF, discussion, code, project: what there is.
    links: tuple[LinkContext, ...]


@dataclass(frozen=True, slots=True)
class SectionContext:
    """One topic's papers."""

    title: str
    cards: tuple[CardContext, ...]
    #: How many more papers matched this topic than there was room for.
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContext:
    """One digest for one reader."""

    site_name: str
    site_url: str | None
    subject: str
    #: What a mailbox shows beside the subject.
    preheader: str
    #: "Daily edition", "Weekly edition" or "Monthly edition".
    kind: str
    #: "Friday, 8 May 2026"
    date: str
    #: "12 papers for you, out of 46 new ones."
    summary: str
    #: The operator's note as safe HTML, not to be escaped, or "".
    note_html: str
    #: The same note as it was written, in Markdown.
    note_text: str
    sections: tuple[SectionContext, ...]
    reader_name: str
    reader_email: str
    #: "You get this daily digest because …"
    why: str
    #: Where one click leaves: an address of the site, or a mail to be sent.
    leave_url: str
    sender_name: str
    postal_address: str | None


def digest_context(
    digest: Digest,
    subscriber: Subscriber,
    *,
    site_name: str,
    site_url: str | None,
    leave_url: str,
    sender_name: str,
    postal_address: str | None,
) -> DigestContext:
    """Put a digest into words for one reader."""
    numbers = iter(range(1, len(digest.items) + 1))
    sections = tuple(_section(section, [next(numbers) for _ in section.items]) for section in digest.sections)
    return DigestContext(
        site_name=site_name,
        site_url=site_url,
        subject=_subject(digest),
        preheader=_preheader(digest),
        kind=f"{_KINDS[digest.edition.cadence]} edition",
        date=f"{digest.edition.day:%A}, {day_in_words(digest.edition.day)}",
        summary=_summary(digest),
        note_html=note_html(digest.edition.note),
        note_text=digest.edition.note.strip(),
        sections=sections,
        reader_name=subscriber.name,
        reader_email=subscriber.email,
        why=_why(subscriber),
        leave_url=leave_url,
        sender_name=sender_name,
        postal_address=postal_address,
    )


def day_in_words(day: date) -> str:
    """Return "8 May 2026"."""
    return f"{day.day} {day:%B %Y}"


def byline(paper: Paper) -> str:
    """Return the first authors and how many more there are, else the organisation, else the number of authors."""
    names = list(paper.authors)
    organization = paper.organization or ""
    if not names:
        return organization or (counted(paper.author_count, "author") if paper.author_count else "")
    named = names[:_NAMED_AUTHORS]
    more = max(len(names), paper.author_count or 0) - len(named)
    shown = ", ".join(named) + (f" and {more} more" if more > 0 else "")
    return f"{shown} ({organization})" if organization else shown


def _section(section: Section, numbers: list[int]) -> SectionContext:
    cards = tuple(_card(item, number) for number, item in zip(numbers, section.items, strict=True))
    return SectionContext(section.title, cards, max(0, section.matched - len(cards)))


def _card(item: Item, number: int) -> CardContext:
    paper = item.paper
    counts = ((paper.upvotes, "upvote"), (paper.comments, "comment"))
    summary = paper.summary or ""
    return CardContext(
        number=number,
        title=paper.title,
        url=paper_url(paper),
        byline=byline(paper),
        venue=paper.venue or "",
        date=day_in_words(paper.published) if paper.published else "",
        abstract=shorten(paper.abstract, _ABSTRACT_LENGTH_BELOW_SUMMARY if summary else _ABSTRACT_LENGTH),
        summary=summary,
        counts=tuple(counted(count, noun) for count, noun in counts if count),
        reasons=tuple(map(str, item.reasons)),
        also=item.also,
        links=tuple(LinkContext(*link) for link in paper_links(paper)),
    )


def _subject(digest: Digest) -> str:
    """Return "8 May: The top paper's title (+11 more)"."""
    period = {Cadence.WEEKLY: "Week to ", Cadence.MONTHLY: "Month to "}.get(digest.edition.cadence, "")
    day = f"{period}{digest.edition.day.day} {digest.edition.day:%b}: "
    top = max(digest.items, key=lambda item: item.score, default=None)
    if top is None:
        return f"{day}nothing new for you"
    more = f" (+{len(digest.items) - 1} more)" if len(digest.items) > 1 else ""
    return day + shorten(top.paper.title, _SUBJECT_LENGTH - len(day) - len(more)) + more


def _preheader(digest: Digest) -> str:
    """Return the titles after the top one, which the subject names."""
    ranked = sorted(digest.items, key=lambda item: -item.score)[1:3]
    return " · ".join(shorten(item.paper.title, 60) for item in ranked)


def _summary(digest: Digest) -> str:
    papers = counted(len(digest.items), "paper")
    return f"{papers} for you, out of {digest.considered} new."


def _why(subscriber: Subscriber) -> str:
    profile: Profile = subscriber.profile
    topics = ", ".join(topic.name for topic in profile.topics) or "the trending papers, whatever they are about"
    since = day_in_words(subscriber.joined_at.date())
    return (
        f"You get this {profile.cadence.value} digest at {subscriber.email}, subscribed since {since}, for: {topics}."
    )

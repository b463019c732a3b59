"""Digests, sections and papers put into words, in a reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.models import Cadence, Digest, Edition, Item, Paper, Reason, Section, Subscriber
from newsletter.rendering.context import (
    CardContext,
    DigestContext,
    LinkContext,
    PieceContext,
    SectionContext,
    SiteContext,
    SubjectContext,
)
from newsletter.rendering.extractive import one_line
from newsletter.rendering.language import Language
from newsletter.rendering.links import FeedbackLinks, paper_links, paper_url
from newsletter.rendering.markdown import note_html
from newsletter.text import shorten, whole_sentences
from newsletter.topics.highlight import highlight
from newsletter.topics.query import Term

_ABSTRACT_LENGTH = 420
_ABSTRACT_LENGTH_BELOW_SUMMARY = 260
_NAMED_AUTHORS = 3


def card_context(
    item: Item, number: str, *, site: SiteContext, language: Language, feedback: FeedbackLinks | None, made: str = ""
) -> CardContext:
    """Put one paper into words; `made` is what a model said of it in one line, in this language."""
    paper = item.paper
    is_summary = bool(made or paper.summary)
    abstract = whole_sentences(paper.abstract, _ABSTRACT_LENGTH_BELOW_SUMMARY if is_summary else _ABSTRACT_LENGTH)
    return CardContext(
        number=number,
        title=paper.title,
        url=paper_url(paper),
        byline=byline(paper, language),
        venue=paper.venue or "",
        date=language.day(paper.published) if paper.published else "",
        one_line=one_line(paper, made),
        is_summary=is_summary,
        abstract=tuple(PieceContext(*piece) for piece in highlight(abstract, _looked_for(item.reasons))),
        counts=_counts(paper, language),
        reasons=tuple(_reason(reason, paper, language) for reason in item.reasons),
        also=item.also,
        links=tuple(LinkContext(_label(label, language), url) for label, url in paper_links(paper)),
        more_url=feedback.more(paper.id) if feedback else "",
        less_url=feedback.less(paper.id) if feedback else "",
        thumbnail_url=(paper.thumbnail_url or "") if site.thumbnails else "",
    )


def section_contexts(digest: Digest, site: SiteContext, language: Language) -> tuple[SectionContext, ...]:
    """Put a digest's sections into words."""
    return tuple(
        SectionContext(
            number=str(number),
            title=_title(section, language),
            shown=language.number(len(section.items)),
            more=_more(section.matched - len(section.items), site, language),
            web_url=_web_url(site, digest.edition),
        )
        for number, section in enumerate(digest.sections, start=1)
    )


def digest_context(
    digest: Digest,
    subscriber: Subscriber,
    *,
    site: SiteContext,
    language: Language,
    unsubscribe_url: str,
    preferences_url: str = "",
) -> DigestContext:
    """Put a digest into words for one reader; subject and preheader, which templates make, are still empty."""
    edition = digest.edition
    return DigestContext(
        subject="",
        preheader="",
        kind=_kind(edition.cadence, language),
        cadence=str(Cadence.DAILY if edition.cadence is Cadence.WEEKDAYS else edition.cadence),
        date=_date(edition, language),
        note_html=note_html(edition.note),
        closing_html=note_html(edition.closing),
        note_text=edition.note.strip(),
        closing_text=edition.closing.strip(),
        sections=section_contexts(digest, site, language),
        web_url=_web_url(site, edition),
        preferences_url=preferences_url,
        unsubscribe_url=unsubscribe_url,
        language=language.code,
        direction=language.direction,
        **digest_phrases(digest, language),
        **subscriber_context(subscriber, language),
    )


def digest_phrases(digest: Digest, language: Language) -> dict[str, str]:
    """Return the texts of a context that a digest has of its own."""
    return {"summary": _summary(digest, language), "brief": _brief(digest, language)}


def subscriber_context(subscriber: Subscriber, language: Language) -> dict[str, str]:
    """Return the texts of a context that a reader has of their own."""
    return {
        "subscriber_name": subscriber.name,
        "subscriber_email": subscriber.email,
        "why": _why(subscriber, language),
    }


def subject_context(digest: Digest, language: Language) -> SubjectContext:
    """Return what the subject line tells of a digest."""
    day = language.short_day(digest.edition.day)
    if digest.edition.cadence is Cadence.WEEKLY:
        day = language.say("Week to %(day)s", day=day)
    elif digest.edition.cadence is Cadence.MONTHLY:
        day = language.say("Month to %(day)s", day=day)
    titles = [item.paper.title for item in sorted(digest.items, key=lambda item: -item.score)[:3]]
    return SubjectContext(day=day, top=titles[0] if titles else "", next=tuple(titles[1:]), papers=len(digest.items))


def byline(paper: Paper, language: Language) -> str:
    """Return the first authors and how many more there are, else the organisation, else the number of authors."""
    names = list(paper.authors)
    organization = paper.organization or ""
    if not names:
        number = paper.author_count
        return organization or (language.count("%(number)s author", "%(number)s authors", number) if number else "")
    named = ", ".join(names[:_NAMED_AUTHORS])
    more = max(len(names), paper.author_count or 0) - len(names[:_NAMED_AUTHORS])
    if more > 0:
        named = language.count("%(names)s and %(number)s more", "%(names)s and %(number)s more", more, names=named)
    return f"{named} ({organization})" if organization else named


def _counts(paper: Paper, language: Language) -> tuple[str, ...]:
    told = []
    if paper.upvotes:
        told.append(language.count("%(number)s upvote", "%(number)s upvotes", paper.upvotes))
    if paper.comments:
        told.append(language.count("%(number)s comment", "%(number)s comments", paper.comments))
    return tuple(told)


def _looked_for(reasons: Sequence[Reason]) -> list[Term]:
    """Return the terms that a paper's text was found by."""
    found = (reason.what for reason in reasons if reason.where in ("title", "keywords", "abstract"))
    return [Term(what.removesuffix("*"), is_prefix=what.endswith("*")) for what in found]


def _reason(reason: Reason, paper: Paper, language: Language) -> str:
    say = language.say
    where = {
        "title": say("title"), "keywords": say("keywords"), "abstract": say("abstract"), "author": say("author"),
        "org": say("organisation"), "cat": say("category"), "source": say("source"), "trending": say("trending"),
        "new version": say("new version"),
    }.get(reason.where, reason.where)  # fmt: skip
    what = ", ".join(_counts(paper, language)) if reason.where == "trending" else reason.what
    return f"{where}: {what}"


def _label(label: str, language: Language) -> str:
    say = language.say
    ours = {
        "Discussion": say("Discussion"), "Publisher": say("Publisher"), "Page": say("Page"), "Code": say("Code"),
        "Project": say("Project"), "Search Hugging Face": say("Search Hugging Face"),
    }  # fmt: skip
    return ours.get(label, label)


def _title(section: Section, language: Language) -> str:
    say = language.say
    ours = {
        "People you follow": say("People you follow"), "Also trending": say("Also trending"),
        "Trending": say("Trending"), "Something different": say("Something different"),
    }  # fmt: skip
    return ours.get(section.title, section.title)


def _more(number: int, site: SiteContext, language: Language) -> str:
    if number <= 0:
        return ""
    if site.url:
        return language.count("%(number)s more on the web", "%(number)s more on the web", number)
    return language.count(
        "%(number)s more matched; the highest ranked are shown.",
        "%(number)s more matched; the highest ranked are shown.",
        number,
    )


def _web_url(site: SiteContext, edition: Edition) -> str:
    return f"{site.url}/editions/{edition.key}" if site.url else ""


def _kind(cadence: Cadence, language: Language) -> str:
    if cadence is Cadence.WEEKLY:
        return language.say("Weekly edition")
    return language.say("Monthly edition") if cadence is Cadence.MONTHLY else language.say("Daily edition")


def _date(edition: Edition, language: Language) -> str:
    if edition.cadence is Cadence.WEEKLY:
        return language.week(edition.day)
    return language.month(edition.day) if edition.cadence is Cadence.MONTHLY else language.day_of_week(edition.day)


def _summary(digest: Digest, language: Language) -> str:
    papers = len(digest.items)
    return language.count(
        "%(number)s paper for you, out of %(all)s new.",
        "%(number)s papers for you, out of %(all)s new.",
        papers,
        all=language.number(digest.considered),
    )


def _brief(digest: Digest, language: Language) -> str:
    """Say which papers lead a digest of several: the best on topic, and the best liked."""
    if len(digest.items) < _NAMED_AUTHORS:
        return ""
    best = max(digest.items, key=lambda item: item.score).paper
    liked = max(digest.items, key=lambda item: (item.paper.upvotes or 0, item.score)).paper
    if liked.id == best.id or not liked.upvotes:
        return language.say("In front: %(title)s", title=shorten(best.title, 110))
    return language.say(
        "In front: %(title)s. Most liked: %(liked)s", title=shorten(best.title, 80), liked=shorten(liked.title, 80)
    )


def _why(subscriber: Subscriber, language: Language) -> str:
    say, profile = language.say, subscriber.profile
    how_often = {
        Cadence.DAILY: say("daily"), Cadence.WEEKDAYS: say("on weekdays"), Cadence.WEEKLY: say("weekly"),
        Cadence.MONTHLY: say("monthly"),
    }[profile.cadence]  # fmt: skip
    topics = ", ".join(topic.name for topic in profile.topics) or say("the trending papers, whatever they are about")
    return say(
        "You get this digest at %(email)s, %(how_often)s, subscribed since %(day)s, for: %(topics)s.",
        email=subscriber.email, how_often=how_often, day=language.day(subscriber.subscribed_at.date()), topics=topics,
    )  # fmt: skip

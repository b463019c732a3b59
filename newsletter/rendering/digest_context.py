"""A digest, its sections and its subject as contexts of templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter

from newsletter.models import Cadence, Digest, Edition, Item, Section, Subscriber
from newsletter.models.languages import translatable
from newsletter.rendering.context import DigestContext, SectionContext, SiteContext, SubjectContext
from newsletter.rendering.date_ranges import usual_first_day
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import Language
from newsletter.rendering.markdown import note_html
from newsletter.text import shorten

#: A digest of fewer papers has no line that names the top ones.
_MIN_PAPERS_FOR_BRIEF = 3
#: The most titles that are kept as such a line has them.
_MAX_TITLES = 1024
#: The most sentences that are kept of how many papers more a section has.
_MAX_NUMBERS = 2048
_SCORE = attrgetter("score")
_BECAUSE = {
    Cadence.DAILY: translatable("You’re receiving this daily digest at %(email)s because you subscribed on %(day)s."),
    Cadence.WEEKDAYS: translatable(
        "You’re receiving this digest at %(email)s from Monday to Friday because you subscribed on %(day)s."
    ),
    Cadence.WEEKLY: translatable("You’re receiving this weekly digest at %(email)s because you subscribed on %(day)s."),
    Cadence.MONTHLY: translatable(
        "You’re receiving this monthly digest at %(email)s because you subscribed on %(day)s."
    ),
}


def section_contexts(
    digest: Digest, site: SiteContext, language: Language, web_url: str = ""
) -> tuple[SectionContext, ...]:
    """Return the contexts of a digest's sections, numbered from 1; `web_url` is the digest's page."""
    return tuple(
        section_context(section, number, site, language, web_url)
        for number, section in enumerate(digest.sections, start=1)
    )


def section_context(
    section: Section, number: int, site: SiteContext, language: Language, web_url: str = ""
) -> SectionContext:
    """Return the context of one of these sections."""
    return SectionContext(
        **section_texts(section, number, site, language),
        web_url=more_url(web_url, str(number), str(len(section.items))) if web_url else "",
    )


def section_texts(section: Section, number: int, site: SiteContext, language: Language) -> dict[str, str]:
    """Return the texts of a `SectionContext` that are the same for all subscribers of a digest."""
    shown = len(section.items)
    return {
        "number": str(number),
        "title": section_title(section, language),
        "shown": language.number(shown),
        "more": _more(section.matched - shown, bool(site.url), language),
    }


def digest_context(
    digest: Digest,
    subscriber: Subscriber,
    *,
    site: SiteContext,
    language: Language,
    unsubscribe_url: str,
    preferences_url: str = "",
    web_url: str = "",
) -> DigestContext:
    """Return a digest's context for one subscriber; `subject` and `preheader`, made by templates, are still empty."""
    edition = digest.edition
    return DigestContext(
        subject="",
        preheader="",
        kind=edition_kind(digest, language),
        cadence=_cadence(edition),
        note_html=note_html(edition.note),
        closing_html=note_html(edition.closing),
        note_text=edition.note.strip(),
        closing_text=edition.closing.strip(),
        sections=section_contexts(digest, site, language, web_url),
        web_url=web_url,
        preferences_url=preferences_url,
        unsubscribe_url=unsubscribe_url,
        language=language.tag,
        direction=language.direction,
        **digest_texts(digest, language),
        **subscriber_texts(subscriber, language),
    )


def digest_texts(digest: Digest, language: Language) -> dict[str, str]:
    """Return the texts of a `DigestContext` that differ between the digests of an edition."""
    if digest.edition.is_special:
        return {"date": digest.edition.subject, "summary": "", "brief": ""}
    days = language.days(*covered_days(digest))
    return {"date": days, "summary": _summary(digest, language), "brief": _brief(digest, language)}


def subscriber_texts(subscriber: Subscriber, language: Language) -> dict[str, str]:
    """Return the texts of a `DigestContext` that differ between the subscribers of a digest."""
    return {
        "subscriber_name": subscriber.name,
        "subscriber_email": subscriber.email,
        "why": why(subscriber, language, subscriber.email),
    }


def covered_days(digest: Digest) -> tuple[date, date]:
    """Return the first and the last day that a digest covers.

    It begins the day after the previous edition's, so that no day is named by two editions.
    """
    last = digest.edition.day
    if digest.since is None:
        return usual_first_day(digest.edition.cadence, last), last
    return min(digest.since + timedelta(days=1), last), last


def subject_context(digest: Digest, language: Language) -> SubjectContext:
    """Return the context of a digest's subject and preheader: its days, and its papers by descending score."""
    first, last = covered_days(digest)
    day = language.short_day(last) if first == last else language.days(first, last)
    items = digest.items
    titles = [item.paper.title for item in best_first(items)[:3]]
    return SubjectContext(day=day, top=titles[0] if titles else "", next=tuple(titles[1:]), papers=len(items))


def best_first(items: Iterable[Item]) -> list[Item]:
    """Return items by descending score; those with the same one in their order."""
    return sorted(items, key=_SCORE, reverse=True)


# The sections of a morning have few distinct numbers.
@lru_cache(_MAX_NUMBERS)
def _more(number: int, has_pages: bool, language: Language) -> str:
    if number <= 0:
        return ""
    if has_pages:
        # L10N: A link to the papers of a topic that the email had no place for.
        return language.ngettext("%(number)s more on the web", "%(number)s more on the web", number)
    return language.ngettext(
        "%(number)s more paper matched. Only the highest ranked are shown.",
        "%(number)s more papers matched. Only the highest ranked are shown.",
        number,
    )


def more_url(web_url: str, number: str, shown: str) -> str:
    """Return the URL of the papers that matched a section's topic and are not among the first ones, which it shows.

    How many it shows is not stored: an email that would be too large has fewer than its digest.
    """
    return f"{web_url}/more/{number}?after={shown}"


def _cadence(edition: Edition) -> str:
    if edition.is_special:
        return "special"
    return str(Cadence.DAILY if edition.cadence is Cadence.WEEKDAYS else edition.cadence)


def edition_kind(digest: Digest, language: Language) -> str:
    """Return what the masthead calls an edition: "Weekly edition"; the day of a special one."""
    _, edition = language.gettext, digest.edition
    if edition.is_special:
        return language.heading(language.day_of_week(edition.day))
    if digest.is_first:
        return _("Your first edition")
    if edition.cadence is Cadence.WEEKLY:
        return _("Weekly edition")
    return _("Monthly edition") if edition.cadence is Cadence.MONTHLY else _("Daily edition")


def _summary(digest: Digest, language: Language) -> str:
    papers = len(digest.items)
    if not papers:  # the text below says so
        return ""
    # L10N: %(all)s is the number of all new papers, which may be 1 or 0, too.
    return language.ngettext(
        "%(number)s paper for you, out of %(all)s new.",
        "%(number)s papers for you, out of %(all)s new.",
        papers,
        all=language.number(digest.considered),
    )


def _brief(digest: Digest, language: Language) -> str:
    """Return a line with the top paper and, if it is another, the most upvoted one; "" for a short digest."""
    items = digest.items
    if len(items) < _MIN_PAPERS_FOR_BRIEF:
        return ""
    best = max(items, key=_SCORE).paper
    upvoted = [(item.paper.upvotes, item.score, -place) for place, item in enumerate(items) if item.paper.upvotes]
    liked = items[-max(upvoted)[2]].paper if upvoted else best
    if liked.id == best.id:
        return language.gettext("Best match: %(title)s", title=_shortened(best.title, 110))
    return language.gettext(
        "Best match: %(title)s · Most upvoted: %(liked)s",
        title=_shortened(best.title, 80),
        liked=_shortened(liked.title, 80),
    )


# The best papers of a morning are those of many digests.
@lru_cache(_MAX_TITLES)
def _shortened(title: str, length: int) -> str:
    return shorten(title, length)


def why(subscriber: Subscriber, language: Language, email: str) -> str:
    """Return why somebody gets a digest at an address."""
    _, profile = language.gettext, subscriber.profile
    day = language.day(subscriber.subscribed_at.date())
    because = _(_BECAUSE[profile.cadence], email=email, day=day)
    if not profile.topics:
        return language.sentences((because, _("You haven’t chosen any topics, so you get what’s trending.")))
    topics = language.listed(language.topic(topic.name) for topic in profile.topics)
    return language.sentences((because, _("Your topics: %(topics)s.", topics=topics)))

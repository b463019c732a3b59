"""Titles of sections, statuses, reasons, counts and links of papers, in a subscriber's language."""

from __future__ import annotations

from functools import lru_cache

from newsletter.models import Paper, Reason, ReasonKind, Section, SectionKind
from newsletter.rendering.language import Language

#: Reasons without a detail.
_WHOLE = (ReasonKind.NEAR, ReasonKind.PASSING)


def section_title(section: Section, language: Language) -> str:
    """Return a section's heading."""
    _ = language.gettext
    match section.kind:
        case SectionKind.TOPIC:
            return language.topic(section.topic)
        case SectionKind.FOLLOWED:
            return _("People you follow")
        case SectionKind.TRENDING:
            return _("Trending")
        case SectionKind.ALSO_TRENDING:
            return _("Also trending")
        case SectionKind.SERENDIPITY:
            return _("Outside your topics")


def status_label(status: str, language: Language) -> str:
    """Return what a status is called: of a subscriber, a delivery, an edition or a source; or a kind of bounce.

    One without a label is returned as it is.
    """
    _ = language.gettext
    labels = {
        "active": _("active"), "paused": _("paused"), "disabled": _("disabled"), "unsubscribed": _("unsubscribed"),
        "queued": _("queued"), "sending": _("sending"), "sent": _("sent"), "deferred": _("deferred"),
        "failed": _("failed"), "skipped": _("skipped"), "held": _("held"),
        "draft": _("draft"), "done": _("done"), "cancelled": _("cancelled"),
        "hard": _("hard bounce"), "soft": _("soft bounce"), "complaint": _("complaint"),
        "ok": _("healthy"), "never pulled": _("never pulled"), "rate limited": _("rate limited"),
        "failing": _("failing"), "silent": _("silent"),
    }  # fmt: skip
    return labels.get(status, status)


def reason_label(reason: Reason, paper: Paper, language: Language) -> str:
    """Return why a paper is in a digest: "title: in-context learning", "trending: 9 upvotes"."""
    if reason.kind in _WHOLE:
        return _reason_kind(reason.kind, language)
    detail = language.listed(count_labels(paper, language)) if reason.kind is ReasonKind.POPULARITY else reason.detail
    return language.labelled(_reason_kind(reason.kind, language), detail)


@lru_cache(maxsize=256)
def _reason_kind(kind: ReasonKind, language: Language) -> str:
    # L10N: Each of these says why a paper is in a digest; most are followed by what matched, as in "title: robots".
    pgettext = language.pgettext
    return {
        ReasonKind.TITLE: pgettext("reason", "title"), ReasonKind.KEYWORDS: pgettext("reason", "keywords"),
        ReasonKind.ABSTRACT: pgettext("reason", "abstract"), ReasonKind.AUTHOR: pgettext("reason", "author"),
        ReasonKind.ORGANIZATION: pgettext("reason", "organization"),
        ReasonKind.CATEGORY: pgettext("reason", "category"), ReasonKind.SOURCE: pgettext("reason", "source"),
        ReasonKind.POPULARITY: pgettext("reason", "trending"),
        ReasonKind.NEW_VERSION: pgettext("reason", "new version"),
        ReasonKind.NEAR: pgettext("reason", "close to this topic"),
        ReasonKind.PASSING: pgettext("reason", "mentioned in passing"),
    }[kind]  # fmt: skip


def count_labels(paper: Paper, language: Language) -> tuple[str, ...]:
    """Return the known counts that are not zero: "48 upvotes", "3 comments"."""
    labels = []
    if paper.upvotes:
        labels.append(language.ngettext("%(number)s upvote", "%(number)s upvotes", paper.upvotes))
    if paper.comments:
        labels.append(language.ngettext("%(number)s comment", "%(number)s comments", paper.comments))
    return tuple(labels)


def upvotes_mark(paper: Paper, language: Language) -> str:
    """Return a paper's upvotes in a few characters, "▲58", or ""."""
    return f"▲{language.short_number(paper.upvotes)}" if paper.upvotes else ""


def stars_mark(paper: Paper, language: Language) -> str:
    """Return the stars of a paper's code in a few characters, "★1.2k", or ""."""
    return f"★{language.short_number(paper.code_stars)}" if paper.code_stars and paper.code_url else ""


@lru_cache(maxsize=128)
def link_label(label: str, language: Language) -> str:
    """Translate a label of `links.paper_links`; names such as "arXiv" and "PDF" stay as they are."""
    _ = language.gettext
    translated = {
        "Discussion": _("Discussion"), "Publisher": _("Publisher"), "Page": _("Web page"),
        "Code": _("Code"), "Project": _("Project"), "Search Hugging Face": _("Search Hugging Face"),
    }  # fmt: skip
    return translated.get(label, label)

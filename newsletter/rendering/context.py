"""The contexts of templates: `site`, `digest`, `section`, `card`, `mail`, `notice`; beside `_` (gettext) and `count`.

Values are plain text, which HTML templates escape automatically, except those documented as HTML. Pages are rendered
once for many subscribers, with slots for the texts that differ between digests or subscribers (`subject`, `summary`,
`why`, …): a template may print, wrap and test these (`subscriber_name` cannot be tested), but not compute with them.
See `rendering.fragments`.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.rendering.colours import Palette


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContext:
    """The newsletter itself, the same in every message."""

    name: str
    #: URL of its pages without a trailing slash, or "".
    url: str
    sender_name: str
    postal_address: str
    #: Shades of the site's accent colour.
    palette: Palette
    #: URL of an image for the masthead, or "".
    logo_url: str
    #: Whether cards show thumbnails.
    thumbnails: bool


@dataclass(frozen=True, slots=True)
class LinkContext:
    """One link of a card."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class PieceContext:
    """A piece of a summary, a sentence or an abstract."""

    text: str
    #: Whether it matches the subscriber's topic, to be highlighted.
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContext:
    """One paper of a digest."""

    #: Number in the digest, from 1, right-aligned in three columns.
    number: str
    title: str
    url: str
    #: The first three authors and the number of the others, or the organization.
    byline: str
    #: The first author and the number of the others, or the organization: the byline of a row.
    lead: str
    #: The journal or conference, or "" if unknown.
    venue: str
    #: Date of publication, "6 May 2026", or "" if unknown.
    date: str
    #: A summary or the key sentence of the abstract; "" without either.
    one_line: str
    #: The same in pieces, for full cards.
    finding: tuple[PieceContext, ...]
    #: Whether it is a full card rather than a row of a few lines.
    is_full: bool
    #: Whether `one_line` ends as a sentence does.
    is_sentence: bool
    #: Whether `one_line` is a summary rather than a sentence of the abstract.
    is_summary: bool
    #: The abstract's beginning in whole sentences, about 180 characters, without what `one_line` says; in pieces.
    abstract: tuple[PieceContext, ...]
    #: "48 upvotes", "3 comments"; counts that are unknown or zero are left out.
    counts: tuple[str, ...]
    #: "▲58", or "" without upvotes.
    upvotes: str
    #: The same with the stars of its code: ("▲58", "★1.2k").
    marks: tuple[str, ...]
    #: Why it is in the digest, as far as heading, title and byline do not say so: "abstract: few-shot prompting".
    reasons: tuple[str, ...]
    #: Names of the subscriber's other topics that it matched.
    also: tuple[str, ...]
    #: The known links: the paper first, then PDF, discussion, code (with its stars: "Code ★1.2k"), project.
    links: tuple[LinkContext, ...]
    #: Feedback links ("more like this", "less like this"); "" where feedback is not offered.
    more_url: str
    less_url: str
    #: URL of a thumbnail, or "" if there is none or the site shows none.
    thumbnail_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionContext:
    """One topic's papers."""

    #: Number in the digest, from 1.
    number: str
    title: str
    #: Number of papers shown.
    shown: str
    #: "5 more matched …", or "" if all are shown.
    more: str
    #: URL of a page that lists these, or "".
    web_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContext:
    """One digest for one subscriber."""

    subject: str
    #: Preview text that mailboxes show beside the subject.
    preheader: str
    #: "Daily edition", "Weekly edition", "Monthly edition" or "Your first edition"; the day of a special edition.
    kind: str
    #: "daily", "weekly" or "monthly"; "special" for an edition that the operator wrote, which has no papers.
    cadence: str
    #: The days it covers: "Friday, 8 May 2026", "2–8 May 2026"; the subject of a special edition.
    date: str
    #: "12 papers for you, out of 46 new ones."
    summary: str
    #: The top papers in one line, or "".
    brief: str
    #: The operator's notes before and after the papers, as sanitized HTML (`|safe`), or "".
    note_html: str
    closing_html: str
    #: The same in Markdown, as written.
    note_text: str
    closing_text: str
    sections: tuple[SectionContext, ...]
    #: URL of this digest as a page, or "".
    web_url: str
    subscriber_name: str
    subscriber_email: str
    #: Why the subscriber gets this message, for the footer.
    why: str
    #: URL of the subscriber's preferences, or "" if the site has no pages.
    preferences_url: str
    #: One-click unsubscribe URL of the site, or mailto.
    unsubscribe_url: str
    #: The language's tag ("de", "zh-Hans"), and its direction of writing: "ltr" or "rtl".
    language: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectContext:
    """The contents of a digest, for subject.txt and preheader.txt (as `mail`)."""

    #: The days it covers: "8 May" or "2–8 May 2026".
    day: str
    #: Title of the top paper, or "".
    top: str
    #: Titles of the next two papers.
    next: tuple[str, ...]
    #: Number of papers.
    papers: int


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """A notice: a short email with a single call to action."""

    subject: str
    text: str
    #: Text of the link.
    button: str
    url: str
    #: Text below the link.
    foot: str

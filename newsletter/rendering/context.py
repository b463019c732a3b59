"""What a template may use: `site`, `digest`, `section`, `card`, and the language's `_` and `count`. Nothing else.

Texts are plain text, to be escaped by the template (HTML templates do it by themselves); where one is HTML already, it
says so. What only one reader or one digest has (subject, summary, why, …) is put into pages that were rendered for
many: a template may print and wrap it, and ask whether it is there (but for the reader's name), not compute with it.
See `rendering.fragments`.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.rendering.colours import Palette


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContext:
    """The newsletter itself: the same in every mail."""

    name: str
    #: Where its pages are, without a slash at the end, or "".
    url: str
    sender_name: str
    postal_address: str
    #: The shades of the site's accent colour.
    palette: Palette
    #: The address of a picture for the masthead, or "".
    logo_url: str
    #: Whether cards may show a paper's picture.
    thumbnails: bool


@dataclass(frozen=True, slots=True)
class LinkContext:
    """One link of a card."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class PieceContext:
    """A piece of a text."""

    text: str
    #: Whether it is what the reader's topic looks for.
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContext:
    """One paper of a digest."""

    #: Its place in the whole digest, from 1, right-aligned in three columns.
    number: str
    title: str
    url: str
    #: Authors (the first three and how many more), or the organisation.
    byline: str
    #: The journal or conference, or "" where no source said.
    venue: str
    #: "6 May 2026", or "" where no source said.
    date: str
    #: The paper in one line: a summary, or the sentence that says most; "" where there is no abstract.
    one_line: str
    #: Whether `one_line` is a summary, and not a sentence of the abstract.
    is_summary: bool
    #: Whole sentences of some 420 characters (260 below a summary), in pieces.
    abstract: tuple[PieceContext, ...]
    #: "48 upvotes", "3 comments": what is known and not zero.
    counts: tuple[str, ...]
    #: Why it is here: "title: in-context learning".
    reasons: tuple[str, ...]
    #: Names of the reader's other topics that it matched.
    also: tuple[str, ...]
    #: Where it is to be read or found first, then PDF, discussion, code, project: what there is.
    links: tuple[LinkContext, ...]
    #: Where the reader says that they want more, or less, like this; "" where nothing would come of it.
    more_url: str
    less_url: str
    #: A picture of it, where the site wants pictures and there is one, or "".
    thumbnail_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionContext:
    """One topic's papers."""

    #: Its place in the digest, from 1.
    number: str
    title: str
    #: How many papers it shows.
    shown: str
    #: "5 more matched …", or "".
    more: str
    #: Where these are, or "".
    web_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContext:
    """One digest for one reader."""

    subject: str
    #: What a mailbox shows beside the subject.
    preheader: str
    #: "Daily edition", "Weekly edition" or "Monthly edition".
    kind: str
    #: "daily", "weekly" or "monthly".
    cadence: str
    #: "Friday, 8 May 2026", "2–8 May 2026" or "8 Apr – 8 May 2026".
    date: str
    #: "12 papers for you, out of 46 new ones."
    summary: str
    #: What leads the digest, in one line, or "".
    brief: str
    #: The operator's words before and after the papers, as safe HTML that is not to be escaped, or "".
    note_html: str
    closing_html: str
    #: The same as they were written, in Markdown.
    note_text: str
    closing_text: str
    sections: tuple[SectionContext, ...]
    #: Where the edition can be read in a browser, or "".
    web_url: str
    subscriber_name: str
    subscriber_email: str
    #: "You get this daily digest because …"
    why: str
    #: Where the reader changes what they wish for, if the site has pages, or "".
    preferences_url: str
    #: Where one click leaves: an address of the site, or a mail to be sent.
    unsubscribe_url: str
    #: The language's code, and how it is written: "ltr" or "rtl".
    language: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectContext:
    """What subject.txt and preheader.txt say the subject of."""

    #: "8 May", "Week to 8 May" or "Month to 8 May".
    day: str
    #: Title of the best paper, or "".
    top: str
    #: Titles of the next best, at most two.
    next: tuple[str, ...]
    #: How many papers there are.
    papers: int


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """Short words to one person, with one thing to do."""

    subject: str
    text: str
    #: What the link says.
    button: str
    url: str
    #: What is to be said below it.
    foot: str

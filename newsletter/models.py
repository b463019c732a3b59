"""The domain: what flows from a source to an inbox. Frozen, plain, and knowing nothing of the outside.

Times are aware and in UTC; days are `date`. Text is Unicode with its spaces squeezed (`text.squeeze`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from email import message_from_bytes
from email.policy import default
from enum import StrEnum

# -- papers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What can be known of a paper. Absent facts are None or empty."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    #: How many authors there are; a source may give the number but not the names.
    author_count: int | None = None
    organization: str | None = None
    #: arXiv id without version, e.g. "2605.01234" or "math/0601001".
    arxiv_id: str | None = None
    #: Lower case, without "https://doi.org/".
    doi: str | None = None
    #: The day the paper was first made public.
    published: date | None = None
    #: The day a source put it on its list (for Hugging Face the day of the Daily Papers).
    listed: date | None = None
    upvotes: int | None = None
    comments: int | None = None
    keywords: tuple[str, ...] = ()
    #: As the source names them, the primary one first: "cs.CL", "Neuroscience".
    categories: tuple[str, ...] = ()
    #: The journal or conference it appeared in.
    venue: str | None = None
    #: The newest version told of, 1 for the first; None where the source has no versions.
    version: int | None = None
    #: Taken back, by its authors or by whoever published it.
    withdrawn: bool = False
    #: One sentence, written by the source.
    summary: str | None = None
    #: Where to read about it; made from the arXiv id or DOI where there is one and this is None.
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    project_url: str | None = None
    thumbnail_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Facts):
    """A paper as one source tells it; several entries make one `Paper`."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper(Facts):
    """One research paper, as all its entries together tell it."""

    id: int
    #: Identity in words: "arxiv:ID", else "doi:DOI", else "title:HASH".
    key: str
    #: The source whose title and abstract are shown.
    text_source: str
    #: The version whose title and abstract are shown, where the source has versions.
    text_version: int | None = None
    #: Every source that told of this paper, in alphabetical order.
    sources: tuple[str, ...]
    #: When this store first saw it: what an edition's window is made of.
    seen_at: datetime
    #: When this store last saw a newer version than it knew; None if there was none.
    revised_at: datetime | None = None

    @property
    def day(self) -> date:
        """The day this paper counts as new: when it was listed, else published, else seen."""
        return self.listed or self.published or self.seen_at.date()


@dataclass(frozen=True, slots=True)
class Mention:
    """That one source told of a paper: where its facts come from."""

    source: str
    #: The file or address where it first did.
    place: str
    mentioned_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry, or a whole document, that a source gave and we could not take."""

    #: Where: a file, an address, or one of these with the entry's number.
    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


@dataclass(frozen=True, slots=True)
class Validators:
    """What to show a server so that it can say "not modified" (RFC 9110, 8.8)."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class PullReport:
    """What one pull of one source did."""

    source: str
    fetched: int = 0
    new: int = 0
    updated: int = 0
    refusals: tuple[Refusal, ...] = ()
    #: Why the source stopped short, if it did.
    error: str | None = None
    #: The source said that nothing changed since it was last asked.
    unchanged: bool = False
    #: It was not asked, since it answered a short while ago; it will be from this moment on.
    not_before: datetime | None = None
    seconds: float = field(default=0.0, compare=False)

    @property
    def is_clean(self) -> bool:
        """Nothing was refused and nothing went wrong."""
        return not self.refusals and self.error is None


# -- readers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Topic:
    """A named filter."""

    name: str
    #: In the language of `newsletter.topics.query`.
    query: str


@dataclass(frozen=True, slots=True)
class Example:
    """A paper that a reader wants more or less of, and that the store does not hold: from a library of theirs."""

    #: As `Paper.key`.
    key: str
    title: str
    abstract: str
    liked: bool


class Cadence(StrEnum):
    """How often a reader gets an edition."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Style(StrEnum):
    """How a digest looks."""

    #: One card for each paper, with its abstract.
    CARDS = "cards"
    #: Titles and one line each.
    COMPACT = "compact"
    #: Text alone.
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a reader wishes for. No topics means the trending papers, whatever they are about."""

    topics: tuple[Topic, ...] = ()
    cadence: Cadence = Cadence.DAILY
    #: Local hour from which an edition is due, 0 to 23.
    hour: int = 8
    #: For weekly editions: 0 is Monday.
    weekday: int = 0
    #: For monthly editions: 1 to 28.
    month_day: int = 1
    time_zone: str = "UTC"
    style: Style = Style.CARDS
    #: Of the mail's own words: "en", "de"; see `newsletter.rendering.language`.
    language: str = "en"
    max_papers: int = 20
    max_per_section: int = 8
    #: Authors and organisations whose papers rank higher, and come even if they match no topic.
    follow: tuple[str, ...] = ()
    #: How many papers that matched no topic to add under "Also trending".
    trending: int = 0
    #: Whether one place is kept for a paper outside of the topics that many like.
    serendipity: bool = True
    #: Whether a new version of a paper is news, even of one that was sent before.
    updates: bool = False
    #: Whether to write even when there is nothing to tell.
    even_if_empty: bool = False
    #: The reader's own weights, by the names of `newsletter.ranking.weights.Weights`; the others are the site's.
    ranking: tuple[tuple[str, float], ...] = ()


class Status(StrEnum):
    """Whether a subscriber may be mailed. Only `ACTIVE` ones are."""

    ACTIVE = "active"
    PAUSED = "paused"
    #: The profile's file was taken away; it comes back with the file.
    DISABLED = "disabled"
    #: Left by their own wish: no file and no import brings them back.
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person with an address, a status and a profile."""

    id: int
    email: str
    name: str = ""
    status: Status = Status.ACTIVE
    profile: Profile = field(default_factory=Profile)
    #: Who wrote the profile: "file:NAME" for subscribers/NAME.toml, "cli" for the command line.
    origin: str = "cli"
    subscribed_at: datetime
    #: When the status last changed.
    status_at: datetime
    #: The day from which a paused one is mailed again; None: not by itself.
    paused_until: date | None = None


# -- editions -------------------------------------------------------------------------------------


class EditionState(StrEnum):
    """Whether an edition's deliveries may go out."""

    OPEN = "open"
    #: A person paused it; a person resumes it.
    PAUSED = "paused"
    #: For good.
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One run of the newsletter over the papers seen since the one before."""

    #: Cadence and day: "daily-2026-05-08", "weekly-2026-05-08".
    key: str
    cadence: Cadence
    #: The day it stands for.
    day: date
    #: It holds papers first seen after this moment.
    since: datetime
    created_at: datetime
    #: The operator's words at its opening and at its end, in Markdown.
    note: str = ""
    closing: str = ""


class ReasonKind(StrEnum):
    """Why a paper is in a digest: where a term matched, or what else speaks for it."""

    TITLE = "title"
    KEYWORDS = "keywords"
    ABSTRACT = "abstract"
    AUTHOR = "author"
    ORGANIZATION = "organization"
    CATEGORY = "category"
    SOURCE = "source"
    #: Upvotes and comments.
    POPULARITY = "popularity"
    #: It was revised since the subscriber got it.
    NEW_VERSION = "new_version"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a paper to be in a digest."""

    kind: ReasonKind
    #: The term that matched ("robot*" for a prefix), or the version ("v2"); "" for popularity, which the paper has.
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A paper in a digest, with its score and the reasons for it."""

    paper: Paper
    score: float
    reasons: tuple[Reason, ...] = ()
    #: Names of the subscriber's other topics that it matched.
    also: tuple[str, ...] = ()


class SectionKind(StrEnum):
    """What brings the papers of a section together."""

    #: One of the subscriber's topics.
    TOPIC = "topic"
    #: Authors and organizations that the subscriber follows.
    FOLLOWED = "followed"
    #: The most popular papers, for a subscriber without topics.
    TRENDING = "trending"
    #: The most popular papers outside of the subscriber's topics.
    ALSO_TRENDING = "also_trending"
    #: A popular paper outside of the subscriber's topics, to broaden the view.
    SERENDIPITY = "serendipity"


@dataclass(frozen=True, slots=True)
class Section:
    """Ranked items of one topic, or of another kind."""

    #: The topic's name, as the subscriber wrote it; "" for other kinds, whose titles are made when they are rendered.
    topic: str
    items: tuple[Item, ...]
    #: How many papers matched this topic, shown or not; for trending ones, those shown.
    matched: int
    kind: SectionKind = SectionKind.TOPIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One edition as one profile sees it."""

    edition: Edition
    sections: tuple[Section, ...]
    #: How many papers were in the window and not sent to this reader before.
    considered: int

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in reading order."""
        return tuple(item for section in self.sections for item in section.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A digest as mail, ready to be handed over: RFC 5322 bytes and their RFC 5321 envelope."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    #: CRLF line ends, none longer than 998 characters.
    content: bytes
    #: Whether it is known that all lines end with CRLF and none begins with a dot, so that nobody has to look.
    is_clean: bool = False

    @property
    def text(self) -> str:
        """The text part, as a mail program reads it."""
        return self._part("plain") or ""

    @property
    def html(self) -> str | None:
        """The HTML part, as a mail program reads it, or None."""
        return self._part("html")

    def _part(self, kind: str) -> str | None:
        part = message_from_bytes(self.content, policy=default).get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part else None


# -- the ledger -----------------------------------------------------------------------------------


class DeliveryStatus(StrEnum):
    """queued → sending → sent | deferred | failed | skipped; each move is committed when it happens."""

    QUEUED = "queued"
    #: Handed to the transport, outcome not known yet. Found after a crash, it is in doubt.
    SENDING = "sending"
    SENT = "sent"
    #: The server asked for another try later.
    DEFERRED = "deferred"
    FAILED = "failed"
    #: Not to be sent any more: the reader left or was suppressed after planning, or the edition was cancelled.
    SKIPPED = "skipped"
    #: In doubt, and kept for a person to decide.
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one subscriber, as the ledger knows it."""

    id: int
    edition_key: str
    subscriber_id: int
    digest_id: int
    message_id: str
    status: DeliveryStatus
    attempts: int
    #: The server's words, or why it was skipped.
    detail: str
    next_attempt_at: datetime | None
    updated_at: datetime

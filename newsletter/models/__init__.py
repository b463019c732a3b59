"""The domain models: papers, subscribers, editions, messages and the ledger. Frozen, and without any input or output.

Times are aware and in UTC; days are `date`. Text is Unicode, normalized by `text.squeeze`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from email import message_from_bytes
from email.message import MIMEPart
from email.policy import default
from enum import StrEnum
from functools import lru_cache
from itertools import chain

from newsletter.models.dates import PartialDate as PartialDate
from newsletter.models.dates import StatedDate as StatedDate
from newsletter.models.dates import first_day, last_day
from newsletter.models.profile import Cadence as Cadence
from newsletter.models.profile import Profile as Profile
from newsletter.models.profile import Style as Style
from newsletter.models.profile import Topic as Topic

# -- papers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The bibliographic data of a paper. Unknown values are None or empty."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    #: The number of authors, which a source may have without their names; the least one for "et al.".
    author_count: int | None = None
    organization: str | None = None
    #: The name of the organization's account at the source ("cloud-lab").
    organization_handle: str | None = None
    organization_avatar_url: str | None = None
    #: The name of the account that submitted it to the source's list.
    submitter: str | None = None
    #: arXiv id without version, e.g. "2605.01234" or "math/0601001".
    arxiv_id: str | None = None
    #: In lower case, without "https://doi.org/".
    doi: str | None = None
    #: What stands for a DOI (https://shortdoi.org), e.g. "10/gf4qx9".
    short_doi: str | None = None
    #: When the paper was first made public: the day, or the month or year alone if no more is stated.
    published: StatedDate | None = None
    #: The day a source listed it (for Hugging Face, the day of the Daily Papers).
    listed: date | None = None
    upvotes: int | None = None
    comments: int | None = None
    keywords: tuple[str, ...] = ()
    #: As the source names them ("cs.CL", "Neuroscience"), the primary one first.
    categories: tuple[str, ...] = ()
    #: The journal or conference it appeared in.
    venue: str | None = None
    #: The newest version, from 1; None if the source has no versions.
    version: int | None = None
    #: Withdrawn or retracted, by its authors or its publisher.
    withdrawn: bool = False
    #: One sentence, written by the source.
    summary: str | None = None
    #: The landing page; None if it follows from the arXiv id or DOI.
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    #: The stars of the code's repository.
    code_stars: int | None = None
    project_url: str | None = None
    thumbnail_url: str | None = None
    #: Pictures and videos that its submitter shows with it.
    media_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Facts):
    """A paper as one source lists it; several entries are merged into one `Paper`."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper(Facts):
    """A paper, merged from all its entries."""

    id: int
    #: What identifies it: "arxiv:ID", else "doi:DOI", else "title:HASH" or "entry:HASH"; see `papers.identity.key_of`.
    key: str
    #: The source whose title and abstract are shown.
    text_source: str
    #: The version whose title and abstract are shown; None if the source has no versions.
    text_version: int | None = None
    #: All sources that mentioned it, in alphabetical order.
    sources: tuple[str, ...]
    #: When a pull first found it; decides which edition it is new in.
    seen_at: datetime
    #: When a pull last found a newer version; None if none was found.
    revised_at: datetime | None = None

    @property
    def day(self) -> date:
        """The day on which the paper counts as new: when it was listed, else published, else first seen.

        A date may be stated that is to come, or only a year: what was seen was public.
        """
        return self.listed or self.published_by

    @property
    def published_from(self) -> date:
        """The first day on which the paper may have become public: a month alone makes nothing fresh at its end."""
        seen = self.seen_at.date()
        return min(first_day(self.published), seen) if self.published else seen

    @property
    def published_by(self) -> date:
        """The last day on which the paper may have become public."""
        seen = self.seen_at.date()
        return min(last_day(self.published), seen) if self.published else seen

    @property
    def stated(self) -> StatedDate:
        """The date to show: as `day`, and as precise as it is stated."""
        return self.day if self.listed or isinstance(self.published, date) else self.published or self.day


@dataclass(frozen=True, slots=True)
class Mention:
    """One source's first mention of a paper: its provenance."""

    source: str
    #: The file or URL; "" if unknown.
    place: str
    mentioned_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry, a row or a whole document that was rejected because it is not valid."""

    #: A file or URL, with the number of the entry or line if it is one of several.
    place: str
    why: str
    #: What identifies an item that its source goes on listing, and that is refused only once; else "".
    item: str = field(default="", compare=False)
    #: Whether nothing is wrong: it is no paper by its nature, such as a whole volume, and is only counted.
    is_left_out: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


@dataclass(frozen=True, slots=True)
class Validators:
    """The cache validators of a response, for a conditional request (RFC 9110, 8.8)."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class PullReport:
    """The outcome of one pull of one source."""

    #: The label of the source, as `sources.settings.label_of` gives it.
    source: str
    #: The number of valid entries, of which `new` made a new paper and `updated` changed a known one.
    fetched: int = 0
    new: int = 0
    updated: int = 0
    refusals: tuple[Refusal, ...] = ()
    #: The number of items that are no papers by their nature; see `Refusal.is_left_out`.
    left_out: int = 0
    #: The number of valid entries of which something was longer than the limits, and cut; see `papers.cut`.
    cut: int = 0
    #: The number of items that are none of the source's and were ignored, such as mail of other senders.
    ignored: int = 0
    #: Why the source could not be read to the end; None if it was.
    error: str | None = None
    #: Whether the source responded "not modified" to everything.
    unchanged: bool = False
    #: When the source may be requested again, if it was skipped because of its minimum interval or a rate limit.
    not_before: datetime | None = None
    #: How long the pull took.
    seconds: float = field(default=0.0, compare=False)

    @property
    def is_clean(self) -> bool:
        """Whether there were neither refusals nor an error."""
        return not self.refusals and self.error is None


# -- subscribers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Example:
    """Feedback on a paper that is not in the store, from a subscriber's own library."""

    #: As `Paper.key`.
    key: str
    title: str
    abstract: str
    liked: bool


class Status(StrEnum):
    """Whether a subscriber may be mailed. Only `ACTIVE` ones are."""

    ACTIVE = "active"
    PAUSED = "paused"
    #: The profile file is gone; the subscriber is enabled again when it is back.
    DISABLED = "disabled"
    #: Ended by the subscriber; no file and no import adds them again.
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person with an address, a status and a profile."""

    id: int
    email: str
    name: str = ""
    status: Status = Status.ACTIVE
    profile: Profile = field(default_factory=Profile)
    #: Where the profile comes from: "file:NAME" (subscribers/NAME.toml), "web" (a page) or "cli" (the command line).
    origin: str = "cli"
    subscribed_at: datetime
    #: When the status last changed.
    status_at: datetime
    #: The day on which a pause ends by itself; None if it does not.
    paused_until: date | None = None
    #: When the preferences that decide when mail is due last changed; None if they never did.
    schedule_changed_at: datetime | None = None


# -- editions -------------------------------------------------------------------------------------


class EditionState(StrEnum):
    """Whether an edition's deliveries may be sent."""

    #: It is being planned, or planning was interrupted: the ledger has a part of its deliveries, and none leaves.
    DRAFT = "draft"
    OPEN = "open"
    #: By the operator, until they resume it.
    PAUSED = "paused"
    #: By the operator, for good.
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An issue of the newsletter, shared by the subscribers of a cadence who are mailed on one day."""

    #: Cadence and day: "daily-2026-05-08", "weekly-2026-05-08".
    key: str
    cadence: Cadence
    #: The day on which it is mailed, where the subscribers are.
    day: date
    #: It has the papers first seen after this time.
    since: datetime
    created_at: datetime
    #: The operator's notes at the top and at the end, in Markdown.
    note: str = ""
    closing: str = ""
    #: The subject of its messages, if it is not made of their papers.
    subject: str = ""
    #: For whom a special edition is, as in "all" or "tag:lab"; "" for digests.
    audience: str = ""

    def __hash__(self) -> int:
        """Return the hash of the key: what messages share is found by their edition, for each of them."""
        return hash(self.key)

    @property
    def is_special(self) -> bool:
        """Whether the operator wrote it as a whole; it has no papers, and does not count as the email of a day."""
        return bool(self.audience)


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
    #: It has none of the topic's words, but is as close to the topic as papers that have.
    NEAR = "near"
    #: It has the topic's words, but not in its title, and is about something else.
    PASSING = "passing"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why a paper is in a digest."""

    kind: ReasonKind
    #: The term that matched ("robot*" for a prefix), or the version ("v2"); "" where the kind says it all.
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A paper in a digest, with its score and reasons."""

    paper: Paper
    score: float
    reasons: tuple[Reason, ...] = ()
    #: The names of the subscriber's other topics that it matches.
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
    #: A paper from the border of the subscriber's topics, to broaden the view.
    SERENDIPITY = "serendipity"


@dataclass(frozen=True, slots=True)
class Section:
    """The ranked items of one topic, or of another kind of section."""

    #: The topic's name, as the subscriber wrote it; "" for other kinds, whose titles are made when they are rendered.
    topic: str
    items: tuple[Item, ...]
    #: The number of papers that match the topic, shown or not; for trending papers, of those shown.
    matched: int
    kind: SectionKind = SectionKind.TOPIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """An edition for one profile."""

    edition: Edition
    sections: tuple[Section, ...]
    #: The number of new papers that were not sent to this subscriber before.
    considered: int
    #: The first day it covers, where the subscriber is: that of their previous edition, or as far as the window goes.
    since: date | None = None
    #: Whether the subscriber was sent no edition before.
    is_first: bool = False

    @property
    def items(self) -> tuple[Item, ...]:
        """The items of all sections, in order."""
        return tuple(chain.from_iterable([section.items for section in self.sections]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message ready to be sent: its content (RFC 5322) and envelope (RFC 5321)."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    #: With CRLF line ends, no line longer than 998 characters.
    content: bytes
    #: Whether all lines are known to end with CRLF and none to begin with a dot, which spares a transport the check.
    is_clean: bool = False
    #: The number of papers in it.
    papers: int = 0

    @property
    def text(self) -> str:
        """The decoded plain text part."""
        return _bodies(self.content)[0] or ""

    @property
    def html(self) -> str | None:
        """The decoded HTML part, or None."""
        return _bodies(self.content)[1]


@lru_cache(maxsize=8)
def _bodies(content: bytes) -> tuple[str | None, str | None]:
    """Return the decoded text and HTML of a message; a preview asks for each of them several times."""
    message = message_from_bytes(content, policy=default)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    return _content(text), _content(html)


def _content(part: MIMEPart | None) -> str | None:
    return None if part is None else str(part.get_content()).replace("\r\n", "\n")


# -- the ledger -----------------------------------------------------------------------------------


class DeliveryStatus(StrEnum):
    """queued → sending → sent | deferred | failed | skipped; each move is committed when it happens."""

    QUEUED = "queued"
    #: Handed to the transport, outcome unknown. After a crash, such a delivery is in doubt.
    SENDING = "sending"
    SENT = "sent"
    #: Temporarily rejected (4xx), to be retried.
    DEFERRED = "deferred"
    FAILED = "failed"
    #: Not sent: the subscriber unsubscribed or was suppressed after planning, or the edition was cancelled or too old.
    SKIPPED = "skipped"
    #: In doubt, for the operator to decide.
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the ledger: one message of an edition to one subscriber."""

    id: int
    edition_key: str
    subscriber_id: int
    digest_id: int
    message_id: str
    status: DeliveryStatus
    attempts: int
    #: The response of the server, or why it was skipped.
    detail: str
    next_attempt_at: datetime | None
    updated_at: datetime
    #: It has the papers that were known by then.
    planned_at: datetime
    #: When it left, or may have left: on the way, sent, or in doubt.
    left_at: datetime | None = None

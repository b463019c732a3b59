"""Render once, assemble many: the messages of an edition, joined from fragments that are rendered once.

Cards are rendered, inlined and encoded once for each shape (`rendering.shapes`) and filled once for each paper
(`rendering.cards`); the frames of sections and pages once for each shape. A digest then only fills the slots for its
texts, and a message those for the subscriber's. All that is kept has a limit, whatever the number of subscribers.

The first message of each frame is compared with the reference rendering (`rendering.digest`). If they differ, a
custom template computes with the text of a slot, and the edition's messages are rendered one by one.
"""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.models import Digest, Edition, Section, Style, Subscriber
from newsletter.rendering.cards import CardParts, Cards, Shown, numbered, ranked
from newsletter.rendering.context import DigestContext
from newsletter.rendering.digest import Look, inline, render_html, render_text
from newsletter.rendering.digest_context import (
    digest_context,
    digest_texts,
    section_contexts,
)
from newsletter.rendering.fragments import (
    Fragment,
    Unfilled,
    encode,
    slot,
    split_html,
    split_text,
)
from newsletter.rendering.markdown import note_html
from newsletter.rendering.section_frames import (
    SUBSCRIBER_SLOTS,
    AroundPapers,
    SectionFrames,
    escaped,
    shared,
    value,
)
from newsletter.rendering.shapes import Shapes
from newsletter.rendering.subject_lines import SubjectLines
from newsletter.rendering.subscriber_values import SubscriberValues
from newsletter.text import shorten, squeeze
from newsletter.text.markup import clean

#: Maximum size of the HTML part: Gmail clips messages at about 102 KB, and the unsubscribe link is in the footer.
MAX_HTML_B = 80 * 1024
#: Reserved in it for the texts of a subscriber.
_SUBSCRIBER_TEXTS_B = 2048
#: Length of a token at most, of which each paper may have two: a number of eleven digits and its signature.
_TOKEN_B = 32
#: Length of the path of a digest's page, of which each section may have one.
_DIGEST_PATH_B = 64
#: Length of the preview text of a special edition.
_PREHEADER = 140
#: With fewer full cards than these, papers are left out rather than shown as rows.
_MIN_CARDS = 3
#: How many prepared digests of a look are kept, of up to 100 KB each, and how many frames of pages.
_MAX_PREPARED = 8
_MAX_PAGES = 128

#: The slots of a page for its sections, and for the titles at its top.
_SECTIONS, _GLANCE = "sections", "glance"
#: Separates fragments while a page is inlined; escaped text cannot contain it.
_BREAK = "<!--fragment-->"


@dataclass(frozen=True, slots=True)
class Bodies:
    """A message's subject, and its parts as quoted-printable."""

    subject: str
    #: Pieces, to be joined.
    text: Sequence[bytes]
    html: Sequence[bytes] | None
    #: Whether all lines are known to end with CRLF and not to begin with a dot.
    is_clean: bool = False


@dataclass(frozen=True, slots=True)
class Links:
    """A subscriber's own links."""

    unsubscribe_url: str
    #: "" if the site has no pages.
    preferences_url: str
    #: Their digest in a browser; "" for a special edition, or if the site has no pages.
    web_url: str
    #: The common part of their feedback links; see `links.FeedbackLinks`.
    token: str

    def texts(self) -> dict[str, str]:
        """Return the links by the names of slots."""
        return {
            "unsubscribe_url": self.unsubscribe_url, "preferences_url": self.preferences_url, "web_url": self.web_url,
            "token": self.token,
        }  # fmt: skip


@dataclass(slots=True)
class _Page:
    """The frame of a page, with slots for its sections and a digest's texts."""

    text: Fragment
    html: Fragment | None
    #: Whether it says anything of its sections, as do the templates of some sites.
    has_section_texts: bool
    #: Whether a message with this frame was compared with the reference rendering, as are cards of each shape.
    is_verified: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PreparedDigest:
    """The message of a digest, with unfilled slots for the subscriber's texts."""

    digest: Digest
    subject: str
    text: Unfilled
    html: Unfilled | None
    page: _Page
    #: The number of papers that are full cards, and of all.
    cards: int
    papers: int


@dataclass
class Assembler:
    """Assembles the messages of one edition in one look."""

    look: Look
    edition: Edition
    #: URL of feedback links up to the token, or None for messages without them.
    feedback_prefix: str | None = None
    #: Returns the generated summaries of papers by their ids, in the look's language.
    summaries: Callable[[Iterable[int]], Mapping[int, str]] = lambda _ids: {}
    #: The cards of another look of the same language and text templates, to share their text; see `text_key`.
    of_text: Cards | None = None
    #: The cards of another look of the same rows, to share them; see `row_key`.
    of_rows: Cards | None = None
    #: Why messages are rendered one by one; "" if they are assembled.
    fallback_reason: str = ""
    #: The cards of the digests that were prepared last.
    _found: dict[tuple[int, int], tuple[Digest, list[CardParts]]] = field(default_factory=dict)
    #: By which texts are not empty, the number of sections, and whether it is the first; equal ones are the same.
    _pages: dict[tuple[object, ...], _Page] = field(default_factory=dict)
    _prepared: dict[tuple[int, int], tuple[Digest, PreparedDigest]] = field(default_factory=dict)

    @cached_property
    def _values(self) -> SubscriberValues:
        return SubscriberValues(self.look.language)

    @cached_property
    def cards(self) -> Cards:
        """The cards of the edition's papers."""
        shapes = Shapes(self.look, self._sheet, self._inlined)
        return Cards(self.look, shapes, self.feedback_prefix, self.summaries, self.of_text, self.of_rows)

    @cached_property
    def _lines(self) -> SubjectLines:
        return SubjectLines(self.look)

    @cached_property
    def _frames(self) -> SectionFrames:
        return SectionFrames(self.look, self._inlined)

    # -- assembly -------------------------------------------------------------------------------------

    def prepare(self, digests: Iterable[tuple[Digest, int]]) -> None:
        """Render the cards of some digests, each with its number of full cards, which is cheaper than one by one.

        Raises:
            TemplateError: A template is missing or broken.
        """
        wanted = [(digest, min(cards, len(digest.items))) for digest, cards in digests]
        papers = [_shown(digest, cards) for digest, cards in wanted]
        found = iter(self.cards.find([shown for some in papers for shown in some]))
        # Each digest is kept along with its cards, so that its id() cannot be reused.
        self._found = {
            (id(digest), cards): (digest, list(islice(found, len(some))))
            for (digest, cards), some in zip(wanted, papers, strict=True)
        }

    def ready(self, digest: Digest, cards: int) -> PreparedDigest:
        """Assemble what all subscribers of a digest share; papers that exceed the maximum size are left out.

        Args:
            digest: The digest.
            cards: The number of papers that are shown as full cards, at most.

        Raises:
            TemplateError: A template is missing or broken.
        """
        known = self._prepared.get((id(digest), cards))
        if known is None:
            if len(self._prepared) >= _MAX_PREPARED:
                self._prepared.pop(next(iter(self._prepared)))
            # The digest is kept along with it, so that its id() cannot be reused.
            known = self._prepared[id(digest), cards] = digest, self._fitting(digest, cards)
        return known[1]

    def _fitting(self, digest: Digest, cards: int) -> PreparedDigest:
        cards = min(cards, len(digest.items))
        while True:
            ready = self._ready(digest, cards)
            if ready.html is None or self._is_within_budget(ready.html) or ready.papers < 2:
                return ready
            if self.look.style is Style.CARDS and cards > _MIN_CARDS:
                cards -= 1
            else:
                digest = shortened(digest)

    def _is_within_budget(self, page: Unfilled) -> bool:
        budget = MAX_HTML_B - _SUBSCRIBER_TEXTS_B
        lengths = {"web_url": len(self.look.site.url) + _DIGEST_PATH_B, "token": _TOKEN_B}
        size = sum(map(len, page.parts))
        if size <= budget - len(page.parts) * max(lengths.values()):
            return True
        budget -= sum(lengths.get(page.slots[called].name, 0) for called in page.parts[1::2])
        pieces = page.parts[::2]
        return sum(map(len, pieces)) <= budget or sum(len(a2b_qp(piece)) for piece in pieces) <= budget

    def bodies(self, ready: PreparedDigest, subscriber: Subscriber, links: Links) -> Bodies:
        """Fill the slots for a subscriber's texts.

        Raises:
            TemplateError: A template is missing or broken.
        """
        if self.fallback_reason:
            return self._reference_bodies(ready, subscriber, links)
        fragments: list[tuple[Unfilled, Callable[[str], str]]] = [(ready.text, str)]
        fragments += [(ready.html, escaped)] if ready.html else []
        own = self._values.of(fragments, subscriber, links.texts())
        text = ready.text.filled(own[0])
        html = ready.html.filled(own[1]) if ready.html else None
        bodies = Bodies(ready.subject, text, html, is_clean=True)  # since `encode` made all of it
        if not ready.page.is_verified:
            ready.page.is_verified = True
            reference = self._reference_bodies(ready, subscriber, links)
            if _decoded(bodies) != _decoded(reference):
                self.fallback_reason = "a template computes with texts that differ between messages"
                return reference
        return bodies

    def _ready(self, digest: Digest, cards: int) -> PreparedDigest:
        texts = self._texts(digest)
        prepared = self._found.pop((id(digest), cards), None)
        found = prepared[1] if prepared else self.cards.find(_shown(digest, cards))
        columns = numbered(found)
        first, parts = 0, tuple(list[bytes]() for _ in columns)
        for number, section in enumerate(digest.sections, start=1):
            last = first + len(section.items)
            for part, frame, column in zip(parts, self._frames.of(section, number), columns, strict=False):
                _add(part, frame, column[first:last])
            first = last
        shape = (*map(bool, texts.values()), len(digest.sections), digest.is_first)
        page = self._page(shape, digest, texts)
        own = texts | self._section_texts(digest) if page.has_section_texts else texts
        of_text, titles, of_page, lines = parts
        text = _filled(page.text, own, of_text, titles, str)
        html = _filled(page.html, own, of_page, lines, escaped) if page.html else None
        return PreparedDigest(digest, texts["subject"], text, html, page, cards, first)

    def _section_texts(self, digest: Digest) -> dict[str, str]:
        """Return what a page may say of its sections, by the names of slots."""
        contexts = section_contexts(digest, self.look.site, self.look.language)
        titles = {f"title{context.number}": context.title for context in contexts}
        return titles | {f"shown{context.number}": context.shown for context in contexts}

    # -- fragments ------------------------------------------------------------------------------------

    def _page(self, shape: tuple[object, ...], digest: Digest, texts: Mapping[str, str]) -> _Page:
        if shape not in self._pages:
            context = self._page_context(digest, texts)
            text = self.look.render("digest.txt", digest=context, sections=slot(_SECTIONS), glance=slot(_GLANCE))
            html = None
            if self.look.style is not Style.PLAIN:
                html = shared(split_html(inline(self._render_page(context))))
            if len(self._pages) >= _MAX_PAGES:
                self._pages.clear()
            of_text = shared(split_text(text))
            names = {wanted.name for frame in (of_text, html) if frame for wanted in frame.slots}
            page = _Page(of_text, html, has_section_texts=not names <= {*texts, _SECTIONS, _GLANCE})
            self._pages[shape] = next((known for known in self._pages.values() if known == page), page)
        return self._pages[shape]

    def _page_context(self, digest: Digest, texts: Mapping[str, str]) -> DigestContext:
        """Return a page's context with a slot for every text that differs between digests or subscribers."""
        nobody = Subscriber(id=0, email="", subscribed_at=self.edition.created_at, status_at=self.edition.created_at)
        context = digest_context(digest, nobody, site=self.look.site, language=self.look.language, unsubscribe_url="")
        sections = tuple(
            replace(section, title=slot(f"title{section.number}"), shown=slot(f"shown{section.number}"))
            for section in context.sections
        )
        slots = {name: slot(name) if text else "" for name, text in texts.items()}
        own = {name: slot(name) for name in SUBSCRIBER_SLOTS - {"token"}}
        if not self.look.site.url or digest.edition.is_special:
            own["web_url"] = ""
        return replace(context, sections=sections, **slots, **own)

    def _inlined(self, fragments: Sequence[str]) -> list[str]:
        """Inline the styles of fragments where they will stand, in the middle of a page.

        Raises:
            TemplateError: A template is missing or broken, or that of the page has no place for them, or several.
        """
        if not fragments:
            return []
        _, *parts = inline(self._sheet(_BREAK.join(("", *fragments, "")))).split(_BREAK)
        if len(parts) != len(fragments) + 1:
            times = len(parts) // (len(fragments) + 1)
            raise TemplateError(f"template email/digest.html: has {{{{ sections }}}} {times} times: write it once")
        return parts[:-1]

    def _sheet(self, content: str) -> str:
        """Render a page of one section with this content."""
        digest = _one_section(self.edition)
        return self._render_page(self._page_context(digest, self._texts(digest)), content)

    def _render_page(self, context: DigestContext, content: str | None = None) -> str:
        sections = Markup(slot(_SECTIONS) if content is None else content)  # noqa: S704 - rendered and escaped
        glance = Markup(slot(_GLANCE))  # noqa: S704 - letters and digits
        return self.look.render("digest.html", digest=context, sections=sections, glance=glance)

    # -- reference rendering --------------------------------------------------------------------------

    def plain(self, ready: PreparedDigest, subscriber: Subscriber, links: Links) -> tuple[str, str, str | None]:
        """Render a message's subject, text and HTML as a whole: the reference that assembled messages must equal.

        Raises:
            TemplateError: A template is missing or broken.
        """
        digest = ready.digest
        texts = self._texts(digest)
        context = digest_context(
            digest,
            subscriber,
            site=self.look.site,
            language=self.look.language,
            unsubscribe_url=links.unsubscribe_url,
            preferences_url=links.preferences_url,
            web_url=links.web_url,
        )
        context = replace(context, subject=texts["subject"], preheader=texts["preheader"])
        numbers = iter(range(1, len(digest.items) + 1))
        cards = [
            [self.cards.card(shown, f"{next(numbers):>3}", links.token).context() for shown in section]
            for section in ranked(digest, ready.cards)
        ]
        sections = list(zip(context.sections, cards, strict=True))
        html = render_html(self.look, context, sections) if self.look.style is not Style.PLAIN else None
        return texts["subject"], render_text(self.look, context, sections), html

    def _reference_bodies(self, ready: PreparedDigest, subscriber: Subscriber, links: Links) -> Bodies:
        subject, text, html = self.plain(ready, subscriber, links)
        return Bodies(subject, [encode(text)], None if html is None else [encode(html)])

    # -- contexts -------------------------------------------------------------------------------------

    def _texts(self, digest: Digest) -> dict[str, str]:
        """Return the texts that differ between the digests of an edition."""
        if digest.edition.is_special:
            beginning = shorten(clean(note_html(digest.edition.note)), _PREHEADER)
            return digest_texts(digest, self.look.language) | {
                "subject": squeeze(digest.edition.subject), "preheader": beginning,
            }  # fmt: skip
        subject, preheader = self._lines.of(digest)
        return digest_texts(digest, self.look.language) | {
            "subject": squeeze(digest.edition.subject) or subject, "preheader": preheader,
        }  # fmt: skip


def shortened(digest: Digest) -> Digest:
    """Return a digest without the last paper of its longest section, and without sections that this empties."""
    longest = max(digest.sections, key=lambda section: len(section.items))
    sections = (
        replace(section, items=section.items[:-1]) if section is longest else section for section in digest.sections
    )
    return replace(digest, sections=tuple(section for section in sections if section.items))


def _shown(digest: Digest, cards: int) -> list[Shown]:
    return [shown for section in ranked(digest, cards) for shown in section]


def _one_section(edition: Edition) -> Digest:
    return Digest(edition=edition, sections=(Section("x", (), matched=0),), considered=0)


def _add(parts: list[bytes], frame: AroundPapers, papers: Sequence[bytes]) -> None:
    """Add the papers of a section in their frame."""
    parts.append(frame[0])
    for after in frame[1:]:
        parts += papers
        parts.append(after)


def _filled(
    frame: Fragment,
    own: Mapping[str, str],
    sections: Sequence[bytes],
    glance: Sequence[bytes],
    escape: Callable[[str], str],
) -> Unfilled:
    """Fill a page's slots with its sections and a digest's texts."""
    parts = [frame.pieces[0]]
    for wanted, piece in zip(frame.slots, frame.pieces[1:], strict=True):
        if wanted.name == _SECTIONS:
            parts += sections
        elif wanted.name == _GLANCE:
            parts += glance
        else:
            parts.append(value(own[wanted.name], wanted.filters, escape))
        parts.append(piece)
    return Unfilled.of(b"".join(parts))


def _decoded(bodies: Bodies) -> tuple[bytes, ...]:
    return tuple(a2b_qp(b"".join(part)) for part in (bodies.text, bodies.html or ()))

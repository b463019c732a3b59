"""Render once, assemble many: the messages of an edition, joined from fragments that are rendered once.

A paper's card is rendered, inlined and encoded once for each set of reasons to show it; the frames of sections and
pages once for each shape. A digest then only fills the slots for its texts, and a message those for the subscriber's.
The first message of each shape is compared with the reference rendering (`rendering.digest`). If they differ, a
custom template computes with the text of a slot, and the edition's messages are rendered one by one.
"""

from __future__ import annotations

import html
from binascii import a2b_qp
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache

from markupsafe import Markup

from newsletter.models import Digest, Edition, Item, Reason, Section, Style, Subscriber
from newsletter.rendering.card_context import card_context, informative_reasons
from newsletter.rendering.context import CardContext, DigestContext, SectionContext
from newsletter.rendering.digest import Look, inline, render_html, render_text
from newsletter.rendering.digest_context import (
    digest_context,
    digest_texts,
    more_url,
    section_contexts,
    subject_context,
    subscriber_texts,
)
from newsletter.rendering.fragments import (
    Fragment,
    encode,
    encode_values,
    has_clean_lines,
    placeholder,
    slot,
    split_encoded,
    split_html,
    split_text,
)
from newsletter.rendering.links import FeedbackLinks
from newsletter.rendering.markdown import note_html
from newsletter.rendering.wrapping import FILTERS
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
#: Maximum number of prepared digests in the cache.
_MAX_PREPARED = 256

#: The slots whose texts differ between subscribers of the same digest; they are filled last.
_SUBSCRIBER_SLOTS = frozenset(
    {"token", "subscriber_name", "subscriber_email", "why", "unsubscribe_url", "preferences_url", "web_url"}
)
#: Separates fragments while a page is inlined; escaped text cannot contain it.
_BREAK = "<!--fragment-->"

CardKey = tuple[int, tuple[Reason, ...], tuple[str, ...], tuple[Reason, ...], bool]


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


@dataclass(frozen=True, slots=True)
class PreparedDigest:
    """The message of a digest, with unfilled slots for the subscriber's texts."""

    digest: Digest
    subject: str
    text: Fragment
    html: Fragment | None
    #: What the frame of its page depends on: which texts are not empty, the number of sections,
    #: and whether it is the first.
    shape: tuple[object, ...]
    #: Whether all lines end with CRLF and none begins with a dot.
    is_clean: bool
    #: The number of papers that are full cards.
    cards: int


@dataclass(frozen=True, slots=True)
class _Frames:
    """The fragments of a card or a section, with slots for their content."""

    text: Fragment
    html: Fragment | None
    #: A title or a section at the top of the text, and of the page.
    text_glance: Fragment
    glance: Fragment | None = None


@dataclass
class Assembler:
    """Assembles the messages of one edition in one look."""

    look: Look
    edition: Edition
    #: URL of feedback links up to the token, or None for messages without them.
    feedback_prefix: str | None = None
    #: The number of papers that are shown as full cards, at most.
    cards: int = 4
    #: Returns the generated summaries of papers by their ids, in the look's language.
    summaries: Callable[[Iterable[int]], Mapping[int, str]] = lambda _ids: {}
    #: Why messages are rendered one by one; "" if they are assembled.
    fallback_reason: str = ""
    _summaries: dict[int, str] = field(default_factory=dict)
    _cards: dict[CardKey, _Frames] = field(default_factory=dict)
    _section_frames: dict[bool, _Frames] = field(default_factory=dict)
    _pages: dict[tuple[object, ...], tuple[Fragment, Fragment | None]] = field(default_factory=dict)
    _sections: dict[tuple[object, ...], tuple[bytes, bytes, bytes, bytes]] = field(default_factory=dict)
    _prepared: dict[int, tuple[Digest, PreparedDigest]] = field(default_factory=dict)
    _verified: set[tuple[object, ...]] = field(default_factory=set)

    # -- assembly -------------------------------------------------------------------------------------

    def prepare(self, digests: Iterable[Digest], cards: int | None = None) -> None:
        """Render the cards of some digests together, which is cheaper than one by one.

        Raises:
            TemplateError: A template is missing or broken.
        """
        items = {
            key: item
            for digest in digests
            for keyed in self._keyed(digest, self.cards if cards is None else cards)
            for key, item in keyed
        }
        missing = {key: item for key, item in items.items() if key not in self._cards}
        if not missing:
            return
        self._summaries |= self.summaries([item.paper.id for item in missing.values()])
        contexts = [self._card_context(key, item, slot("number"), slot("token")) for key, item in missing.items()]
        html = self._inlined([self._render_card(context) for context in contexts])
        glance = self._inlined([self._render_html("line.html", card=context) for context in contexts])
        for key, context, fragment, line in zip(missing, contexts, html, glance, strict=True):
            text, title = (split_text(self.look.render(name, card=context)) for name in ("card.txt", "line.txt"))
            self._cards[key] = _Frames(text, fragment, title, line)

    def ready(self, digest: Digest) -> PreparedDigest:
        """Assemble what all subscribers of a digest share; papers that exceed the maximum size are left out.

        Raises:
            TemplateError: A template is missing or broken.
        """
        known = self._prepared.get(id(digest))
        if known is None:
            if len(self._prepared) >= _MAX_PREPARED:
                self._prepared.pop(next(iter(self._prepared)))
            # The digest is kept along with it, so that its id() cannot be reused.
            known = self._prepared[id(digest)] = digest, self._fitting(digest)
        return known[1]

    def _fitting(self, digest: Digest) -> PreparedDigest:
        cards = min(self.cards, len(digest.items))
        while True:
            self.prepare([digest], cards)  # without one of the best papers, the next best is a full card
            ready = self._ready(digest, cards)
            slots = Counter(wanted.name for wanted in ready.html.slots) if ready.html else Counter[str]()
            links = slots["web_url"] * (len(self.look.site.url) + _DIGEST_PATH_B) + slots["token"] * _TOKEN_B
            budget = MAX_HTML_B - _SUBSCRIBER_TEXTS_B - links
            size = sum(map(len, ready.html.pieces)) if ready.html else 0
            if size <= budget or len(digest.items) < 2:
                return ready
            if ready.html and sum(len(a2b_qp(piece)) for piece in ready.html.pieces) <= budget:
                return ready
            if self.look.style is Style.CARDS and cards > _MIN_CARDS:
                cards -= 1
            else:
                digest = shortened(digest)

    def bodies(self, ready: PreparedDigest, subscriber: Subscriber, links: Links) -> Bodies:
        """Fill the slots for a subscriber's texts.

        Raises:
            TemplateError: A template is missing or broken.
        """
        if self.fallback_reason:
            return self._reference_bodies(ready, subscriber, links)
        own = subscriber_texts(subscriber, self.look.language) | asdict(links)
        values = encode_values(set(ready.text.slots), own, FILTERS, str)
        text, html = ready.text.filled(values), None
        is_clean = ready.is_clean and all(map(has_clean_lines, values.values()))
        if ready.html:
            values = encode_values(set(ready.html.slots), own, FILTERS, _escaped)
            html = ready.html.filled(values)
            is_clean = is_clean and all(map(has_clean_lines, values.values()))
        bodies = Bodies(ready.subject, text, html, is_clean)
        if ready.shape not in self._verified:
            self._verified.add(ready.shape)
            reference = self._reference_bodies(ready, subscriber, links)
            if _decoded(bodies) != _decoded(reference):
                self.fallback_reason = "a template computes with texts that differ between messages"
                return reference
        return bodies

    def _ready(self, digest: Digest, cards: int) -> PreparedDigest:
        texts = self._texts(digest)
        contexts = section_contexts(digest, self.look.site, self.look.language)
        first, parts = 1, [(b"", b"", b"", b"")]
        for keyed, context in zip(self._keyed(digest, cards), contexts, strict=True):
            parts.append(self._section([key for key, _ in keyed], context, first))
            first += len(keyed)
        section_texts, titles, pages, glance = (b"".join(part) for part in zip(*parts, strict=True))
        shape = (*map(bool, texts.values()), len(digest.sections), digest.is_first)
        page_text, page_html = self._page(shape, digest, texts)
        own = texts | {f"title{context.number}": context.title for context in contexts}
        own |= {f"shown{context.number}": context.shown for context in contexts}
        text = split_encoded(_filled(page_text, own, {"sections": section_texts, "glance": titles}, str))
        html = (
            split_encoded(_filled(page_html, own, {"sections": pages, "glance": glance}, _escaped))
            if page_html
            else None
        )
        is_clean = text.is_clean and (html is None or html.is_clean)
        return PreparedDigest(digest, texts["subject"], text, html, shape, is_clean, cards)

    def _section(
        self, keys: Sequence[CardKey], context: SectionContext, first: int
    ) -> tuple[bytes, bytes, bytes, bytes]:
        """Return a section's text, its titles for the top of this, its HTML, and its titles for the top of this.

        The slots of tokens are still unfilled.
        """
        cache_key = (context, first, *keys)
        if cache_key in self._sections:
            return self._sections[cache_key]
        frames = self._section_frame(bool(context.more))
        cards = [(self._cards[key], {"number": _number(number)}) for number, key in enumerate(keys, first)]
        text = b"".join(_filled(card.text, {}, number, str) for card, number in cards)
        titles = b"".join(_filled(card.text_glance, {}, number, str) for card, number in cards)
        html = b"".join(_filled(card.html, {}, number, _escaped) for card, number in cards if card.html)
        lines = b"".join(_filled(card.glance, {}, number, _escaped) for card, number in cards if card.glance)
        own = {name: getattr(context, name) for name in ("number", "title", "shown", "more")}
        section_parts = (
            _filled(frames.text, own, {"cards": text}, str),
            _filled(frames.text_glance, own, {"lines": titles}, str),
            _filled(frames.html, own, {"cards": html}, _escaped) if frames.html else b"",
            _filled(frames.glance, own, {"lines": lines}, _escaped) if frames.glance else b"",
        )
        self._sections[cache_key] = section_parts
        return section_parts

    # -- fragments ------------------------------------------------------------------------------------

    def _section_frame(self, has_more: bool) -> _Frames:
        if has_more not in self._section_frames:
            context = SectionContext(
                number=slot("number"), title=slot("title"), shown=slot("shown"),
                more=slot("more") if has_more else "",
                web_url=more_url(slot("web_url"), slot("number"), slot("shown")) if self.look.site.url else "",
            )  # fmt: skip
            text = split_text(self.look.render("section.txt", section=context, cards=slot("cards")))
            titles = split_text(self.look.render("glance.txt", section=context, lines=slot("lines")))
            cards, lines = Markup(slot("cards")), Markup(slot("lines"))  # noqa: S704 - letters and digits
            section = self._render_html("section.html", section=context, cards=cards)
            html, glance = self._inlined([section, self._render_html("glance.html", section=context, lines=lines)])
            self._section_frames[has_more] = _Frames(text, html, titles, glance)
        return self._section_frames[has_more]

    def _page(
        self, shape: tuple[object, ...], digest: Digest, texts: Mapping[str, str]
    ) -> tuple[Fragment, Fragment | None]:
        if shape not in self._pages:
            context = self._page_context(digest, texts)
            text = self.look.render("digest.txt", digest=context, sections=slot("sections"), glance=slot("glance"))
            html = None
            if self.look.style is not Style.PLAIN:
                html = split_html(inline(self._render_page(context)))
            self._pages[shape] = split_text(text), html
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
        own = {name: slot(name) for name in _SUBSCRIBER_SLOTS - {"token"}}
        if not self.look.site.url or digest.edition.is_special:
            own["web_url"] = ""
        return replace(context, sections=sections, **slots, **own)

    def _inlined(self, fragments: Sequence[str]) -> list[Fragment | None]:
        """Inline the styles of fragments where they will stand, in the middle of a page."""
        if self.look.style is Style.PLAIN:
            return [None] * len(fragments)
        digest = _one_section(self.edition)
        context = self._page_context(digest, self._texts(digest))
        content = _BREAK.join(("", *fragments, ""))
        _, *parts, _ = inline(self._render_page(context, content)).split(_BREAK)
        return [split_html(part) for part in parts]

    def _render_page(self, context: DigestContext, content: str | None = None) -> str:
        sections = Markup(slot("sections") if content is None else content)  # noqa: S704 - rendered and escaped
        glance = Markup(slot("glance"))  # noqa: S704 - letters and digits
        return self.look.render("digest.html", digest=context, sections=sections, glance=glance)

    def _render_card(self, context: CardContext) -> str:
        return self._render_html(self.look.card_template(context), card=context)

    def _render_html(self, name: str, **values: object) -> str:
        return "" if self.look.style is Style.PLAIN else self.look.render(name, **values)

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
            [self._card_context(key, item, f"{next(numbers):>3}", links.token) for key, item in keyed]
            for keyed in self._keyed(digest, ready.cards)
        ]
        sections = list(zip(context.sections, cards, strict=True))
        html = render_html(self.look, context, sections) if self.look.style is not Style.PLAIN else None
        return texts["subject"], render_text(self.look, context, sections), html

    def _reference_bodies(self, ready: PreparedDigest, subscriber: Subscriber, links: Links) -> Bodies:
        subject, text, html = self.plain(ready, subscriber, links)
        return Bodies(subject, [encode(text)], None if html is None else [encode(html)])

    # -- contexts -------------------------------------------------------------------------------------

    def _keyed(self, digest: Digest, cards: int) -> list[list[tuple[CardKey, Item]]]:
        """Return each section's papers with all that their cards depend on; the best ones are full cards."""
        ranked = sorted(digest.items, key=lambda item: -item.score)
        best = {item.paper.id for item in ranked[:cards]}
        return [
            [
                ((i.paper.id, i.reasons, i.also, informative_reasons(i, section.topic), i.paper.id in best), i)
                for i in section.items
            ]
            for section in digest.sections
        ]

    def _card_context(self, key: CardKey, item: Item, number: str, token: str) -> CardContext:
        feedback = None if self.feedback_prefix is None else FeedbackLinks(self.feedback_prefix, token)
        summary = self._summaries.get(item.paper.id, "")
        *_, reasons, is_full = key
        return card_context(
            item, number, site=self.look.site, language=self.look.language, feedback=feedback, made=summary,
            reasons=reasons, is_full=is_full,
        )  # fmt: skip

    def _texts(self, digest: Digest) -> dict[str, str]:
        """Return the texts that differ between the digests of an edition."""
        if digest.edition.is_special:
            beginning = shorten(clean(note_html(digest.edition.note)), _PREHEADER)
            return digest_texts(digest, self.look.language) | {
                "subject": squeeze(digest.edition.subject), "preheader": beginning,
            }  # fmt: skip
        mail = subject_context(digest, self.look.language)
        return digest_texts(digest, self.look.language) | {
            "subject": squeeze(digest.edition.subject) or self.look.subject(mail),
            "preheader": self.look.preheader(mail),
        }


def shortened(digest: Digest) -> Digest:
    """Return a digest without the last paper of its longest section, and without sections that this empties."""
    longest = max(digest.sections, key=lambda section: len(section.items))
    sections = (
        replace(section, items=section.items[:-1]) if section is longest else section for section in digest.sections
    )
    return replace(digest, sections=tuple(section for section in sections if section.items))


def _one_section(edition: Edition) -> Digest:
    return Digest(edition=edition, sections=(Section("x", (), matched=0),), considered=0)


@lru_cache
def _number(number: int) -> bytes:
    return encode(f"{number:>3}")


def _filled(
    frame: Fragment, own: Mapping[str, str], content: Mapping[str, bytes], escaped: Callable[[str], str]
) -> bytes:
    """Fill a frame's slots with encoded content and a digest's texts, and leave placeholders for the subscriber's."""
    values = {wanted: content[wanted.name] for wanted in frame.slots if wanted.name in content}
    values |= {wanted: placeholder(wanted) for wanted in frame.slots if wanted.name in _SUBSCRIBER_SLOTS}
    values |= encode_values((wanted for wanted in frame.slots if wanted not in values), own, FILTERS, escaped)
    return frame.fill(values)


def _escaped(text: str) -> str:
    """Escape a text as lxml serializes it, which leaves quotes as they are."""
    return html.escape(text, quote=False)


def _decoded(bodies: Bodies) -> tuple[bytes, ...]:
    return tuple(a2b_qp(b"".join(part)) for part in (bodies.text, bodies.html or ()))

"""Rank and render once, assemble many: the messages of an edition, joined from fragments that were made once.

A paper's card is rendered, inlined and encoded once for each set of reasons that it is there for; the frames of
sections and pages once for each shape. What is left to do for a digest is to put its texts into the slots, and for a
reader to put in what only they have. The first message of each shape is held against the plain one
(`rendering.digest`): where they differ, a template of the site's own computes with what is not there yet, and its mail
is rendered one by one.
"""

from __future__ import annotations

import html
from binascii import a2b_qp
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache

from markupsafe import Markup

from newsletter.models import Digest, Edition, Item, Section, Style, Subscriber
from newsletter.rendering.context import CardContext, DigestContext, SectionContext
from newsletter.rendering.digest import Look, inline, render_html, render_text
from newsletter.rendering.digest_context import (
    card_context,
    digest_context,
    digest_phrases,
    section_contexts,
    subject_context,
    subscriber_context,
)
from newsletter.rendering.environment import FILTERS
from newsletter.rendering.fragments import (
    Fragment,
    cut,
    cut_later,
    cut_page,
    encode,
    has_clean_lines,
    later,
    slot,
    values_for,
)
from newsletter.rendering.links import FeedbackLinks

#: Gmail cuts a page off at about 102 KB; its foot, where one leaves, has to stay.
LARGEST_PAGE_B = 80 * 1024
#: What a reader's own texts may take of it.
_OWN_TEXTS_B = 2048
#: So many digests are kept put together, for the next readers of the same.
_KEPT = 256

#: Texts that only one reader has; they are put in last.
_READERS = frozenset({"token", "subscriber_name", "subscriber_email", "why", "unsubscribe_url", "preferences_url"})
#: Stands between fragments while a page is inlined; nothing that is escaped can hold it.
_BREAK = "<!--fragment-->"

CardKey = tuple[int, tuple[object, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bodies:
    """A message's subject, and its parts in quoted-printable."""

    subject: str
    #: To be joined.
    text: Sequence[bytes]
    html: Sequence[bytes] | None
    #: Whether it is known that all lines end with CRLF, and none begins with a dot.
    is_clean: bool = False


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that only one reader has."""

    unsubscribe_url: str
    #: "" where the site has no pages.
    preferences_url: str
    #: What is the same in all their feedback links; see `links.FeedbackLinks`.
    token: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A digest's messages, but for what only a reader has."""

    digest: Digest
    subject: str
    text: Fragment
    html: Fragment | None
    #: What the frame of its page depends on: which texts there are, and how many sections.
    shape: tuple[object, ...]
    #: Whether its lines end as they should, and none begins with a dot.
    is_clean: bool


@dataclass(frozen=True, slots=True)
class _Frames:
    """The fragments around what is put into them: of a card, a section or a page."""

    text: Fragment
    html: Fragment | None
    #: The links at the end of the text; only a card has these.
    links: Fragment | None = None


@dataclass
class Assembler:
    """Makes the bodies of one edition's messages in one look."""

    look: Look
    edition: Edition
    #: All of a feedback link's address but the token, or None for no such links.
    feedback_prefix: str | None = None
    #: Returns what a model said of papers in one line, in the look's language, by their ids.
    summaries: Callable[[Iterable[int]], Mapping[int, str]] = lambda _ids: {}
    #: Why messages are rendered one by one, if they are.
    is_plain_because: str = ""
    _made: dict[int, str] = field(default_factory=dict)
    _cards: dict[CardKey, _Frames] = field(default_factory=dict)
    _section_frames: dict[bool, _Frames] = field(default_factory=dict)
    _pages: dict[tuple[object, ...], _Frames] = field(default_factory=dict)
    _sections: dict[tuple[object, ...], tuple[bytes, bytes, bytes]] = field(default_factory=dict)
    _ready_digests: dict[int, tuple[Digest, Ready]] = field(default_factory=dict)
    _proven: set[tuple[object, ...]] = field(default_factory=set)

    # -- the fast way ---------------------------------------------------------------------------------

    def prepare(self, digests: Iterable[Digest]) -> None:
        """Make the cards that some digests need, all at once, which is cheaper than one after the other.

        Raises:
            TemplateError: A template is missing or broken.
        """
        items = {_key(item): item for digest in digests for item in digest.items}
        missing = {key: item for key, item in items.items() if key not in self._cards}
        if not missing:
            return
        self._made |= self.summaries([item.paper.id for item in missing.values()])
        contexts = [self._card_context(item, slot("number"), slot("token")) for item in missing.values()]
        html = self._inlined([self._render_card(context) for context in contexts])
        for key, context, fragment in zip(missing, contexts, html, strict=True):
            text, links = (cut(self.look.render(name, card=context)) for name in ("card.txt", "links.txt"))
            self._cards[key] = _Frames(text, fragment, links)

    def ready(self, digest: Digest) -> Ready:
        """Put together what all readers of a digest share; what does not fit into a page is left out of it.

        Raises:
            TemplateError: A template is missing or broken.
        """
        known = self._ready_digests.get(id(digest))
        if known is None:
            if len(self._ready_digests) >= _KEPT:
                self._ready_digests.pop(next(iter(self._ready_digests)))
            # The digest is kept with it, so that nothing else can get its identity.
            known = self._ready_digests[id(digest)] = digest, self._fitting(digest)
        return known[1]

    def _fitting(self, digest: Digest) -> Ready:
        self.prepare([digest])
        while True:
            ready = self._ready(digest)
            size = sum(map(len, ready.html.pieces)) if ready.html else 0
            if size + _OWN_TEXTS_B <= LARGEST_PAGE_B or len(digest.items) < 2:
                return ready
            if ready.html and sum(len(a2b_qp(piece)) for piece in ready.html.pieces) + _OWN_TEXTS_B <= LARGEST_PAGE_B:
                return ready
            digest = shortened(digest)

    def bodies(self, ready: Ready, subscriber: Subscriber, links: Links) -> Bodies:
        """Put in what only a reader has.

        Raises:
            TemplateError: A template is missing or broken.
        """
        if self.is_plain_because:
            return self._plain_bodies(ready, subscriber, links)
        own = subscriber_context(subscriber, self.look.language) | asdict(links)
        values = values_for(set(ready.text.slots), own, FILTERS, str)
        text, html = ready.text.filled(values), None
        is_clean = ready.is_clean and all(map(has_clean_lines, values.values()))
        if ready.html:
            values = values_for(set(ready.html.slots), own, FILTERS, _escaped)
            html = ready.html.filled(values)
            is_clean = is_clean and all(map(has_clean_lines, values.values()))
        bodies = Bodies(ready.subject, text, html, is_clean)
        if ready.shape not in self._proven:
            self._proven.add(ready.shape)
            plain = self._plain_bodies(ready, subscriber, links)
            if _decoded(bodies) != _decoded(plain):
                self.is_plain_because = "a template computes with a digest's or a reader's own texts"
                return plain
        return bodies

    def _ready(self, digest: Digest) -> Ready:
        words = self._words(digest)
        contexts = section_contexts(digest, self.look.site, self.look.language)
        first, parts = 1, [(b"", b"", b"")]
        for section, context in zip(digest.sections, contexts, strict=True):
            parts.append(self._section(section, context, first))
            first += len(section.items)
        texts, links, pages = (b"".join(part) for part in zip(*parts, strict=True))
        shape = (*map(bool, words.values()), len(digest.sections))
        page = self._page(shape, digest, words)
        own = words | {f"title{context.number}": context.title for context in contexts}
        own |= {f"shown{context.number}": context.shown for context in contexts}
        text = _filled(page.text, own, {"sections": texts, "links": links}, str)
        html = cut_later(_filled(page.html, own, {"sections": pages}, _escaped)) if page.html else None
        text_later = cut_later(text)
        is_clean = text_later.is_clean and (html is None or html.is_clean)
        return Ready(digest, words["subject"], text_later, html, shape, is_clean)

    def _section(self, section: Section, context: SectionContext, first: int) -> tuple[bytes, bytes, bytes]:
        """Return a section as text, the links of its papers, and as HTML; the reader's token is still to come."""
        keys = tuple(map(_key, section.items))
        known_as = (context, first, keys)
        if known_as in self._sections:
            return self._sections[known_as]
        frames = self._section_frame(bool(context.more))
        cards = [(self._cards[key], {"number": _number(number)}) for number, key in enumerate(keys, first)]
        text = b"".join(_filled(card.text, {}, number, str) for card, number in cards)
        links = b"".join(_filled(card.links, {}, number, str) for card, number in cards if card.links)
        html = b"".join(_filled(card.html, {}, number, _escaped) for card, number in cards if card.html)
        own = {name: getattr(context, name) for name in ("number", "title", "shown", "more")}
        made = (
            _filled(frames.text, own, {"cards": text}, str),
            links,
            _filled(frames.html, own, {"cards": html}, _escaped) if frames.html else b"",
        )
        self._sections[known_as] = made
        return made

    # -- fragments ------------------------------------------------------------------------------------

    def _section_frame(self, has_more: bool) -> _Frames:
        if has_more not in self._section_frames:
            web_url = section_contexts(_one_section(self.edition), self.look.site, self.look.language)[0].web_url
            context = SectionContext(
                number=slot("number"), title=slot("title"), shown=slot("shown"),
                more=slot("more") if has_more else "", web_url=web_url,
            )  # fmt: skip
            text = cut(self.look.render("section.txt", section=context, cards=slot("cards")))
            cards = Markup(slot("cards"))  # noqa: S704 - letters and digits
            (html,) = self._inlined([self.look.render("section.html", section=context, cards=cards)])
            self._section_frames[has_more] = _Frames(text, html)
        return self._section_frames[has_more]

    def _page(self, shape: tuple[object, ...], digest: Digest, words: Mapping[str, str]) -> _Frames:
        if shape not in self._pages:
            context = self._page_context(digest, words)
            text = self.look.render("digest.txt", digest=context, sections=slot("sections"), links=slot("links"))
            html = None
            if self.look.style is not Style.PLAIN:
                html = cut_page(inline(self._render_page(context)))
            self._pages[shape] = _Frames(cut(text), html)
        return self._pages[shape]

    def _page_context(self, digest: Digest, words: Mapping[str, str]) -> DigestContext:
        """Return a page's context with a slot for every text of the digest's or the reader's own."""
        stranger = Subscriber(id=0, email="", subscribed_at=self.edition.created_at, status_at=self.edition.created_at)
        context = digest_context(digest, stranger, site=self.look.site, language=self.look.language, unsubscribe_url="")
        sections = tuple(
            replace(section, title=slot(f"title{section.number}"), shown=slot(f"shown{section.number}"))
            for section in context.sections
        )
        open_texts = {name: slot(name) if text else "" for name, text in words.items()}
        own = {name: slot(name) for name in _READERS - {"token"}}
        return replace(context, sections=sections, **open_texts, **own)

    def _inlined(self, fragments: Sequence[str]) -> list[Fragment | None]:
        """Put the style on the elements of fragments where they will stand, in the middle of a page."""
        if self.look.style is Style.PLAIN:
            return [None] * len(fragments)
        digest = _one_section(self.edition)
        context = self._page_context(digest, self._words(digest))
        inside = _BREAK.join(("", *fragments, ""))
        _, *parts, _ = inline(self._render_page(context, inside)).split(_BREAK)
        return [cut_page(part) for part in parts]

    def _render_page(self, context: DigestContext, inside: str | None = None) -> str:
        sections = Markup(slot("sections") if inside is None else inside)  # noqa: S704 - rendered and escaped before
        return self.look.render("digest.html", digest=context, sections=sections)

    def _render_card(self, context: CardContext) -> str:
        return "" if self.look.style is Style.PLAIN else self.look.render("card.html", card=context)

    # -- the plain way --------------------------------------------------------------------------------

    def plain(self, digest: Digest, subscriber: Subscriber, links: Links) -> tuple[str, str, str | None]:
        """Render a message whole: its subject, text and HTML. The plain way, which the fast one is held against.

        Raises:
            TemplateError: A template is missing or broken.
        """
        words = self._words(digest)
        context = digest_context(
            digest,
            subscriber,
            site=self.look.site,
            language=self.look.language,
            unsubscribe_url=links.unsubscribe_url,
            preferences_url=links.preferences_url,
        )
        context = replace(context, subject=words["subject"], preheader=words["preheader"])
        numbers = iter(range(1, len(digest.items) + 1))
        cards = [
            [self._card_context(item, f"{next(numbers):>3}", links.token) for item in section.items]
            for section in digest.sections
        ]
        sections = list(zip(context.sections, cards, strict=True))
        html = render_html(self.look, context, sections) if self.look.style is not Style.PLAIN else None
        return words["subject"], render_text(self.look, context, sections), html

    def _plain_bodies(self, ready: Ready, subscriber: Subscriber, links: Links) -> Bodies:
        subject, text, html = self.plain(ready.digest, subscriber, links)
        return Bodies(subject, [encode(text)], None if html is None else [encode(html)])

    # -- words ----------------------------------------------------------------------------------------

    def _card_context(self, item: Item, number: str, token: str) -> CardContext:
        feedback = None if self.feedback_prefix is None else FeedbackLinks(self.feedback_prefix, token)
        made = self._made.get(item.paper.id, "")
        return card_context(
            item, number, site=self.look.site, language=self.look.language, feedback=feedback, made=made
        )

    def _words(self, digest: Digest) -> dict[str, str]:
        """Return the texts that a digest has of its own."""
        mail = subject_context(digest, self.look.language)
        return digest_phrases(digest, self.look.language) | {
            "subject": self.look.subject(mail),
            "preheader": self.look.preheader(mail),
        }


def shortened(digest: Digest) -> Digest:
    """Return a digest without the last paper of its longest section."""
    longest = max(digest.sections, key=lambda section: len(section.items))
    sections = (
        replace(section, items=section.items[:-1]) if section is longest else section for section in digest.sections
    )
    return replace(digest, sections=tuple(section for section in sections if section.items))


def _key(item: Item) -> CardKey:
    return item.paper.id, item.reasons, item.also


def _one_section(edition: Edition) -> Digest:
    return Digest(edition=edition, sections=(Section("x", (), matched=0),), considered=0)


@lru_cache
def _number(number: int) -> bytes:
    return encode(f"{number:>3}")


def _filled(
    frame: Fragment, own: Mapping[str, str], inside: Mapping[str, bytes], escaped: Callable[[str], str]
) -> bytes:
    """Fill a frame with a digest's own texts and with what is `inside`; what only a reader has is marked."""
    values = {wanted: inside[wanted.name] for wanted in frame.slots if wanted.name in inside}
    values |= {wanted: later(wanted) for wanted in frame.slots if wanted.name in _READERS}
    values |= values_for((wanted for wanted in frame.slots if wanted not in values), own, FILTERS, escaped)
    return frame.fill(values)


def _escaped(text: str) -> str:
    """Escape a text as the inlined page writes it, where quotes need not be."""
    return html.escape(text, quote=False)


def _decoded(bodies: Bodies) -> tuple[bytes, ...]:
    return tuple(a2b_qp(b"".join(part)) for part in (bodies.text, bodies.html or ()))

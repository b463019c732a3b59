"""The cards, rows and titles of an edition's papers, encoded once for all that a template reads of them.

What is personal about a paper (reasons, matched terms, other topics) counts only where the look's templates read it: a
row is one for all subscribers of a language and style. What is kept has a limit, so that memory does not grow with
subscribers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from itertools import islice
from typing import NamedTuple

from newsletter.models import Digest, Item, Style
from newsletter.rendering.card_context import OWN, PaperCard, informative_reasons, matched_details, sought_authors
from newsletter.rendering.digest import Look
from newsletter.rendering.fragments import Fragment, Slot, encode_values, slot, split_encoded
from newsletter.rendering.links import FeedbackLinks
from newsletter.rendering.shapes import Shapes
from newsletter.rendering.wrapping import FILTERS

#: How many fragments of a template are kept: of what serves everybody, and of what differs between subscribers.
_MAX_SHARED, _MAX_PERSONAL = 1500, 200
#: The texts of a card that depend on more than the paper.
_PERSONAL = OWN | {"byline", "lead", "is_full"}
_HIGHLIGHTED = frozenset({"finding", "abstract"})
_NOTHING = Fragment((b"",), ())

_Key = Hashable


class Shown(NamedTuple):
    """A paper as a digest shows it."""

    item: Item
    #: The topic of its section, or "".
    heading: str
    #: Whether it is a full card.
    is_full: bool


class CardParts(NamedTuple):
    """The fragments of a paper, with slots for its number and placeholders for the subscriber's token."""

    text: Fragment
    html: Fragment
    #: Its title at the top of the text, and of the page.
    text_glance: Fragment
    glance: Fragment


def ranked(digest: Digest, cards: int) -> list[list[Shown]]:
    """Return each section's papers; the best ones of the digest, as many as `cards`, are full cards."""
    best = {item.paper.id for item in sorted(digest.items, key=lambda item: -item.score)[:cards]}
    return [
        [Shown(item, section.topic, item.paper.id in best) for item in section.items] for section in digest.sections
    ]


@dataclass
class _Kept:
    """The fragments that one template makes of papers, the oldest first."""

    #: What the template reads of a card, as far as it is known; None before it was rendered.
    reads: frozenset[str] | None = None
    fragments: dict[_Key, Fragment] = field(default_factory=dict)

    def keys(self, papers: Sequence[Shown], *, has_matches: bool) -> list[_Key]:
        """Return all that the fragments of papers depend on."""
        personal = _PERSONAL & (self.reads or frozenset()) - (frozenset() if has_matches else _HIGHLIGHTED)
        if not personal:
            return [shown.item.paper.id for shown in papers]
        return [_key(shown, personal) for shown in papers]

    def add(self, made: Mapping[_Key, Fragment], reads: frozenset[str]) -> bool:
        """Keep fragments, unless their keys do not have all that the template reads, and return whether they have."""
        known, self.reads = self.reads, reads | (self.reads or frozenset())
        if self.reads != known:
            self.fragments.clear()
            return False
        self.fragments |= made
        most = _MAX_PERSONAL if OWN & self.reads else _MAX_SHARED
        for key in list(islice(self.fragments, max(0, len(self.fragments) - most))):
            del self.fragments[key]
        return True


@dataclass
class Cards:
    """The cards of one look."""

    look: Look
    shapes: Shapes
    #: URL of feedback links up to the token, or None for messages without them.
    feedback_prefix: str | None
    #: Returns the generated summaries of papers by their ids, in the look's language.
    summaries: Callable[[Iterable[int]], Mapping[int, str]]
    #: The cards of another look, whose plain text is that of this one, too.
    of_text: Cards | None = None
    #: By the id of each paper of which it was asked; "" for none.
    _summaries: dict[int, str] = field(default_factory=dict)
    #: By template, and whether it renders full cards; None for those that render both alike.
    _kept: dict[tuple[str, bool | None], _Kept] = field(default_factory=lambda: defaultdict(_Kept))

    def find(self, papers: Sequence[Shown]) -> list[CardParts]:
        """Return the fragments of papers; those that are not kept are rendered together.

        Raises:
            TemplateError: A template is missing or broken.
        """
        pages = lines = [_NOTHING] * len(papers)
        if self.look.style is not Style.PLAIN:
            self._ask_for_summaries(papers)
            names = {is_full: self.look.card_template(is_full=is_full) for is_full in (False, True)}
            pages, lines = self._by_size(names, papers), self._of(("line.html", None), papers)
        texts, titles = (self.of_text or self).texts(papers)
        return list(map(CardParts, texts, pages, titles, lines))

    def texts(self, papers: Sequence[Shown]) -> tuple[list[Fragment], list[Fragment]]:
        """Return the plain text of papers, and their titles at the top of it.

        Raises:
            TemplateError: A template is missing or broken.
        """
        self._ask_for_summaries(papers)
        return self._by_size({False: "card.txt", True: "card.txt"}, papers), self._of(("line.txt", None), papers)

    def _ask_for_summaries(self, papers: Sequence[Shown]) -> None:
        if asked := {shown.item.paper.id for shown in papers} - self._summaries.keys():
            self._summaries |= dict.fromkeys(asked, "") | dict(self.summaries(asked))

    def card(self, shown: Shown, number: str, token: str, *, has_matches: bool = True) -> PaperCard:
        """Return the context of a paper's card."""
        item, heading, is_full = shown
        feedback = None if self.feedback_prefix is None else FeedbackLinks(self.feedback_prefix, token)
        return PaperCard(
            item, number, site=self.look.site, language=self.look.language, feedback=feedback,
            made=self._summaries.get(item.paper.id, ""), heading=heading, is_full=is_full,
            has_matches=has_matches,
        )  # fmt: skip

    def _by_size(self, names: Mapping[bool, str], papers: Sequence[Shown]) -> list[Fragment]:
        """Return the fragments of rows and full cards, in the order of the papers."""
        made = {
            is_full: iter(self._of((name, is_full), [shown for shown in papers if shown.is_full == is_full]))
            for is_full, name in names.items()
        }
        return [next(made[shown.is_full]) for shown in papers]

    def _of(self, template: tuple[str, bool | None], papers: Sequence[Shown]) -> list[Fragment]:
        kept, has_matches = self._kept[template], self.shapes.highlights(template[0])
        if papers and kept.reads is None:
            kept.add({}, self._render(template[0], papers[:1])[1])
        while True:
            keys = kept.keys(papers, has_matches=has_matches)
            missing = {key: shown for key, shown in zip(keys, papers, strict=True) if key not in kept.fragments}
            if not missing:
                return [kept.fragments[key] for key in keys]
            known = {key: kept.fragments[key] for key in keys if key in kept.fragments}
            rendered, reads = self._render(template[0], list(missing.values()))
            made = dict(zip(missing, rendered, strict=True))
            if kept.add(made, reads):
                known |= made
                return [known[key] for key in keys]

    def _render(self, template: str, papers: Sequence[Shown]) -> tuple[list[Fragment], frozenset[str]]:
        """Return the fragments of papers, and what the template read of them."""
        has_matches = self.shapes.highlights(template)
        cards = [self.card(shown, slot("number"), slot("token"), has_matches=has_matches) for shown in papers]
        fragments = [_parsed(encoded) for encoded in self.shapes.render([(template, card) for card in cards])]
        return fragments, frozenset().union(*(card.reads for card in cards))


def numbered(part: Fragment, number: int, *, is_html: bool) -> Sequence[bytes]:
    """Return a part of a paper with its number in the digest, in pieces."""
    pieces, slots = part.pieces, part.slots
    if not slots:
        return pieces
    if len(slots) == 1:
        return pieces[0], _number(number, slots[0], is_html=is_html), pieces[1]
    return part.filled([_number(number, wanted, is_html=is_html) for wanted in part.places])


def _key(shown: Shown, reads: frozenset[str]) -> _Key:
    item = shown.item
    return (
        item.paper.id,
        "is_full" in reads and shown.is_full,
        sought_authors(item) if "lead" in reads or "byline" in reads else (),
        matched_details(item) if "finding" in reads or "abstract" in reads else (),
        informative_reasons(item, shown.heading) if "reasons" in reads else (),
        item.also if "also" in reads else (),
    )


@lru_cache(maxsize=1024)
def _number(number: int, wanted: Slot, *, is_html: bool) -> bytes:
    escaped = (lambda text: escape(text, quote=False)) if is_html else str
    return encode_values([wanted], {"number": f"{number:>3}"}, FILTERS, escaped)[wanted]


def _parsed(encoded: bytes) -> Fragment:
    """Return a fragment with slots for the number only, and placeholders for others."""
    if b"\0number" not in encoded:
        return Fragment((encoded,), ())
    fragment = split_encoded(encoded)
    return fragment.with_placeholders({wanted.name for wanted in fragment.slots} - {"number"})

"""The cards, rows and titles of an edition's papers, encoded once for all that a template reads of them.

What is personal about a paper (reasons, matched terms, other topics) counts only where the look's templates read it: a
row is one for all subscribers of a language and style. What is kept has a limit, so that memory does not grow with
subscribers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import compress
from typing import Any, NamedTuple

from newsletter.models import Digest, Item, Style
from newsletter.rendering.card_context import OWN, PaperCard, informative_reasons, matched_details, sought_authors
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import best_first
from newsletter.rendering.fragments import ATTRIBUTE, Fragment, encode, encode_values, slot, split_encoded
from newsletter.rendering.links import FeedbackLinks
from newsletter.rendering.shapes import Shapes, forget_oldest
from newsletter.rendering.wrapping import FILTERS

#: How many fragments of a template are kept: of what serves everybody, and of what differs between subscribers.
_MAX_SHARED, _MAX_PERSONAL = 1500, 800
#: How many papers of a look are kept with their fragments: as everybody gets them (1 to 2 KB), as some do (2 to 6 KB).
_MAX_ROWS, _MAX_OWN = 1500, 1000
#: The texts of a card that depend on more than the paper.
_PERSONAL = OWN | {"byline", "lead", "is_full"}
_HIGHLIGHTED = frozenset({"finding", "abstract"})

_Key = Hashable
#: The texts that were made of papers, whatever the template, while some parts are made together.


class _MadeTexts(defaultdict[_Key, dict[str, Any]]):
    """The texts of papers that templates have in common, while the parts of these papers are made together."""

    def __init__(self) -> None:
        super().__init__(dict)


class Shown(NamedTuple):
    """A paper as a digest shows it."""

    item: Item
    #: The topic of its section, or "".
    heading: str
    #: Whether it is a full card.
    is_full: bool


#: A part of a paper: pieces that are to be joined by its number (`bytes.join`), or what has the number otherwise.
Part = tuple[bytes, ...] | Fragment


class CardParts(NamedTuple):
    """The parts of a paper, with placeholders for the subscriber's token."""

    text: Part
    #: Its title at the top of the text.
    text_glance: Part
    #: Empty without HTML.
    html: Part = (b"",)
    #: Its title at the top of the page.
    glance: Part = (b"",)


def ranked(digest: Digest, cards: int) -> list[list[Shown]]:
    """Return each section's papers; the best ones of the digest, as many as `cards`, are full cards."""
    best = {item.paper.id for item in best_first(digest.items)[:cards]}
    return [
        [Shown(item, section.topic, item.paper.id in best) for item in section.items] for section in digest.sections
    ]


@dataclass
class _Kept:
    """The fragments that one template makes of papers, the oldest first."""

    #: What the template reads of a card, as far as it is known; None before it was rendered.
    reads: frozenset[str] | None = None
    fragments: dict[_Key, Part] = field(default_factory=dict)

    @property
    def is_personal(self) -> bool:
        """Whether they depend, or may depend, on more than the paper and the sought authors."""
        return self.reads is None or not OWN.isdisjoint(self.reads)

    def keys(self, papers: Sequence[Shown], *, has_matches: bool) -> list[_Key]:
        """Return all that the fragments of papers depend on."""
        personal = _PERSONAL & (self.reads or frozenset()) - (frozenset() if has_matches else _HIGHLIGHTED)
        if not personal:
            return [shown.item.paper.id for shown in papers]
        return [_key(shown, personal) for shown in papers]

    def add(self, made: Mapping[_Key, Part], reads: frozenset[str]) -> bool:
        """Keep fragments, unless their keys do not have all that the template reads, and return whether they have."""
        known, self.reads = self.reads, reads | (self.reads or frozenset())
        if self.reads != known:
            self.fragments.clear()
            return False
        self.fragments |= made
        most = _MAX_PERSONAL if OWN & self.reads else _MAX_SHARED
        forget_oldest(self.fragments, most)
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
    #: The cards of another look, whose rows and titles in HTML are those of this one, too.
    of_rows: Cards | None = None
    #: By the id of each paper of which it was asked; "" for none.
    _summaries: dict[int, str] = field(default_factory=dict)
    #: By template, and whether it renders full cards; None for those that render both alike.
    _kept: dict[tuple[str, bool | None], _Kept] = field(default_factory=lambda: defaultdict(_Kept))
    #: All fragments of a paper by what they depend on, the oldest first: of those that are not full cards, if they do
    #: not differ between subscribers, and of others.
    _rows: dict[_Key, CardParts] = field(default_factory=dict)
    _own: dict[_Key, CardParts] = field(default_factory=dict)

    def find(self, papers: Sequence[Shown]) -> list[CardParts]:
        """Return the fragments of papers; those that are not kept are rendered together.

        Raises:
            TemplateError: A template is missing or broken.
        """
        while True:
            is_shared = self._has_shared_rows()
            wanted = [
                (self._own, _whole_key(shown)) if shown.is_full or not is_shared else (self._rows, _row_key(shown.item))
                for shown in papers
            ]
            found = [kept.get(key) for kept, key in wanted]
            missing = {key: shown for (_, key), shown, parts in zip(wanted, papers, found, strict=True) if not parts}
            if not missing:
                return [parts for parts in found if parts]
            made = dict(zip(missing, self._make(list(missing.values())), strict=True))
            if is_shared and not self._has_shared_rows():  # a template reads more than was known
                self._rows.clear()
                continue
            whole = [parts or made[key] for (_, key), parts in zip(wanted, found, strict=True)]
            for (kept, key), parts in zip(wanted, whole, strict=True):
                if key in made:
                    kept[key] = parts
            forget_oldest(self._rows, _MAX_ROWS)
            forget_oldest(self._own, _MAX_OWN)
            return whole

    def _has_shared_rows(self) -> bool:
        """Return whether what is not a full card depends on the paper and the sought authors alone."""
        has_html = self.look.style is not Style.PLAIN
        return (self.of_text or self).shares_text and (not has_html or (self.of_rows or self).shares_rows)

    @property
    def shares_text(self) -> bool:
        """Whether the plain text of a paper that is not a full card is known to be the same for all subscribers."""
        return not self._kept["card.txt", False].is_personal and not self._kept["line.txt", None].is_personal

    @property
    def shares_rows(self) -> bool:
        """Whether the row and the title of a paper in HTML are known to be the same for all subscribers."""
        return not self._kept[self._row, None].is_personal and not self._kept["line.html", None].is_personal

    @cached_property
    def _row(self) -> str:
        return self.look.card_template(is_full=False)

    def _make(self, papers: Sequence[Shown]) -> list[CardParts]:
        texts = _MadeTexts()
        columns = [*(self.of_text or self).texts(papers, texts)]
        if self.look.style is not Style.PLAIN:
            card = self.look.card_template(is_full=True)
            is_card = [shown.is_full and card != self._row for shown in papers]
            full = iter(self._of((card, True), list(compress(papers, is_card)), texts))
            rest = [shown for shown, is_full in zip(papers, is_card, strict=True) if not is_full]
            rows, lines = (self.of_rows or self).rows(rest, papers, texts)
            row = iter(rows)
            columns += [next(full if is_full else row) for is_full in is_card], lines
        return [CardParts(*parts) for parts in zip(*columns, strict=True)]

    def rows(
        self, papers: Sequence[Shown], titled: Sequence[Shown], texts: _MadeTexts
    ) -> tuple[list[Part], list[Part]]:
        """Return the rows of papers, and the titles of others at the top of the page.

        Raises:
            TemplateError: A template is missing or broken.
        """
        return self._of((self._row, None), papers, texts), self._of(("line.html", None), titled, texts)

    def texts(self, papers: Sequence[Shown], texts: _MadeTexts) -> tuple[list[Part], list[Part]]:
        """Return the plain text of papers, and their titles at the top of it.

        Raises:
            TemplateError: A template is missing or broken.
        """
        made = {
            is_full: iter(
                self._of(("card.txt", is_full), [shown for shown in papers if shown.is_full == is_full], texts)
            )
            for is_full in (False, True)
        }
        return [next(made[shown.is_full]) for shown in papers], self._of(("line.txt", None), papers, texts)

    def _ask_for_summaries(self, papers: Sequence[Shown]) -> None:
        if asked := {shown.item.paper.id for shown in papers} - self._summaries.keys():
            self._summaries |= dict.fromkeys(asked, "") | dict(self.summaries(asked))

    def card(
        self, shown: Shown, number: str, token: str, *, has_matches: bool = True, texts: _MadeTexts | None = None
    ) -> PaperCard:
        """Return the context of a paper's card."""
        item, heading, is_full = shown
        feedback = None if self.feedback_prefix is None else FeedbackLinks(self.feedback_prefix, token)
        return PaperCard(
            item, number, site=self.look.site, language=self.look.language, feedback=feedback,
            made=self._summaries.get(item.paper.id, ""), heading=heading, is_full=is_full,
            has_matches=has_matches, made_texts=None if texts is None else texts[_row_key(item)],
        )  # fmt: skip

    def _of(self, template: tuple[str, bool | None], papers: Sequence[Shown], texts: _MadeTexts) -> list[Part]:
        self._ask_for_summaries(papers)
        kept, has_matches = self._kept[template], self.shapes.highlights(template[0])
        if papers and kept.reads is None:
            kept.add({}, self._render(template[0], papers[:1], texts)[1])
        while True:
            keys = kept.keys(papers, has_matches=has_matches)
            missing = {key: shown for key, shown in zip(keys, papers, strict=True) if key not in kept.fragments}
            if not missing:
                return [kept.fragments[key] for key in keys]
            known = {key: kept.fragments[key] for key in keys if key in kept.fragments}
            rendered, reads = self._render(template[0], list(missing.values()), texts)
            made = dict(zip(missing, rendered, strict=True))
            if kept.add(made, reads):
                known |= made
                return [known[key] for key in keys]

    def _render(self, template: str, papers: Sequence[Shown], texts: _MadeTexts) -> tuple[list[Part], frozenset[str]]:
        """Return the fragments of papers, and what the template read of them."""
        has_matches = self.shapes.highlights(template)
        cards = [
            self.card(shown, slot("number"), slot("token"), has_matches=has_matches, texts=texts) for shown in papers
        ]
        fragments = [_part(encoded) for encoded in self.shapes.render([(template, card) for card in cards])]
        return fragments, frozenset().union(*(card.reads for card in cards))


def numbered(papers: Sequence[CardParts]) -> tuple[list[bytes], ...]:
    """Return the parts of a digest's papers with their numbers: a list for each field of `CardParts`."""
    if not papers:
        return [], [], [], []
    numbers = _numbers(len(papers))
    return tuple(
        [
            _with_number(part, number) if isinstance(part, Fragment) else encoded.join(part)
            for part, (number, encoded) in zip(column, numbers, strict=True)
        ]
        for column in zip(*papers, strict=True)
    )


def _with_number(part: Fragment, number: str) -> bytes:
    return part.fill(encode_values(part.distinct, {"number": number}, FILTERS, str))


@lru_cache(maxsize=64)
def _numbers(most: int) -> tuple[tuple[str, bytes], ...]:
    """Return the numbers of papers, and how they are written."""
    texts = [f"{number:>3}" for number in range(1, most + 1)]
    return tuple([(text, encode(text)) for text in texts])


def _whole_key(shown: Shown) -> _Key:
    """Return all that the fragments of a paper may depend on."""
    item, heading, is_full = shown
    reasons = tuple([(reason.kind, reason.detail) for reason in item.reasons])
    return item.paper.id, is_full, heading, item.also, reasons


def _row_key(item: Item) -> _Key:
    sought = sought_authors(item)
    return (item.paper.id, sought) if sought else item.paper.id


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


def _part(encoded: bytes) -> Part:
    """Return a part of a paper, split at its numbers, with placeholders for all else."""
    if b"\0number|" not in encoded:  # as templates write it, the same wherever it stands
        return tuple(encoded.split(b"\0number\0"))
    fragment = split_encoded(encoded)
    fragment = fragment.with_placeholders({wanted.name for wanted in fragment.slots} - {"number"})
    is_plain = all(calls in ((), (ATTRIBUTE,)) for _, calls in fragment.slots)  # a number has no quotes
    return fragment.pieces if is_plain else fragment

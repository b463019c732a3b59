"""Cards of one shape: rendered and inlined once with slots for all texts, and filled for each paper.

Inlining the styles of a card takes a hundred times as long as filling it, and reasons and highlights make nearly every
card of a morning another one. Two cards have the same shape if the same texts are empty, if their lists are as long,
and if their texts have the same quotes, by which lxml chooses those of attributes.

Only templates that print are shaped (`printing`), and the first card of each shape is compared with the card that is
rendered and inlined as a whole. A card with a text that lxml would write otherwise is made as a whole as well.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from types import SimpleNamespace
from typing import Any

from newsletter.rendering.card_context import FIELDS, OWN, PaperCard
from newsletter.rendering.card_shape import (
    PIECES,
    NoShapeError,
    PaperValues,
    Shape,
    Texts,
    fill_shape,
    parse_shape,
    quotes,
)
from newsletter.rendering.context import LinkContext, PieceContext
from newsletter.rendering.digest import Look
from newsletter.rendering.fragments import (
    CARD,
    placeholder,
    slot,
    split_html,
    split_text,
)
from newsletter.rendering.printing import printed_names

#: The most shapes of a look that are kept: a shape takes about 3 KB.
_MAX_SHAPES = 512
#: How many papers are kept with the values of their cards, by template: about 3 KB each.
_MAX_PAPERS = 1600
#: Texts of which what matches may be highlighted.
_HIGHLIGHTED = frozenset(PIECES)
_FLAGS = ("is_summary", "is_sentence")
_STYLE_SHEET = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
#: Template, whether the card is full, and the shapes of what is the paper's and of what is a subscriber's own.
_ShapeKey = tuple[str, bool, tuple[object, ...], tuple[object, ...]]


@dataclass
class Shapes:
    """The shapes of the cards of one look."""

    look: Look
    #: Renders a page with this content, and inlines its styles.
    page: Callable[[str], str]
    inline: Callable[[Sequence[str]], list[str]]
    _shapes: dict[_ShapeKey, Shape] = field(default_factory=dict)
    #: The numbers of places, by which the values of papers are kept: some for each template.
    _numbers: dict[Hashable, int] = field(default_factory=dict)
    #: By template and paper: its cards, of which only what is a subscriber's own is to be filled in.
    _papers: dict[tuple[object, ...], PaperValues] = field(default_factory=dict)
    #: The names that a template prints; none if it has no shapes.
    _prints: dict[str, frozenset[str]] = field(default_factory=dict)
    #: What is read of a card, by template and whether the card is full, as far as it is known.
    _reads: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict)

    def render(self, wanted: Sequence[tuple[str, PaperCard]]) -> list[bytes]:
        """Return cards by their templates, inlined and encoded, with placeholders for numbers and tokens.

        Raises:
            TemplateError: A template is missing or broken.
        """
        found = [self._known(name, card) for name, card in wanted]
        new = [n for n, filled in enumerate(found) if filled is None]
        for n, made in zip(new, self._render_anew([wanted[n] for n in new]), strict=True):
            found[n] = made
        return [filled for filled in found if filled is not None]

    def _known(self, name: str, card: PaperCard) -> bytes | None:
        """Return the card of a paper that had one before, if their own texts had these shapes; else None."""
        paper = self._papers.get((name, card.shows_all, card.paper_key))
        if paper is None:
            return None
        own_shape, texts = _shape_of(card, self._own(name, card), by_script=self.look.language.joins_by_script)
        shape = self._shapes.get((name, card.shows_all, paper.shape, own_shape))
        return None if shape is None else paper.fill(shape, texts)

    def _render_anew(self, wanted: Sequence[tuple[str, PaperCard]]) -> list[bytes]:
        read = [self._read(name, card) for name, card in wanted]
        self._make({key: n for n, (key, _) in enumerate(read) if key and key not in self._shapes}, wanted, read)
        found = [self._fill(*one, key, texts) for one, (key, texts) in zip(wanted, read, strict=True)]
        left = [n for n, filled in enumerate(found) if filled is None]
        names = [wanted[n][0] for n in left]
        for n, whole in zip(left, self._finished(names, [self._whole(*wanted[n]) for n in left]), strict=True):
            found[n] = _whole_card(wanted[n][0], whole)
        forget_oldest(self._shapes, _MAX_SHAPES)
        return [filled for filled in found if filled is not None]

    def _fill(self, name: str, card: PaperCard, key: _ShapeKey | None, texts: Texts) -> bytes | None:
        """Return a card by its shape, and keep what the others of its paper have in common with it."""
        shape = None if key is None else self._shapes.get(key)
        if key is None or shape is None:
            return None
        if not self._own(name, card):  # so that it is not made again
            return fill_shape(shape, texts)
        known_as = name, card.shows_all, card.paper_key
        paper = self._papers.get(known_as) or PaperValues(key[2])
        if not paper.add(shape, texts):
            return None
        self._papers[known_as] = paper
        forget_oldest(self._papers, _MAX_PAPERS)
        return paper.fill(shape, texts)

    def _own(self, name: str, card: PaperCard) -> frozenset[str]:
        """Return the texts of a card that are a subscriber's own, as far as a template is known to read them."""
        own = self._reads.get((name, card.shows_all), frozenset()) & OWN
        return own if card.has_matches else own - _HIGHLIGHTED

    def highlights(self, name: str) -> bool:
        """Return whether a template may print the pieces of a text that match otherwise than the others."""
        self._look_at(name)
        return not self._prints[name] or bool(self._prints[name] & {"is_hit", "text"})

    def _look_at(self, name: str) -> None:
        if name not in self._prints:
            is_styled_by_texts = _is_html(name) and any("[" in sheet for sheet in _STYLE_SHEET.findall(self.page("")))
            printed = printed_names(self.look.template(name))
            self._prints[name] = frozenset() if is_styled_by_texts else printed

    def _read(self, name: str, card: PaperCard) -> tuple[_ShapeKey | None, Texts]:
        """Return the shape of a card by a template, and its texts; no shape if the template has none."""
        self._look_at(name)
        if not self._prints[name]:
            return None, {}
        known = self._reads.get((name, card.shows_all))
        if known is None:
            self._whole(name, card)
            known = self._reads[name, card.shows_all] = card.reads
        by_script, own = self.look.language.joins_by_script, self._own(name, card)
        shape, texts = _shape_of(card, known - own, by_script=by_script)
        own_shape, own_texts = _shape_of(card, own, by_script=by_script)
        return (name, card.shows_all, shape, own_shape), texts | own_texts

    def _make(
        self,
        missing: Mapping[_ShapeKey, int],
        wanted: Sequence[tuple[str, PaperCard]],
        read: Sequence[tuple[_ShapeKey | None, Texts]],
    ) -> None:
        """Make the missing shapes, each by the first card that has it, and compare this with the card as a whole."""
        sources = []
        for n in missing.values():
            name, card = wanted[n]
            sources += [self.look.render(name, card=_skeleton(card, read[n][1])), self._whole(name, card)]
        inlined = iter(self._finished([wanted[n][0] for n in missing.values() for _ in range(2)], sources))
        for (key, n), skeleton, whole in zip(missing.items(), inlined, inlined, strict=False):
            name, card = wanted[n]
            if card.reads - self._reads[name, card.shows_all]:  # shapes depend on more than was known
                self._reads[name, card.shows_all] |= card.reads
                self._forget(name)
            elif self._prints[name] and key == self._read(name, card)[0]:
                self._add(key, self._own(name, card), skeleton, _whole_card(name, whole), read[n][1])

    def _add(self, key: _ShapeKey, own: AbstractSet[str], skeleton: str, whole: bytes, texts: Texts) -> None:
        """Add a shape that makes a card as the template does as a whole; without it, render each card as a whole."""
        name = key[0]
        try:
            shape = parse_shape(skeleton, is_html=_is_html(name), own=own, numbers=self._numbers)
        except NoShapeError:
            filled: bytes | None = b""
        else:
            filled = fill_shape(shape, texts)
        if filled is None:  # the shape is made by the next card that can be compared
            return
        if a2b_qp(filled) == a2b_qp(whole):
            self._shapes[key] = shape
        else:
            self._prints[name] = frozenset()
            self._forget(name)

    def _forget(self, name: str) -> None:
        self._shapes = {key: shape for key, shape in self._shapes.items() if key[0] != name}
        self._papers.clear()

    def _finished(self, names: Sequence[str], sources: Sequence[str]) -> list[str]:
        """Inline the styles of what is HTML."""
        inlined = iter(self.inline([source for name, source in zip(names, sources, strict=True) if _is_html(name)]))
        return [next(inlined) if _is_html(name) else source for name, source in zip(names, sources, strict=True)]

    def _whole(self, name: str, card: PaperCard) -> str:
        return self.look.render(name, card=card)


def forget_oldest(kept: dict[Any, Any], most: int) -> None:
    """Remove what was kept first, until no more than `most` are left."""
    for key in list(islice(kept, max(0, len(kept) - most))):
        del kept[key]


# -- what a shape depends on --------------------------------------------------------------------------


def _shape_of(
    card: PaperCard, names: frozenset[str], *, by_script: bool
) -> tuple[tuple[object, ...], dict[str, str | tuple[PieceContext, ...]]]:
    """Return the shape of a card, and its texts by the names of slots; `by_script`: lists depend on the script."""
    shape: list[object] = []
    texts: dict[str, str | tuple[PieceContext, ...]] = {}
    for name in names:
        value = getattr(card, name)
        if isinstance(value, bool):
            shape.append(value)
        elif isinstance(value, str):
            if name != "number":
                shape.append(quotes(value))
                texts[name] = value
        elif name in PIECES:
            shape.append(bool(value))
            texts[name] = value
        elif name == "links":
            for n, link in enumerate(value):
                texts[f"links.{n}.label"], texts[f"links.{n}.url"] = link.label, link.url
                shape.append((quotes(link.label), quotes(link.url)))
            shape.append(len(value))
        else:
            for n, text in enumerate(value):
                texts[f"{name}.{n}"] = text
                shape.append(quotes(text) + ("" if not by_script or _is_latin(text) else "漢"))
            shape.append(len(value))
    return tuple(shape), texts


def _is_latin(text: str) -> bool:
    return text.replace("\u00a0", " ").isascii()


def _skeleton(card: PaperCard, texts: Texts) -> SimpleNamespace:
    """Return the context of a card with a slot for each text, which has the quotes and the script of the text."""

    def of(name: str, *, by_script: bool = False) -> str:
        text = str(texts[name])
        signs = quotes(text).strip("-") + ("漢" if by_script and not _is_latin(text) else "")
        return slot(f"{CARD}{name}{signs}") if text else ""

    made: dict[str, object] = {"number": slot("number"), "is_full": card.shows_all}
    for name in FIELDS - made.keys():
        if name in PIECES:
            pieces = (PieceContext(slot(f"{CARD}{name}.{n}"), n == 1) for n in range(3))
            made[name] = tuple(pieces) if texts.get(name) else ()
        elif name in texts:
            made[name] = of(name)
        elif name in _FLAGS:
            made[name] = name in card.reads and getattr(card, name)
        elif name == "links":
            numbers = range(sum(one.startswith("links.") for one in texts) // 2)
            made[name] = tuple(LinkContext(of(f"links.{n}.label"), of(f"links.{n}.url")) for n in numbers)
        else:
            numbers = range(sum(one.startswith(f"{name}.") for one in texts))
            made[name] = tuple(of(f"{name}.{n}", by_script=True) for n in numbers)
    return SimpleNamespace(**made)


def _is_html(template: str) -> bool:
    return template.endswith(".html")


def _whole_card(template: str, finished: str) -> bytes:
    """Return a card that was rendered as a whole, with placeholders for its slots."""
    fragment = split_html(finished) if _is_html(template) else split_text(finished)
    return fragment.fill({wanted: placeholder(wanted) for wanted in fragment.slots})

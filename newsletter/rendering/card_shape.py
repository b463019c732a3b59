"""A card with slots for its texts: where they are, and how each is written there.

lxml writes attributes in its own way: it chooses their quotes by those in the value, and encodes what a URL should not
have. What it would write otherwise than the slot was written is not filled in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote as quote_url

from newsletter.rendering.context import PieceContext
from newsletter.rendering.fragments import (
    ATTRIBUTE,
    CARD,
    Slot,
    composed_parts,
    encode,
    placeholder,
    split_slots,
)
from newsletter.rendering.wrapping import FILTERS

#: The most values that are kept encoded, of all looks.
_MAX_VALUES = 8192
#: Each is a sequence of pieces, with a mark around those that match.
PIECES = ("finding", "abstract")
#: Their values end in the slot of the subscriber's token.
_FEEDBACK = ("more_url", "less_url")
#: What lxml percent-encodes in an attribute that is a URL depends on its version (libxml2, htmlAttrDumpOutput): spaces
#: and what is not ASCII in any case, these never.
_VISIBLE = "".join(map(chr, range(33, 127)))
_URL = re.compile(r"[A-Za-z0-9_.!~*'()@/:=?;#%&,+-]*")
_URL_ATTRIBUTES = ("href", "src", "action", "name")
#: Attributes by which elements are styled.
_STYLED = ("class", "id", "style")
_OPEN_ATTRIBUTE = re.compile(r"""([\w:-]+)=(?:"[^"]*|'[^']*)$""")
#: Where text is neither escaped nor parsed.
_RAW = (("<!--", "-->"), ("<style", "</style"), ("<script", "</script"), ("<title", "</title"))
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Texts = Mapping[str, "str | tuple[PieceContext, ...]"]


class _Text(NamedTuple):
    """A text of a card, with the filters that a template applies to it."""

    name: str
    filters: tuple[str, ...] = ()


class _Place(NamedTuple):
    """A slot of a shape, and how its text is written there."""

    #: The texts that are joined there, in turn with what is between them.
    texts: tuple[str | _Text, ...]
    #: Applied when they are joined.
    filters: tuple[str, ...] = ()
    is_html: bool = True
    is_url: bool = False
    #: How lxml writes the double quotes of an attribute; "" elsewhere.
    quote: str = ""
    #: What is around a piece that matches, encoded; None for other texts.
    marks: tuple[bytes, bytes] | None = None
    #: The name of a text that stands alone, or "".
    name: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A card, split where its texts are filled in."""

    pieces: tuple[bytes, ...]
    places: tuple[_Place, ...]
    #: The number of each place, equal for equal ones; -1 for those that have a text of a subscriber's own.
    numbers: tuple[int, ...]
    #: Where those are.
    own: tuple[int, ...]
    #: The names of the texts that stand beside such a text.
    beside: frozenset[str]


@dataclass(slots=True)
class PaperValues:
    """What the cards of a paper have in common, whatever is a subscriber's own in them."""

    #: What their shapes depend on, but for what is a subscriber's own.
    shape: tuple[object, ...]
    #: By the numbers of places.
    values: dict[int, bytes] = field(default_factory=dict)
    #: Texts that stand beside one of a subscriber's own.
    beside: dict[str, str | tuple[PieceContext, ...]] = field(default_factory=dict)

    def add(self, shape: Shape, texts: Texts) -> bool:
        """Add what is in a card of this shape; return whether all of its texts are written as their slots."""
        for number, place in zip(shape.numbers, shape.places, strict=True):
            if number >= 0 and number not in self.values:
                value = _filled_place(place, texts)
                if value is None:
                    return False
                self.values[number] = value
        self.beside |= {name: texts[name] for name in shape.beside if name in texts}
        return True

    def fill(self, shape: Shape, own: Texts) -> bytes | None:
        """Return the card with a subscriber's own texts.

        Returns:
            None if something in it was not added, or if a text would be written otherwise than its slot.
        """
        texts = {**self.beside, **own} if self.beside else own
        filled = list(map(self.values.get, shape.numbers))
        for at in shape.own:
            filled[at] = _filled_place(shape.places[at], texts)
        return None if None in filled else _joined_pieces(shape, filled)


class NoShapeError(Exception):
    """A template puts a text where it cannot be filled in."""


def parse_shape(
    skeleton: str, *, is_html: bool, own: AbstractSet[str] = frozenset(), numbers: dict[Hashable, int] | None = None
) -> Shape:
    """Split a skeleton, inlined if it is HTML, at its slots.

    Args:
        skeleton: A card with slots.
        is_html: Whether it is HTML.
        own: The texts that are a subscriber's own, without the numbers of lists.
        numbers: The numbers of places in other shapes, to which those of this one are added.

    Raises:
        NoShapeError: A text is where it cannot be filled in.
    """
    parts = split_slots(skeleton)
    pieces, places, before, n = [encode(parts[0])], list[_Place](), parts[0], 1
    while n < len(parts):
        if (name := _name_of_pieces(parts[n : n + 5 : 2])) and not (is_html and _is_in_tag(before)):
            marks = encode(parts[n + 1]), encode(parts[n + 3])
            places.append(_Place((_Text(name),), is_html=is_html, marks=marks, name=name))
            n += 4
        else:
            first, *filters = html.unescape(parts[n]).split("|")
            texts = tuple(_joined(composed_parts(first) or ["", first, ""]))
            name = texts[0].name if len(texts) == 1 and isinstance(texts[0], _Text) and not texts[0].filters else ""
            place = _Place(texts, tuple(filters), is_html, name=name)
            places.append(_in_html(place, parts[n], before) if is_html else place)
        pieces.append(encode(parts[n + 1]))
        before += parts[n + 1]
        n += 2
    return _numbered(pieces, places, own, {} if numbers is None else numbers)


def _numbered(
    pieces: Iterable[bytes], places: Sequence[_Place], own: AbstractSet[str], numbers: dict[Hashable, int]
) -> Shape:
    read = [[one.name for one in place.texts if isinstance(one, _Text)] for place in places]
    is_own = [any(name.partition(".")[0] in own for name in names) for names in read]
    beside = {name for names, has_own in zip(read, is_own, strict=True) if has_own for name in names}
    return Shape(
        tuple(pieces),
        tuple(places),
        tuple(
            -1 if has_own else numbers.setdefault(place, len(numbers))
            for place, has_own in zip(places, is_own, strict=True)
        ),
        tuple(at for at, has_own in enumerate(is_own) if has_own),
        frozenset(name for name in beside if name.partition(".")[0] not in own),
    )


def _name_of_pieces(names: Sequence[str]) -> str:
    """Return the text of which these are the slots of all three pieces of the skeleton, or ""."""
    return next((one for one in PIECES if list(names) == [f"{CARD}{one}.{n}" for n in range(3)]), "")


def _joined(parts: Sequence[str]) -> Iterator[str | _Text]:
    """Yield what is joined: pieces in turn with the names of texts.

    Raises:
        NoShapeError: The pieces of a text are taken apart.
    """
    n = 0
    while n < len(parts):
        if parts[n]:
            yield parts[n]
        if n + 1 < len(parts):
            name, *filters = parts[n + 1].split("|")
            if (pieces := _name_of_pieces(parts[n + 1 : n + 6 : 2])) and not any(parts[n + 2 : n + 5 : 2]):
                yield _Text(pieces)
                n += 4
            elif "." in name and name.removeprefix(CARD).partition(".")[0] in PIECES:
                raise NoShapeError
            else:
                yield _Text(name.removeprefix(CARD).rstrip("\"'漢"), tuple(filters))
        n += 2


def _in_html(place: _Place, called: str, before: str) -> _Place:
    """Return a place with how its text is written in HTML.

    Raises:
        NoShapeError: It cannot be filled in there.
    """
    if any(before.rfind(begin) > before.rfind(end) for begin, end in _RAW):
        raise NoShapeError
    is_feedback = any(isinstance(text, _Text) and text.name in _FEEDBACK for text in place.texts)
    if not _is_in_tag(before):
        if is_feedback:
            raise NoShapeError
        return place
    attribute = _OPEN_ATTRIBUTE.search(before)
    if attribute is None or attribute[1] in _STYLED or (is_feedback and (not place.name or place.filters)):
        raise NoShapeError
    return place._replace(is_url=attribute[1] in _URL_ATTRIBUTES, quote="&quot;" if "&quot;" in called else '"')


def _is_in_tag(before: str) -> bool:
    return before.rfind("<") > before.rfind(">")


def fill_shape(shape: Shape, texts: Texts) -> bytes | None:
    """Return a card of a shape; None if a text would be written otherwise than its slot."""
    filled = [_filled_place(place, texts) for place in shape.places]
    return None if None in filled else _joined_pieces(shape, filled)


def _joined_pieces(shape: Shape, filled: Sequence[bytes | None]) -> bytes:
    parts: list[bytes | None] = [None] * (2 * len(filled) + 1)
    parts[::2], parts[1::2] = shape.pieces, filled
    return b"".join(parts)  # type: ignore[arg-type]  # none is None


def _filled_place(place: _Place, texts: Texts) -> bytes | None:
    name = place.name
    if place.marks is not None:
        return _filled_pieces(place, texts[name])
    if name == "number":
        return placeholder(Slot(name, (*place.filters, *((ATTRIBUTE,) if place.quote else ()))))
    if place.is_html and name in _FEEDBACK:
        return _filled_feedback(str(texts[name]))
    if name:
        text = texts.get(name)  # none if its quotes are percent-encoded in an attribute
        if not isinstance(text, str):
            return None if text is None else _value(_plain(text), *place[1:5])
        return _value(text, *place[1:5])
    return _joined_value(place, texts)


def _joined_value(place: _Place, texts: Texts) -> bytes | None:
    given, joined = "", ""
    for one in place.texts:
        if isinstance(one, str):
            joined += one
            continue
        text = texts.get(one.name)
        plain = text if isinstance(text, str) else _plain(text or ())
        if text is None or plain != plain.strip():  # functions of templates strip what they join
            return None
        given += plain
        joined += _prepared(plain, one.filters) if one.filters else plain
    is_quoted_otherwise = place.quote and quotes(joined) != quotes(given)
    return None if is_quoted_otherwise else _value(joined, *place[1:5])


def _plain(pieces: Iterable[PieceContext]) -> str:
    return "".join([piece.text for piece in pieces])


def _prepared(text: str, filters: Sequence[str]) -> str:
    for call in filters:
        name, *arguments = call.split(" ")
        text = FILTERS[name](text, *arguments)
    return text


def _filled_pieces(place: _Place, pieces: object) -> bytes | None:
    opening, closing = place.marks or (b"", b"")
    parts: list[bytes] = []
    for piece in pieces:  # type: ignore[attr-defined]
        if _ODD.search(piece.text):
            return None
        value = encode(html.escape(piece.text, quote=False) if place.is_html else piece.text)
        parts += (opening, value, closing) if piece.is_hit else (value,)
    return b"".join(parts)


def _filled_feedback(text: str) -> bytes | None:
    prefix, *rest = split_slots(text)
    if rest != ["token", ""] or not _URL.fullmatch(prefix):
        return None
    return encode(html.escape(prefix, quote=False)) + placeholder(Slot("token", (ATTRIBUTE,)))


@lru_cache(_MAX_VALUES)
def _value(text: str, filters: tuple[str, ...], is_html: bool, is_url: bool, quote: str) -> bytes | None:
    """Filter, escape and encode a text; None if it would be written otherwise than its slot."""
    filtered = _prepared(text, filters)
    if is_url:
        filtered = quote_url(filtered, safe=_VISIBLE)
    if text != text.strip() or _ODD.search(filtered) or (is_url and not _URL.fullmatch(filtered)):
        return None
    if quote and quotes(filtered) != quotes(text):
        return None
    escaped = html.escape(filtered, quote=False) if is_html else filtered
    return encode(escaped.replace('"', quote) if quote else escaped)


def quotes(text: str) -> str:
    """Return the quotes by which lxml chooses those of an attribute; "-" for a text without, "" for none."""
    if '"' not in text:
        return "-" if text else ""
    return "\"'" if "'" in text else '"'

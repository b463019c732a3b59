"""Text with slots, as quoted-printable fragments that are joined into the parts of messages.

A page is rendered once with a slot for every text that differs between digests or subscribers. The slot's delimiters
are drawn at random by each process, so that no text from outside can forge one. The page is then split at its slots
and encoded (RFC 2045, 6.7: lines of at most 76 characters); joining the fragments with encoded values makes any number
of parts. A slot is surrounded by soft line breaks, so that its value can be joined without measuring lines. No line
begins with a dot, so that SMTP needs no dot-stuffing (RFC 5321, 4.5.2).
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

_OPEN, _CLOSE = f"q{secrets.token_hex(8)}z", f"z{secrets.token_hex(4)}q"
_SLOT = re.compile(f"{_OPEN}(.*?){_CLOSE}")
_LINE = 76
#: How many placeholders are kept with their slots.
_MAX_PLACEHOLDERS = 1024
#: A pseudo filter that marks slots within a tag.
ATTRIBUTE = "attribute"
#: How the slots of a card's texts begin, and those of texts that were joined with such.
CARD, _COMPOSED = "c:", "c:="
#: Between the parts of such a text, and for its vertical bars, which separate filters.
_BETWEEN, _BAR = "\x02", "\x03"
#: Text that quoted-printable leaves as it is, and that fits on two lines, if the second does not begin with a dot.
_PLAIN = re.compile(r"(?!\.)[ -<>-~]{1,150}")
#: Python writes a space before a line end as =20, even if the line becomes too long by it.
_TRAILING_SPACE_TOO_LONG = re.compile(rb"(?m)^(.{74,75})(=20|=09)$")


class Slot(NamedTuple):
    """A place for a value in a text."""

    name: str
    #: Template filters with their arguments ("wrap 3 0 0"), applied when the slot is filled.
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fragment:
    """A quoted-printable text, split at its slots."""

    #: One more than slots.
    pieces: tuple[bytes, ...]
    slots: tuple[Slot, ...]

    def with_placeholders(self, names: AbstractSet[str]) -> Fragment:
        """Return the text with placeholders for some slots, as part of the pieces."""
        pieces, slots = [self.pieces[0]], []
        for wanted, piece in zip(self.slots, self.pieces[1:], strict=True):
            if wanted.name in names:
                pieces[-1] += placeholder(wanted) + piece
            else:
                slots.append(wanted)
                pieces.append(piece)
        return Fragment(tuple(pieces), tuple(slots))

    @cached_property
    def distinct(self) -> dict[Slot, None]:
        """Its slots, each once, in the order of their first places."""
        return dict.fromkeys(self.slots)

    def fill(self, values: Mapping[Slot, bytes]) -> bytes:
        """Return the text with its slots filled by encoded values."""
        parts = [b""] * (2 * len(self.pieces) - 1)
        parts[::2] = self.pieces
        parts[1::2] = map(values.__getitem__, self.slots)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A quoted-printable text, split at its placeholders."""

    #: Pieces, in turn with the names of placeholders: what is between their marks.
    parts: Sequence[bytes]
    #: The slots that placeholders stand for, by their names.
    slots: Mapping[bytes, Slot]

    @classmethod
    def of(cls, encoded: bytes) -> Unfilled:
        """Split a text at its placeholders."""
        parts = encoded.split(b"\0")
        return cls(parts, {name: _PLACEHOLDERS[name] for name in dict.fromkeys(parts[1::2])})

    def filled(self, values: Mapping[bytes, bytes]) -> list[bytes]:
        """Return pieces and encoded values in turn, to be joined; values are by the names of placeholders."""
        parts = list(self.parts)
        parts[1::2] = map(values.__getitem__, parts[1::2])
        return parts


def has_clean_lines(piece: bytes) -> bool:
    """Return whether all lines of a piece of a message end with CRLF and none begins with a dot."""
    ends = piece.count(b"\r\n")
    if piece.count(b"\n") != ends or piece.count(b"\r") != ends:
        return False
    return not piece.startswith(b".") and b"\n." not in piece


def slot(name: str) -> str:
    """Return the text that stands for a slot in a template's output."""
    return f"{_OPEN}{name}{_CLOSE}"


def defer_filter(text: str, filter_name: str, *arguments: object) -> str | None:
    """Return a slot with one more filter if `text` is a slot, or has slots of a card's texts in it; else None."""
    if _OPEN not in text:
        return None
    call = " ".join(map(str, (filter_name, *arguments)))
    parts = _SLOT.split(text)
    if len(parts) == 3 and not parts[0] and not parts[2]:
        return slot(f"{parts[1]}|{call}")
    if all(name.startswith(CARD) and not name.startswith(_COMPOSED) for name in parts[1::2]):
        return slot(f"{_COMPOSED}{_BETWEEN.join(parts).replace('|', _BAR)}|{call}")
    return None


def composed_parts(name: str) -> list[str] | None:
    """Return the pieces of a text and the names of the slots in it, in turn, if `name` stands for these; else None."""
    if not name.startswith(_COMPOSED):
        return None
    return name.removeprefix(_COMPOSED).replace(_BAR, "|").split(_BETWEEN)


def split_slots(text: str) -> list[str]:
    """Split a text at its slots: pieces in turn with the names of slots, the first and the last a piece."""
    return _SLOT.split(text)


def split_text(text: str) -> Fragment:
    """Encode plain text that has slots."""
    parts = _SLOT.split(text)
    return Fragment(tuple(map(encode, parts[::2])), tuple(map(_parse_slot, parts[1::2])))


def split_html(page: str) -> Fragment:
    """Encode HTML that has slots; quotes are escaped in the values of slots within a tag."""
    parts = _SLOT.split(page)
    for position in range(1, len(parts), 2):
        before = "".join(parts[:position:2])
        if before.rfind("<") > before.rfind(">"):
            parts[position] += f"|{ATTRIBUTE}"
    return Fragment(tuple(map(encode, parts[::2])), tuple(map(_parse_slot, parts[1::2])))


def encode(text: str) -> bytes:
    """Encode a text as quoted-printable; a last line without a line end ends in a soft line break.

    All lines end with CRLF and none begins with a dot, also if such texts are joined.

    The text is encoded with one more character at its end, which leaves room for the soft line break.
    """
    if _PLAIN.fullmatch(text):  # fast path: most names, addresses, links, tokens and titles
        first, second = text[: _LINE - 1], text[_LINE - 1 :]
        if not second:
            return f"{first}=\r\n".encode()
        if second[0] != ".":
            return f"{first}=\r\n{second}=\r\n".encode()
    if not text:
        return b""
    encoded = binascii.b2a_qp(
        text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace") + b"z", istext=True
    )[:-1]
    if not encoded.endswith(b"\n"):
        encoded += b"=\n"
    if b"\n." in encoded or encoded.startswith(b"."):
        encoded = re.sub(rb"(?m)^(\.+)(.*)$", _encode_dots, encoded)
    if b"=20\n" in encoded or b"=09\n" in encoded:
        encoded = _TRAILING_SPACE_TOO_LONG.sub(rb"\1=\n\2", encoded)
    return encoded.replace(b"\n", b"\r\n")


@lru_cache(maxsize=1024)
def placeholder(unfilled: Slot) -> bytes:
    """Return the mark that stands for an unfilled slot in quoted-printable; NUL never occurs there otherwise."""
    return b"\0" + "|".join((unfilled.name, *unfilled.filters)).encode() + b"\0"


def split_encoded(encoded: bytes) -> Fragment:
    """Split quoted-printable text at its placeholders."""
    parts = encoded.split(b"\0")
    return Fragment(tuple(parts[::2]), tuple(map(_PLACEHOLDERS.__getitem__, parts[1::2])))


def encode_values(
    slots: Iterable[Slot],
    texts: Mapping[str, str],
    filters: Mapping[str, Callable[..., str]],
    escape: Callable[[str], str],
) -> dict[Slot, bytes]:
    """Filter, escape and encode the text of each slot.

    Args:
        slots: The slots to fill.
        texts: The texts by the names of slots.
        filters: The template filters by name.
        escape: Escapes a text after its filters: `html.escape` for HTML, `str` for plain text.
    """
    return {wanted: encode_value(texts[wanted.name], wanted.filters, filters, escape) for wanted in slots}


def encode_value(
    text: str, calls: Sequence[str], filters: Mapping[str, Callable[..., str]], escape: Callable[[str], str]
) -> bytes:
    """Filter, escape and encode the text of one slot."""
    for call in calls:
        name, *arguments = call.split(" ")
        if name != ATTRIBUTE:
            text = filters[name](text, *arguments)
    text = escape(text)
    return encode(text.replace('"', "&quot;") if ATTRIBUTE in calls else text)


@lru_cache
def _parse_slot(name: str) -> Slot:
    first, *filters = name.split("|")
    return Slot(first, tuple(filters))


class _Placeholders(dict[bytes, Slot]):
    """Slots by what is between the marks of their placeholders: those of templates."""

    def __missing__(self, name: bytes) -> Slot:
        if len(self) >= _MAX_PLACEHOLDERS:
            self.clear()
        self[name] = parsed = _parse_slot(name.decode())
        return parsed


_PLACEHOLDERS = _Placeholders()


def _encode_dots(line: re.Match[bytes]) -> bytes:
    """Write the leading dots of a line as =2E, on as many lines as they need."""
    dots, rest = line.groups()
    written = b"=2E" * len(dots)
    *full, last = (written[start : start + 72] for start in range(0, len(written), 72))
    tail = last + rest if len(last) + len(rest) <= _LINE else last + b"=\n" + rest
    return b"".join(part + b"=\n" for part in full) + tail

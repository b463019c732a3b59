"""Text with places left open → quoted-printable, ready for a mail but for what goes into these places.

A page is rendered once with a slot wherever a digest or a reader has words of their own: a name that nobody outside can
know, since it is drawn anew by every process. Cut at its slots and encoded (RFC 2045, 6.7: lines of at most 76
characters), it makes any number of mails by joining. A slot begins and ends on a line of its own, by soft line breaks,
so that what is put in need not be measured. No line begins with a dot, so that SMTP has none to stuff (RFC 5321,
4.5.2).
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_OPEN, _CLOSE = f"q{secrets.token_hex(8)}z", f"z{secrets.token_hex(4)}q"
_SLOT = re.compile(f"{_OPEN}(.*?){_CLOSE}")
_LINE = 76
_ATTRIBUTE = "attribute"
#: Under another name, for translators look for words of ours in what is called "count".
_times = bytes.count
#: What is the same in quoted-printable, and fits into a line.
_PLAIN = re.compile(r"[A-Za-z0-9_@/:?&%+~-][A-Za-z0-9_@/:?&%+~.-]{0,73}")
#: A space at the end of a line is written as =20, and Python forgets that it may not fit there any more.
_SPACE_BEYOND = re.compile(rb"(?m)^(.{74,75})(=20|=09)$")


class Slot(NamedTuple):
    """A place left open: what goes there, and by which filters."""

    name: str
    #: As "wrap 3 0 0"; filters of the templates, put off until there is something to work on.
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fragment:
    """A text in quoted-printable, cut at its slots."""

    #: One more than there are slots.
    pieces: tuple[bytes, ...]
    slots: tuple[Slot, ...]

    @property
    def is_clean(self) -> bool:
        """Whether all its pieces are; a slot's text is for others to judge."""
        return all(map(has_clean_lines, self.pieces))

    def fill(self, values: Mapping[Slot, bytes]) -> bytes:
        """Return it with something in every slot, as `encode` makes it or `fill` itself."""
        return b"".join(self.filled(values))

    def filled(self, values: Mapping[Slot, bytes]) -> list[bytes]:
        """Return what `fill` joins."""
        parts = [b""] * (2 * len(self.pieces) - 1)
        parts[::2] = self.pieces
        parts[1::2] = [values[slot] for slot in self.slots]
        return parts


def has_clean_lines(piece: bytes) -> bool:
    """Whether, where this piece of a letter is, all lines end as they should, and none can begin with a dot."""
    ends = _times(piece, b"\r\n")
    if _times(piece, b"\n") != ends or _times(piece, b"\r") != ends:
        return False
    return not piece.startswith(b".") and b"\n." not in piece


def slot(name: str) -> str:
    """Return what stands for a place left open in a text."""
    return f"{_OPEN}{name}{_CLOSE}"


def put_off(text: str, filter_name: str, *arguments: object) -> str | None:
    """Return a slot that asks for one filter more, if the text is one; else None."""
    match = _SLOT.fullmatch(text)
    asked = " ".join(map(str, (filter_name, *arguments)))
    return slot(f"{match[1]}|{asked}") if match else None


def cut(text: str) -> Fragment:
    """Encode a text that has slots."""
    parts = _SLOT.split(text)
    return Fragment(tuple(map(encode, parts[::2])), tuple(map(_slot, parts[1::2])))


def cut_page(page: str) -> Fragment:
    """Encode HTML that has slots; those within a tag are marked, since quotes must be escaped there."""
    parts = _SLOT.split(page)
    for place in range(1, len(parts), 2):
        before = "".join(parts[:place:2])
        if before.rfind("<") > before.rfind(">"):
            parts[place] += f"|{_ATTRIBUTE}"
    return Fragment(tuple(map(encode, parts[::2])), tuple(map(_slot, parts[1::2])))


def encode(text: str) -> bytes:
    """Encode a text; where it ends in the middle of a line, the line is broken softly.

    A letter is put after it while it is encoded, so that there is room for the break.
    """
    if _PLAIN.fullmatch(text):  # as most names, addresses and tokens are
        return f"{text}=\r\n".encode()
    if not text:
        return b""
    encoded = binascii.b2a_qp(
        text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace") + b"z", istext=True
    )[:-1]
    if not encoded.endswith(b"\n"):
        encoded += b"=\n"
    if b"\n." in encoded or encoded.startswith(b"."):
        encoded = re.sub(rb"(?m)^(\.+)(.*)$", _without_dot, encoded)
    if _SPACE_BEYOND.search(encoded):
        encoded = _SPACE_BEYOND.sub(rb"\1=\n\2", encoded)
    return encoded.replace(b"\n", b"\r\n")


def later(wanted: Slot) -> bytes:
    """Return what marks, in quoted-printable, that a slot is still to be filled."""
    return b"\0" + "|".join((wanted.name, *wanted.filters)).encode() + b"\0"


def cut_later(encoded: bytes) -> Fragment:
    """Cut what is encoded already at its marks."""
    parts = encoded.split(b"\0")
    return Fragment(tuple(parts[::2]), tuple(_slot(name.decode()) for name in parts[1::2]))


def values_for(
    slots: Iterable[Slot],
    texts: Mapping[str, str],
    filters: Mapping[str, Callable[..., str]],
    escape: Callable[[str], str],
) -> dict[Slot, bytes]:
    """Encode the texts that go into slots, each after its filters."""
    values = {}
    for wanted in slots:
        text = texts[wanted.name]
        for asked in wanted.filters:
            name, *arguments = asked.split(" ")
            if name != _ATTRIBUTE:
                text = filters[name](text, *arguments)
        text = escape(text)
        values[wanted] = encode(text.replace('"', "&quot;") if _ATTRIBUTE in wanted.filters else text)
    return values


@lru_cache
def _slot(name: str) -> Slot:
    first, *filters = name.split("|")
    return Slot(first, tuple(filters))


def _without_dot(line: re.Match[bytes]) -> bytes:
    """Write the dots that a line begins with as =2E."""
    dots, rest = line.groups()
    written = b"=2E" * len(dots)
    *full, last = (written[start : start + 72] for start in range(0, len(written), 72))
    tail = last + rest if len(last) + len(rest) <= _LINE else last + b"=\n" + rest
    return b"".join(part + b"=\n" for part in full) + tail

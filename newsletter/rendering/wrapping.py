"""Lines of plain text: wrapped at 72 columns, of which a Chinese or Japanese character takes two (UAX #11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate, takewhile
from unicodedata import east_asian_width

from newsletter.rendering.fragments import defer_filter
from newsletter.text import shorten

_TEXT_WIDTH = 72
_WIDE = "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
#: What no line begins with, and what none ends with (JIS X 4051, GB/T 15834).
_CLOSING = "，。、；：！？）」』】》〉〕”’…‥・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ.,;:!?)\\]%"
_OPENING = "（「『【《〈〔“‘(\\["
_HAS_WIDE = re.compile(f"[{_WIDE}]")
#: Blocks that have characters of two columns.
_MAY_BE_WIDE = re.compile("[^\x00-\u10ff\u2000-\u2319]")
#: What is not broken: a word, or one wide character, with the marks that stay with it.
_UNIT = re.compile(f"[{_OPENING}]*(?:[{_WIDE}]|[^{_WIDE}{_OPENING}]+)[{_CLOSING}]*|[{_OPENING}]+")


def wrap(text: str, indent: int | str = 0, first: int | str | None = None, used: int | str = 0) -> str:
    """Wrap a paragraph at 72 columns without breaking words; Chinese and Japanese break between characters.

    Args:
        text: The paragraph; its spaces are squeezed.
        indent: Columns to indent lines by.
        first: Columns to indent the first line by, if other than `indent`.
        used: Columns of the first line that are taken already; it is not indented then.
    """
    if deferred := defer_filter(text, "wrap", indent, indent if first is None else first, used):
        return deferred
    return _wrapped(text, int(indent), int(indent if first is None else first), int(used))


# The sentences of a paper are wrapped for each language and style.
@lru_cache(maxsize=4096)
def _wrapped(text: str, indent: int, first: int, used: int) -> str:
    if not _MAY_BE_WIDE.search(text):
        return _wrapped_narrow(text, indent, first, used)
    line = "" if used else " " * first
    lines, width, is_empty = [], used + len(line), True
    measure = len if text.isascii() else columns
    for separator, unit in _units(text):
        taken = measure(unit)
        if is_empty:
            line, width, is_empty = line + unit, width + taken, False
        elif width + len(separator) + taken <= _TEXT_WIDTH:
            line, width = f"{line}{separator}{unit}", width + len(separator) + taken
        else:
            lines.append(line)
            line, width = " " * indent + unit, indent + taken
    return "\n".join([*lines, line]).replace("\u00a0", " ")  # `unbroken` has had its effect


def _wrapped_narrow(text: str, indent: int, first: int, used: int) -> str:
    """Wrap a paragraph of which each character takes one column."""
    rest = " ".join(filter(None, text.split(" ")))
    begin = "" if used else " " * first
    room, lines = _TEXT_WIDTH - used - len(begin), list[str]()
    while len(rest) > room:
        end = rest.rfind(" ", 0, max(0, room + 1))
        if end < 0 and (end := rest.find(" ")) < 0:  # a word that is longer than the line
            break
        lines.append(begin + rest[:end])
        rest, begin, room = rest[end + 1 :], " " * indent, _TEXT_WIDTH - indent
    return "\n".join([*lines, begin + rest]).replace("\u00a0", " ")


def underline(text: str, character: str = "-") -> str:
    """Wrap a heading and underline it with `character`."""
    if deferred := defer_filter(text, "underline", character):
        return deferred
    return f"{wrap(text)}\n{character * min(columns(text), _TEXT_WIDTH)}"


def unbroken(text: str) -> str:
    """Replace spaces by no-break spaces, so that `wrap` and browsers keep a short text such as "8 comments" whole."""
    return defer_filter(text, "unbroken") or text.replace(" ", "\u00a0")


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return (
        len(text) if not _MAY_BE_WIDE.search(text) else sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
    )


def shorten_to(text: str, width: int | str) -> str:
    """Return at most `width` columns of a text: whole sentences, or whole words and "…" (see `text.shorten`)."""
    if deferred := defer_filter(text, "shorten", width):
        return deferred
    room = int(width)
    if columns(text) == len(text):
        return shorten(text, room)
    taken = accumulate(map(columns, text))
    return shorten(text, sum(1 for end in takewhile(lambda end: end <= room, taken)))


def _units(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is not broken, each with what separates it from what is before."""
    if not _HAS_WIDE.search(text):
        yield from ((" ", word) for word in text.split(" ") if word)
        return
    for word in text.split(" "):
        if not _HAS_WIDE.search(word):
            if word:
                yield " ", word
            continue
        separator = " "
        for unit in _UNIT.findall(word):
            yield separator, unit
            separator = ""


#: The filters that templates may apply to slots as well; they run when the slot is filled.
FILTERS: dict[str, Callable[..., str]] = {
    "wrap": wrap, "underline": underline, "unbroken": unbroken, "shorten": shorten_to,
}  # fmt: skip

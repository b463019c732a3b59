"""Normalize text for storing, comparing and reading. Pure functions over `str`; none of them raises."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from newsletter.limits import COMBINING_MARKS

# -- storing --------------------------------------------------------------------------------------

# Characters that reorder or hide the text around them: bidi embeddings, overrides and isolates (Unicode TR 36, 3.2),
# zero-width space and word joiner, byte-order mark, soft hyphen. Joiners (U+200C, U+200D) stay: Persian
# and emoji need them.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


# What may be a combining mark, once it is decomposed: only such runs are looked at character by character. The two
# halfwidth voiced sound marks are letters, and decompose to marks.
_MARKS = re.compile(rf"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){{{COMBINING_MARKS + 1},}}")


def stream_safe(text: str) -> str:
    """Return text with at most 30 combining marks on each character (UAX #15, section 13); the others are dropped."""
    return text if text.isascii() else _MARKS.sub(_without_excess, text)


def _without_excess(run: re.Match[str]) -> str:
    kept: list[str] = []
    count = 0
    for character in run[0]:
        marks = sum(map(bool, map(unicodedata.combining, unicodedata.normalize("NFKD", character))))
        # A character that is not a mark itself may decompose to one with marks, on which further ones are stacked.
        count = count + marks if _is_mark(character) else marks
        if count <= COMBINING_MARKS:
            kept.append(character)
    return "".join(kept)


def _is_mark(character: str) -> bool:
    """Return whether a character combines with the one before it, as it is or once it is decomposed."""
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0


def normalize(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return text in a normalization form, in linear time: only here is text normalized."""
    return unicodedata.normalize(form, stream_safe(text))


def squeeze(text: str) -> str:
    """Return text in NFC on one line: no control, surrogate or bidi characters, single spaces, trimmed."""
    text = text.replace("\n", " ")
    # The fast path for clean text, which most is: nothing that is removed below is printable.
    if text.isprintable() and "  " not in text and (text.isascii() or unicodedata.is_normalized("NFC", text)):
        return text.strip()
    text = _SURROGATE.sub("\ufffd", text)
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text))
    return " ".join(normalize("NFC", text).split())


# -- comparing ------------------------------------------------------------------------------------

# Letters with a stroke or a ligature, which no normalization form takes apart.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "’": "'"})
_ACCENTS = re.compile("[\u0300-\u036f]")


def fold(text: str) -> str:
    """Return text in lower case and without accents; the full-text index holds words that are folded like this."""
    if text.isascii():
        return text.lower()
    folded = normalize("NFKD", text).casefold()
    return normalize("NFC", _ACCENTS.sub("", folded)).translate(_STROKES) or folded


_PUNCTUATION = bytes(code for code in range(128) if not chr(code).isalnum())


def title_key(title: str) -> str:
    """Return the key by which titles are compared: letters and digits only, folded, with "and" for "&".

    Sources disagree on hyphens, dashes, dollar signs, line breaks and accents, but agree on the letters. The store has
    hashes of keys: whoever changes them adds a migration, as m026 is one.
    """
    folded = fold(title).replace("&", "and")
    if folded.isascii() and (key := folded.encode().translate(None, _PUNCTUATION)):
        return key.decode()
    return "".join(filter(str.isalnum, folded)) or squeeze(folded)


def title_hash(title: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a title's `title_key`."""
    return hashlib.sha256(title_key(title).encode("utf-8", "replace")).hexdigest()[:16]


# -- reading --------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]]*(?=\s+\S|(?<=[。！？])|$)")
_NOT_AN_END = re.compile(
    r"\b(?:e\.g|i\.e|a\.k\.a|w\.r\.t|i\.i\.d|al|vs|cf|ca|viz|[Ff]igs?|[Ee]qs?|Secs?|Refs?|Tab|resp|approx|incl|Dr|Prof|Mrs?"
    r"|Ms|St|Nos?|Art|Phys|Rev|Lett|Proc|Vol|pp)\.$"
)
#: "J." before "Smith", not before "We"; the "V" of "RISC-V" and the "C" of "85 °C" are no initials.
_INITIAL = re.compile(r"(?:(?<![\w°′+/–-])|(?<=\.-))[A-Z]\.$")
_FIRST_WORD = re.compile(
    r"\s+(?:We|The|This|These|Our|In|It|Its|However|To|For|Here|Using|By|As|An?|Results|Experiments|Moreover|Finally)\b(?!\.)"
)
#: These may end a sentence, if no number follows.
_BEFORE_NUMBER = re.compile(r"\b(?:avg|max|min|sec|est|no|c)\.$")
_NUMBER = re.compile(r"\s+\d")
#: No sentence begins so: with a word in small letters, unless it may be a name such as "mRNA" or "k-means".
_GOES_ON = re.compile(r"\s+(?:[a-z]{2,}(?![\w-])|[–—,;])")
#: The length of the longest abbreviation with its full stop, and the character before it.
_LOOK_BACK = 8
#: No sentence ends between a parenthesis and the next, if these are not farther apart.
_IN_PARENTHESES = 120


def sentences(text: str) -> list[str]:
    """Split a text into sentences; abbreviations such as "e.g." and "et al." do not end one."""
    ends = [0, *sentence_ends(text)]
    found = [text[start:end].strip() for start, end in pairwise([*ends, len(text)])]
    return found if found[-1] else found[:-1]


def sentence_ends(text: str) -> Iterator[int]:
    """Yield the position after each sentence, from the first on."""
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
        before = max(0, end - _LOOK_BACK)
        is_inside = (
            _GOES_ON.match(text, end)
            or _NOT_AN_END.search(text, before, end)
            or (_INITIAL.search(text, before, end) and not _FIRST_WORD.match(text, end))
            or (_NUMBER.match(text, end) and _BEFORE_NUMBER.search(text, before, end))
            or _is_in_parentheses(text, end)
        )
        if not is_inside:
            yield end


def _is_in_parentheses(text: str, place: int) -> bool:
    start, stop = max(0, place - _IN_PARENTHESES), place + _IN_PARENTHESES
    opened, closed = text.rfind("(", start, place), text.rfind(")", start, place)
    if opened <= closed:
        return False
    closes, opens = text.find(")", place, stop), text.find("(", place, stop)
    return closes != -1 and (opens == -1 or closes < opens)


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of text: whole sentences if they fill 40 %, else whole words and "…"."""
    if len(text) <= limit:
        return text
    head = text[: limit + 1]
    end = max((end for end in sentence_ends(head) if end <= limit), default=0)
    if end >= limit * 0.4 and end:
        return head[:end]
    cut = head[:limit].rfind(" ")
    return head[: cut if cut > limit // 2 else limit - 1].rstrip(" ,;:–—-") + "…"


def whole_sentences(text: str, limit: int) -> str:
    """Return the first sentences of text that fit into `limit` characters.

    If they fill less than 40 %, another one may exceed the limit by half; if not even one fits, see `shorten`.
    """
    if len(text) <= limit:
        return text
    taken: list[str] = []
    length = 0
    for sentence in sentences(text[: 2 * limit]):  # of which the last one never fits
        longer = length + len(sentence) + (length > 0)
        if longer > (limit if length >= limit * 0.4 else limit * 1.5):
            break
        taken.append(sentence)
        length = longer
    return " ".join(taken) or shorten(text, limit)


def counted(number: int, noun: str) -> str:
    """Return "1 paper" or "3 papers"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"

"""How each language joins and marks texts: colons, lists, quotation marks, capitals.

Translators write sentences; what joins values is put on here, so that no code does it the English way.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typography:
    """The marks of one language."""

    #: Between a label and its value, and after a label at the end of a line.
    colon: str = ": "
    #: Between the members of a list, of a list whose members have commas, and between sentences.
    comma: str = ", "
    semicolon: str = "; "
    space: str = " "
    quotes: tuple[str, str] = ("“", "”")
    #: Whether a heading that begins with the name of a day or a month gets a capital.
    capitalizes_headings: bool = False


#: French has no-break spaces; the narrow one (U+202F) is not in the fonts of every mail program.
TYPOGRAPHY = {
    "en": Typography(),
    "de": Typography(quotes=("„", "“")),
    "es": Typography(quotes=("«", "»"), capitalizes_headings=True),
    "fr": Typography(
        colon="\u00a0: ", semicolon="\u00a0; ", quotes=("«\u00a0", "\u00a0»"), capitalizes_headings=True
    ),
    "ja": Typography(colon="：", comma="、", semicolon="；", space="", quotes=("「", "」")),
    "pt": Typography(capitalizes_headings=True),
    "zh": Typography(colon="：", comma="、", semicolon="；", space=""),
}  # fmt: skip


def listed(texts: list[str], comma: str) -> str:
    """Join the members of a list; Latin names among themselves have Latin commas."""
    is_latin = all(text.replace("\u00a0", " ").isascii() for text in texts)
    return (", " if comma == "、" and is_latin else comma).join(texts)


def isolated(name: str) -> str:
    """Isolate a name that is written from right to left, so that what stands beside it keeps its place (UAX #9).

    The isolates are characters, which work in HTML and in plain text alike; other names have none.
    """
    is_rtl = not name.isascii() and any(unicodedata.bidirectional(char) in ("R", "AL") for char in name)
    return f"\u2068{name}\u2069" if is_rtl else name

"""TeX in titles, abstracts and names → Unicode, for every source.

What is read and read again stays: a text in which an escape would turn into TeX (`\\$x\\$`) keeps that escape.
"""

from __future__ import annotations

import re

from newsletter.limits import TEX_ROUNDS
from newsletter.text import squeeze
from newsletter.text.tex.prose import Escapes, prose

#: Without any of these, a text has no TeX.
_TEX = re.compile(r"[\\$~{^]|--|``")


def read(text: str, *, groups: bool = False) -> str:
    """Return text on one line with its TeX in Unicode. What cannot be shown faithfully stays as typed.

    With `groups`, as in BibTeX, braces that only group are removed; elsewhere, they may be text. Time is linear in the
    length; nothing is raised.
    """
    text = squeeze(text)
    if not _TEX.search(text) and not (groups and "}" in text):
        return text
    original = text
    for _ in range(TEX_ROUNDS):
        shown = squeeze(prose(text, Escapes.RESOLVED, groups=groups))
        if not _TEX.search(shown) or squeeze(prose(shown, Escapes.RESOLVED)) == shown:
            return shown
        kept = squeeze(prose(text, Escapes.KEPT, groups=groups))
        if kept == text:
            return text
        text, groups = kept, False
    return original

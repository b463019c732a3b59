"""TeX in titles, abstracts and names → Unicode, for every source.

What is read and read again stays: a text in which an escape would turn into TeX (`\\$x\\$`) keeps that escape.
"""

from __future__ import annotations

from newsletter.limits import TEX_ROUNDS
from newsletter.text import squeeze
from newsletter.text.tex.prose import Escapes, prose


def _may_have_tex(text: str) -> bool:
    return "\\" in text or "$" in text or "--" in text or "~" in text or "{" in text or "``" in text


def read(text: str, *, groups: bool = False) -> str:
    """Return text on one line with its TeX in Unicode. What cannot be shown faithfully stays as typed.

    With `groups`, as in BibTeX, braces that only group are removed; elsewhere, they may be text. Time is linear in the
    length; nothing is raised.
    """
    text = squeeze(text)
    if not _may_have_tex(text) and not (groups and "}" in text):
        return text
    typed, only_group = text, groups
    for _ in range(TEX_ROUNDS):
        shown = squeeze(prose(text, Escapes.RESOLVED, groups=only_group))
        if not _may_have_tex(shown) or squeeze(prose(shown, Escapes.RESOLVED)) == shown:
            return shown
        kept = squeeze(prose(text, Escapes.KEPT, groups=only_group))
        if kept == text and not only_group:
            return text
        text, only_group = kept, False
    return read(typed) if groups else typed

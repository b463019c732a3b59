"""What in a topic is probably a mistake, as sentences in a language."""

from __future__ import annotations

from newsletter.ranking.topic_check import Listed, NotFound, Slip, TooBroad
from newsletter.rendering.language import Language


def warning_text(warning: Slip, spoken: Language) -> str:
    """Return a warning as a sentence."""
    papers = spoken.number(warning.papers)
    match warning:
        case TooBroad():
            return spoken.gettext(
                "It matches %(matched)s of %(all)s papers: add a word, or exclude one (-word).",
                matched=spoken.number(warning.matched), all=papers,
            )  # fmt: skip
        case Listed(meant=meant):
            return spoken.gettext(
                "A paper has to hold all of this list. “%(meant)s” finds any of it: %(matched)s of %(all)s papers.",
                meant=meant, matched=spoken.number(warning.matched), all=papers,
            )  # fmt: skip
        case NotFound(word=word, meant=None):
            return spoken.gettext("“%(word)s” finds 0 of %(all)s papers.", word=word, all=papers)
        case NotFound(word=word, meant=meant):
            # L10N: Both are words that somebody searches for, not words of the language.
            return spoken.gettext(
                "“%(word)s” finds 0 of %(all)s papers. Did you mean “%(meant)s”?", word=word, all=papers, meant=meant
            )

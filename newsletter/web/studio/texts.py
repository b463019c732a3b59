"""The texts of the studio's scripts, which the page hands them in its language."""

from __future__ import annotations

from newsletter.models.languages import translatable
from newsletter.rendering.language import Language

#: The originals; in the scripts, each is an argument of `t`.
TEXTS = (
    translatable("%(shown)s of %(matched)s"),
    translatable("(no subject)"),
    translatable("Also in: %(topics)s"),
    translatable("Checks"),
    translatable("Does not match: %(topics)s"),
    translatable("Found: %(found)s of %(total)s in %(folder)s"),
    translatable("HTML %(size)s of %(limit)s"),
    translatable("Header, styles and footer"),
    translatable("Live reload on"),
    translatable("Lowest contrast of a text here: %(ratio)s to 1 (“%(text)s”)"),
    translatable("Messages in %(folder)s: %(total)s"),
    translatable("No messages in %(folder)s. While smtp.host is not set, newsletter send puts them there."),
    translatable("No papers."),
    translatable("Not opened, because it would act for the subscriber: %(url)s"),
    translatable("Papers"),
    translatable("Section"),
    translatable("Share of the message"),
    translatable("Share: %(share)s"),
    translatable("Size by section"),
    translatable("Text"),
    translatable(
        "The digest was ranked with %(score)s; this sum is computed today, with the statistics of the whole archive."
    ),
    translatable("The outbox could not be read."),
    translatable("The studio did not respond."),
    translatable("The studio is not running"),
    translatable("Total"),
    translatable("left out: message too large"),
    translatable("no HTML part"),
    translatable("papers: %(shown)s of %(considered)s new"),
    translatable("sum"),
    translatable("text %(size)s"),
    translatable("total %(size)s"),
)


def texts_in(language: Language) -> dict[str, str]:
    """Return the texts by their originals, as they are in a language."""
    return {text: language.gettext(text) for text in TEXTS}

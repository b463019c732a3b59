"""The words this project does not use, what it says instead, and the exceptions, each with its reason.

docs/architecture.md has the glossary in the other direction: one word per thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

#: Parts of identifiers and of file names → what to say. `saved_by_reader` has the parts saved, by, reader.
BANNED_PARTS = {
    "reader": "subscriber",
    "readers": "subscribers",
    "letter": "message",
    "letters": "messages",
    "wish": "preferences, profile",
    "wishes": "preferences, profile",
    "wished": "preferences, profile",
    "leave": "unsubscribe",
    "leaving": "unsubscribe",
    "joining": "double opt-in",
    "telling": "mention",
    "tellings": "mentions",
    "told": "mention, report",
    "heed": "process, handle",
    "heeds": "process, handle",
    "saying": "feedback",
    "said": "feedback, response",
    "journal": "event log",
    "halt": "pause, cancel",
    "halted": "paused, cancelled",
    "standing": "score breakdown, state",
    "standings": "score breakdowns",
    "trial": "test email",
    "pace": "rate limit",
    "floors": "layers",
    "workshop": "package, layer",
    "workshops": "packages, layers",
    "street": "pipeline",
}

#: Phrases that no text a person reads holds, as regular expressions → what to say.
BANNED_PHRASES = {
    r"\breaders?\b": "subscriber",
    r"\bletters?\b": "message, email",
    r"\bwish(es|ed)?\b": "preferences",
    r"\bheed(s|ed)?\b": "process",
    r"\btold of\b|\btellings?\b": "listed, mentioned",
    r"\b(came|comes|come) back of the mail\b|\bwhat came back\b": "bounces and complaints",
    r"\bleft alone\b|\bleave it alone\b": "rate limited",
    r"\bserver's words\b|\bin (the|its) server's words\b": "SMTP response",
    r"\bwho left\b|\bhas left\b|\bthey left\b|\breaders leave\b|\bleave with one click\b": "unsubscribed",
    r"\bhold an edition up\b|\bheld up\b": "paused",
    r"\bnot wanted any more\b": "suppressed",
    r"\bworkshops?\b|\bfloors?\b|\bstreet\b": "layers, packages, pipeline",
    r"\bsturdil\w+\b": "robustly",
    r"\bby the clock\b": "scheduling",
    r"\bmistake of (ours|the program's)\b": "internal error (bug)",
    r"\bis no word of\b": "not a valid token",
    r"\bat most so many\b|\bafter so many\b|\bso many a\b": "maximum number of",
    r"\bcertificate is not good\b": "certificate verification failed",
    r"\bfind(s)? nobody's\b": "unknown",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """One place where a banned word stays."""

    #: A regular expression over `PATH: TEXT`.
    where: str
    why: str


ALLOWED = (
    Allowed(r"^newsletter/store/migrations", "released migrations are frozen, and name what there was"),
    Allowed(r"^newsletter/config/obsolete\.py|^tests/config/test_obsolete", "names what settings were called"),
    Allowed(r"^tests/store/(old/|test_migrations|test_old)", "holds stores of old versions"),
    Allowed(r"^tests/glossary\.py", "lists the words"),
    Allowed(r"^newsletter/cli/.*: leave$|: leave$.*alias", "the hidden alias of unsubscribe"),
    Allowed(r"^(newsletter/sources|tests/sources)/.*: .*journal", "a journal is where papers appear"),
    Allowed(r"^newsletter/rendering/checks\.py.*screen reader|screen readers?", "the accessibility term"),
    Allowed(r"^README\.md: ", "marketing prose may speak of readers"),
    Allowed(r"letter-spacing|Math\.floor|isletter", "CSS and JavaScript have these words"),
    Allowed(r"Example Street", "a postal address"),
    Allowed(
        r"^newsletter/text/tex/prose\.py: letter$"
        r"|^tests/(cli/test_tables|text/(test_text|test_tokenizer|tex/\w+)|topics/test_spellings)\.py: .*letter",
        "of an alphabet",
    ),
    Allowed(r": test_\w+_is_told_so_", "said of a person"),
)


@cache
def parts_of(identifier: str) -> list[str]:
    """Split a snake_case or CamelCase identifier into lower-case words."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", identifier)]


def is_excepted(place: str) -> bool:
    """Tell whether `PATH: TEXT` may keep its word."""
    return any(re.search(one.where, place) for one in ALLOWED)

"""The environment variables that set something, and those that only look so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from newsletter.config.obsolete import upgrade_environment
from newsletter.config.schema import SETTINGS
from newsletter.errors import did_you_mean
from newsletter.sources import all_sources
from newsletter.sources.settings import declared, variable_of

PREFIX = "NEWSLETTER_"
#: The site's directory, which is an option of the command line.
SITE = f"{PREFIX}SITE"
#: The password of a fallback mail server, or of a further mailbox, by its number.
_NUMBERED = re.compile(rf"{PREFIX}(RELAY|MAILBOX)_[1-9][0-9]*_PASSWORD")

_SETTINGS = frozenset((SITE, *(setting.variable for setting in SETTINGS)))


@cache
def known_variables() -> frozenset[str]:
    """Return the variables that set something, but for the passwords of fallback mail servers and further mailboxes."""
    return _SETTINGS | _of_sources(is_internal=True).keys()


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a line about each variable that is named like ours and sets nothing."""
    named = [name for name in sorted(environ) if name.startswith(PREFIX) and not _NUMBERED.fullmatch(name)]
    if _SETTINGS.issuperset(named):  # to ask the sources, all of them are loaded
        return []
    known, only_in_file = known_variables(), _of_sources(is_internal=False)
    lines = []
    for name in named:
        if name in known:
            continue
        current = upgrade_environment({name: ""})[0].keys() - {name}
        if current and current <= known:
            continue  # an obsolete name, which is reported as such
        ours = [one.removeprefix(PREFIX) for one in known]
        hint = only_in_file.get(name) or did_you_mean(name.removeprefix(PREFIX), ours, PREFIX)
        lines.append(f"{name}: no such setting{f' ({hint})' if hint else ''}")
    return lines


def set_by(setting: str, environ: Mapping[str, str]) -> str | None:
    """Return a hint with the variable that gives a setting its value, or None if no variable does."""
    variables = [one.variable for one in SETTINGS if one.name == setting and environ.get(one.variable)]
    return f"set by {variables[0]} in the environment" if variables else None


def _of_sources(*, is_internal: bool) -> dict[str, str]:
    """Return the variables of settings of sources, and what to do with those that only the file may have."""
    return {
        variable_of(source, name): f"set {name} under [[sources]] in newsletter.toml"
        for source in all_sources().values()
        for name, one in declared(source).items()
        if bool(one.metadata["internal"]) is is_internal
    }

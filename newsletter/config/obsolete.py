"""Obsolete names and values of settings, so that an old newsletter.toml keeps working.

Each is read as the setting it became and reported in one line, until the release that drops it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

#: The release that renamed these settings, and the one that will refuse the old names.
SINCE, UNTIL = "0.2", "0.3"

#: Old name → new name; a name without a dot is a whole table.
RENAMED = {
    "returns": "bounces",
    "hooks": "webhooks",
    "smtp.per_connection": "smtp.max_messages_per_connection",
    "smtp.per_second": "smtp.max_per_second",
    "smtp.per_hour": "smtp.max_per_hour",
    "smtp.per_domain": "smtp.max_per_second_per_domain",
    "delivery.workers": "delivery.senders",
}

#: The same for the settings of sources.
RENAMED_OF_SOURCES = {"every": "min_interval_hours"}

#: Settings that were "yes" or "no" and are TOML booleans now.
BOOLEANS = ("design.thumbnails", "log.addresses")
_YES_OR_NO = {"yes": True, "no": False}


def upgrade_table(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return settings by table under their current names, and a line about each obsolete one.

    If both names are set, the current one wins.
    """
    notices: list[str] = []
    upgraded: dict[str, Any] = {}
    for group, content in table.items():
        name = RENAMED.get(group, group)
        if name != group:
            notices.append(f"[{group}] is called [{name}] since {SINCE}")
        if not isinstance(content, dict):
            upgraded[name] = content
            continue
        settings = upgraded.setdefault(name, {})
        for key, value in content.items():
            full = f"{name}.{key}"
            current = RENAMED.get(full, full)
            if current != full:
                notices.append(f"{full} is called {current} since {SINCE}")
            if current in BOOLEANS and isinstance(value, str) and value in _YES_OR_NO:
                value = _YES_OR_NO[value]  # noqa: PLW2901 - replaced by its boolean
                notices.append(f"{current} is true or false since {SINCE}")
            if current == full and name == group:
                settings[key] = value
            else:
                settings.setdefault(current.removeprefix(f"{name}."), value)
    return upgraded, notices


def upgrade_relay(row: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a table of [[relays]] under the current names, those of [smtp], and a line about each old one."""
    upgraded, notices = upgrade_table({"smtp": row})
    return upgraded["smtp"], [f"relays: {notice.replace('smtp.', '')}" for notice in notices]


def upgrade_source(row: Mapping[str, Any], known: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Return a table of [[sources]] under the current names, and a line about each obsolete one.

    A source that declares a setting of an obsolete name keeps it: a plugin may have its own.
    """
    upgraded, notices = dict(row), []
    for old, new in RENAMED_OF_SOURCES.items():
        if old in upgraded and old not in known:
            upgraded.setdefault(new, upgraded.pop(old))
            notices.append(f"sources: {old} is called {new} since {SINCE}")
    return upgraded, notices


def upgrade_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return environment variables under their current names, and a line about each obsolete one."""
    prefixes = {_variable(old): _variable(new) for old, new in RENAMED.items()}
    upgraded, notices = dict(environ), []
    for variable in sorted(environ):
        for old, new in prefixes.items():
            if variable == old or variable.startswith(f"{old}_"):
                current = new + variable.removeprefix(old)
                upgraded.setdefault(current, environ[variable])
                notices.append(f"{variable} is called {current} since {SINCE}")
        for setting, renamed in RENAMED_OF_SOURCES.items():
            if re.fullmatch(f"NEWSLETTER_[A-Z0-9]+_{setting.upper()}", variable):
                current = variable.removesuffix(setting.upper()) + renamed.upper()
                upgraded.setdefault(current, environ[variable])
                notices.append(f"{variable} is called {current} since {SINCE}")
    for name in BOOLEANS:
        variable = _variable(name)
        if upgraded.get(variable) in _YES_OR_NO:
            upgraded[variable] = str(_YES_OR_NO[upgraded[variable]]).lower()
            notices.append(f"{variable} is true or false since {SINCE}")
    return upgraded, notices


def _variable(name: str) -> str:
    return "NEWSLETTER_" + name.replace(".", "_").upper()

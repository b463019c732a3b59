"""Settings that have another name or another kind of value now, so that an old newsletter.toml goes on working.

Each is taken for what it became, and said once, in one line, until the release that drops it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

#: The release that renamed these settings, and the one that will no longer take the old names.
SINCE, UNTIL = "0.2", "0.3"

#: Old name → new name; a name without a dot is a whole table.
RENAMED = {
    "returns": "bounces",
    "hooks": "webhooks",
    "smtp.per_connection": "smtp.max_messages_per_connection",
    "smtp.per_second": "smtp.max_per_second",
    "smtp.per_hour": "smtp.max_per_hour",
    "smtp.per_domain": "smtp.max_per_second_per_domain",
}

#: The same of the settings of sources.
RENAMED_OF_SOURCES = {"every": "min_interval_hours"}

#: Settings that were "yes" or "no" and are TOML booleans now.
BOOLEANS = ("design.thumbnails", "log.addresses")
_YES_OR_NO = {"yes": True, "no": False}


def upgrade_table(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return settings by table under their present names, and a line on each that had an old one.

    Where both names are set, the present one wins.
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
            present = RENAMED.get(full, full)
            if present != full:
                notices.append(f"{full} is called {present} since {SINCE}")
            if present in BOOLEANS and isinstance(value, str) and value in _YES_OR_NO:
                value = _YES_OR_NO[value]  # noqa: PLW2901 - the value that this one became
                notices.append(f"{present} is true or false since {SINCE}")
            if present == full and name == group:
                settings[key] = value
            else:
                settings.setdefault(present.removeprefix(f"{name}."), value)
    return upgraded, notices


def upgrade_source(row: Mapping[str, Any], known: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Return a table of [[sources]] under the present names, and a line on each setting that had an old one.

    A kind of source that knows an old name keeps it: a plugin may have a setting of its own that is called so.
    """
    upgraded, notices = dict(row), []
    for old, new in RENAMED_OF_SOURCES.items():
        if old in upgraded and old not in known:
            upgraded.setdefault(new, upgraded.pop(old))
            notices.append(f"sources: {old} is called {new} since {SINCE}")
    return upgraded, notices


def upgrade_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return NEWSLETTER_* variables under their present names, and a line on each that had an old one."""
    prefixes = {_variable(old): _variable(new) for old, new in RENAMED.items()}
    upgraded, notices = dict(environ), []
    for variable in sorted(environ):
        for old, new in prefixes.items():
            if variable == old or variable.startswith(f"{old}_"):
                present = new + variable.removeprefix(old)
                upgraded.setdefault(present, environ[variable])
                notices.append(f"{variable} is called {present} since {SINCE}")
        for setting, renamed in RENAMED_OF_SOURCES.items():
            if re.fullmatch(f"NEWSLETTER_[A-Z0-9]+_{setting.upper()}", variable):
                present = variable.removesuffix(setting.upper()) + renamed.upper()
                upgraded.setdefault(present, environ[variable])
                notices.append(f"{variable} is called {present} since {SINCE}")
    for name in BOOLEANS:
        variable = _variable(name)
        if upgraded.get(variable) in _YES_OR_NO:
            upgraded[variable] = str(_YES_OR_NO[upgraded[variable]]).lower()
            notices.append(f"{variable} is true or false since {SINCE}")
    return upgraded, notices


def _variable(name: str) -> str:
    return "NEWSLETTER_" + name.replace(".", "_").upper()

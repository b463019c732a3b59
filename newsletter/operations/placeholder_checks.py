"""Find values of the settings that are still those of the examples."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.config.model import Config
from newsletter.config.obsolete import upgrade_environment, upgrade_table
from newsletter.config.schema import SETTINGS, read_settings
from newsletter.errors import ConfigError
from newsletter.files.toml_file import read_toml
from newsletter.models.findings import Finding, Level

#: Domains that are reserved for examples (RFC 2606, RFC 6761), and what people write to be replaced.
_PLACEHOLDER = re.compile(
    r"[@./](?:example\.(?:com|net|org)|[\w-]+\.example)\b|^example\.(?:com|net|org)$"
    r"|\byour[ _-]?(?:name|address|key|uuid|domain|token|password)\b|\bchange[ _-]?me\b|\bxxxx|<[a-z -]+>"
    r"|\bExample (?:Lab|Street|Town)\b|:123456789012:",
    re.IGNORECASE,
)
#: Tables that other modules read.
_OTHERS = ("sources", "relays", "ranking")


def check_placeholders(config: Config, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Yield a finding for each setting that is still an example's, and one if none is."""
    table, _ = upgrade_table(read_toml(config.site.config, ConfigError))
    others = {name: table.pop(name) for name in _OTHERS if name in table}
    values = read_settings(table, upgrade_environment(environ)[0])
    examples = {setting.name: setting.example for setting in SETTINGS if setting.example and _is_own(setting.name)}
    unchanged = {name for name, example in examples.items() if values[name] == example}
    texts = _texts({**values, **others})
    named = [name for name, value in texts if _PLACEHOLDER.search(value) or name in unchanged]
    for name in named:
        yield Finding(Level.WARNING, "placeholder", f"{name} is still an example's", f"set your own {name}")
    if not named:
        yield Finding(Level.OK, "placeholders", "none is left in the settings")


def _is_own(name: str) -> bool:
    """Whether everybody's value of a setting is another one; a selector or a file may well be called as the example."""
    return not name.endswith((".selector", ".key", ".path", ".model", ".base_url", "_file"))


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts among settings, however deep, with their dotted names."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _texts(inner, f"{name}[{number}]")

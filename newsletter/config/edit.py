"""Change settings in a site's newsletter.toml: the text is edited, checked as a whole, and written at once or not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping

from newsletter.config.load import read_config
from newsletter.config.obsolete import upgrade_table
from newsletter.config.schema import SETTINGS, checked, find_setting
from newsletter.errors import ConfigError
from newsletter.files.private_files import replace_private
from newsletter.files.site import Site
from newsletter.files.toml_edit import Name, set_value, unset_value
from newsletter.files.toml_file import parse_toml, read_toml


def values_in_file(site: Site) -> dict[str, object]:
    """Return the settings that a site's file gives, by name; those of sources, relays and the ranking are left out.

    Raises:
        ConfigError: The file cannot be read, or is not valid TOML.
    """
    table, _ = upgrade_table(read_toml(site.config, ConfigError))
    known = {setting.name for setting in SETTINGS}
    groups = {group: content for group, content in table.items() if isinstance(content, dict)}
    found = {f"{group}.{key}": value for group, content in groups.items() for key, value in content.items()}
    return {name: value for name, value in found.items() if name in known}


def change_settings(
    site: Site, values: Mapping[str, str], unset: Iterable[str] = (), environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Set and unset settings of a site by name, and return a line about each that a variable overrides.

    `values` are texts, as in the environment. All are written, or none.

    Raises:
        ConfigError: A setting is unknown, its value is not valid, the settings as a whole are not, or the file cannot
            be written or edited; the file is as it was.
    """
    unset = tuple(unset)
    text = checked_text(site, _text_of(site), values, unset, environ)
    try:
        replace_private(site.config.resolve(), text.encode(), mode=stat.S_IMODE(site.config.stat().st_mode))
    except OSError as error:
        raise ConfigError(f"{site.config}: {error.strerror or error}") from error
    variables = {find_setting(name).variable for name in (*values, *unset)}
    return tuple(f"{name} is set in the environment, which takes precedence" for name in sorted(variables & {*environ}))


def checked_text(
    site: Site,
    text: str,
    values: Mapping[str, str],
    unset: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Return the text of a site's newsletter.toml with other values of some settings, which is valid as a whole.

    Raises:
        ConfigError: As for `change_settings`.
    """
    unset = tuple(unset)
    text = edited(text, values, unset)
    variables = {find_setting(name).variable for name in (*values, *unset)}  # which would hide what the file says
    others = {name: value for name, value in environ.items() if name not in variables}
    read_config(site, parse_toml(text.encode(), str(site.config), ConfigError), others)
    return text


def edited(text: str, values: Mapping[str, str], unset: Iterable[str] = ()) -> str:
    """Return the text of a newsletter.toml with other values of some settings.

    Raises:
        ConfigError: A setting is unknown, its value is not valid, or its table is in a form that cannot be edited.
    """
    for name, given in values.items():
        setting = find_setting(name)
        value = checked(setting, given)
        if value is None or not given.strip():
            raise ConfigError(f"{name}: the value is empty", hint=f"remove it with: newsletter config unset {name}")
        if not given.isprintable():  # nor has it bytes that are not UTF-8, which arguments have as surrogates
            raise ConfigError(f"{name}: the value has characters that cannot be printed")
        text = _placed(set_value(text, _split(name), setting.type.plain(value)), name)
    for name in unset:
        setting = find_setting(name)
        without = _placed(unset_value(text, _split(name)), name)
        if setting.is_secret and without != text:  # a comment would keep it
            blank = _placed(set_value(text, _split(name), ""), name)
            without = _placed(unset_value(blank, _split(name)), name)
        text = without
    return text


def _placed(text: str | None, name: str) -> str:
    if text is None:
        table = name.partition(".")[0]
        raise ConfigError(f"{name}: cannot be changed in the file as it is", hint=f"write its table as [{table}]")
    return text


def _split(name: str) -> Name:
    group, _, key = name.partition(".")
    return group, key


def _text_of(site: Site) -> str:
    """Return the text of a site's settings, which are valid TOML, with its line ends as they are.

    Raises:
        ConfigError: They cannot be read, or are not valid TOML.
    """
    read_toml(site.config, ConfigError)
    return site.config.read_bytes().decode()

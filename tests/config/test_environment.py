"""Every setting can be set by the environment, with the same outcome as in the file; other variables are reported."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.config.environment import known_variables, unknown_variables
from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.config.schema import SETTINGS, Setting
from newsletter.errors import ConfigError
from newsletter.files.site import Site
from newsletter.models.value_types import Boolean, Choice, Integer
from newsletter.sources import all_sources
from newsletter.sources.settings import declared, make_source, variable_of

#: What the settings need that are used only together with others.
COMPANIONS = {
    "smtp": 'host = "smtp.example.org"',
    "summaries": 'base_url = "http://localhost:1/v1"\nmodel = "m"',
    "dkim": 'selector = "a"\nkey = "a.pem"\ned25519_selector = "b"\ned25519_key = "b.pem"',
}
TEXTS = (
    "", "0", "1", "-1", "587", "65536", "007", "1e3", "12.5", "true", "FALSE", "on", "no", "maybe", " x ", "ü", "日本",
    "you@example.org", "https://example.org/logo.png", "#336699", "tls", "hold", "en, de", "x" * 300, '"', "\\",
)  # fmt: skip


def outcome(folder: Path, text: str, environ: Mapping[str, str]) -> Config | str:
    (folder / "newsletter.toml").write_text(text, encoding="utf-8")
    try:
        return replace(load_config(Site(folder), environ), obsolete=())
    except ConfigError as error:
        line = re.sub(r" \(set by NEWSLETTER_\w+ in the environment\)$", "", str(error))
        line = re.sub(r"set by NEWSLETTER_\w+ in the environment; ", "", line)
    assert "\n" not in line
    return line


def file_of(setting: Setting, value: object) -> str:
    """Return a file with this setting, and what it needs beside it."""
    group, name = setting.name.split(".")
    lines = [line for line in COMPANIONS.get(group, "").splitlines() if not line.startswith(f"{name} =")]
    lines += [] if value is None else [f"{name} = {json.dumps(value, ensure_ascii=False)}"]
    return "\n".join((f"[{group}]", *lines))


@pytest.mark.parametrize("setting", SETTINGS, ids=[one.name for one in SETTINGS])
def test_a_variable_does_what_the_file_does(tmp_path: Path, setting: Setting) -> None:
    texts = (*TEXTS, *setting.choices, setting.example, str(setting.default))
    for text in texts:
        by_variable = outcome(tmp_path, file_of(setting, None), {setting.variable: text})
        assert by_variable == outcome(tmp_path, file_of(setting, text), {}), text
        if text.isdecimal() and isinstance(setting.type, Integer) and text[0] != "0":
            assert by_variable == outcome(tmp_path, file_of(setting, int(text)), {}), text
        if text in ("true", "false") and isinstance(setting.type, Boolean):
            assert by_variable == outcome(tmp_path, file_of(setting, json.loads(text)), {}), text


@pytest.mark.parametrize(
    "setting",
    [one for one in SETTINGS if isinstance(one.type, Integer | Boolean | Choice)],
    ids=lambda one: str(one.name),
)
def test_a_value_of_another_type_is_one_line(tmp_path: Path, setting: Setting) -> None:
    error = outcome(tmp_path, file_of(setting, None), {setting.variable: "many"})
    assert error == f"{tmp_path / 'newsletter.toml'}: {setting.name}: {setting.type.expected} is expected, not 'many'"


def test_settings_of_sources_are_checked_alike_in_the_file_and_in_the_environment() -> None:
    for kind in all_sources().values():
        for name, one in declared(kind).items():
            if not one.metadata["internal"]:
                continue
            for text in filter(None, TEXTS):
                outcomes = []
                for table, environ in (({name: text}, {}), ({}, {variable_of(kind, name): text})):
                    try:
                        outcomes.append(repr(make_source(kind, table, environ)))
                    except ConfigError as error:
                        outcomes.append(str(error))
                assert outcomes[0] == outcomes[1], (kind.name, name, text)


def test_a_whole_number_of_a_source_comes_from_the_environment(tmp_path: Path) -> None:
    """`NEWSLETTER_ARXIV_EVERY=2` was a TypeError in the middle of a pull."""
    text = '[[sources]]\nkind = "arxiv"\nfollow = ["cs.CL"]\n'
    for variable in ("NEWSLETTER_ARXIV_EVERY", "NEWSLETTER_ARXIV_MIN_INTERVAL_HOURS"):
        config = outcome(tmp_path, text, {variable: "2"})
        assert isinstance(config, Config)
        assert config.sources[0].min_interval_hours == 2  # type: ignore[attr-defined]
        error = "arxiv: min_interval_hours: a whole number from 0 to 8760 is expected, not 'two'"
        assert outcome(tmp_path, text, {variable: "two"}) == f"{tmp_path / 'newsletter.toml'}: {error}"


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("NEWSLETTER_SMTP_PASWORD", "(did you mean NEWSLETTER_SMTP_PASSWORD?)"),
        ("NEWSLETTER_ARXIV_MAX_RESULTS", "(set max_results under [[sources]] in newsletter.toml)"),
        ("NEWSLETTER_ARXIVE_EVERY", ""),
        ("NEWSLETTER_RELAY_0_PASSWORD", ""),
        ("NEWSLETTER_QQQQ", ""),
    ],
)
def test_a_variable_that_sets_nothing_is_reported(variable: str, hint: str) -> None:
    (found,) = unknown_variables({variable: "1", "PATH": "/bin"})
    assert found.startswith(f"{variable}: no such setting")
    assert found.endswith(hint)


def test_every_variable_that_sets_something_is_known() -> None:
    known = [*known_variables(), "NEWSLETTER_RELAY_1_PASSWORD", "NEWSLETTER_ARXIV_EVERY", "NEWSLETTER_RETURNS_ADDRESS"]
    assert unknown_variables(dict.fromkeys(known, "1")) == []


def test_an_error_names_the_variable_that_the_value_is_from(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("[smtp]\nhost = 'smtp.example.org'\nport = 25\n")

    with pytest.raises(
        ConfigError, match=r"smtp\.port: .* not 'abc' \(set by NEWSLETTER_SMTP_PORT in the environment\)"
    ):
        load_config(Site(tmp_path), {"NEWSLETTER_SMTP_PORT": "abc"})


@pytest.mark.parametrize("setting", SETTINGS, ids=[one.name for one in SETTINGS])
def test_whatever_is_wrong_with_the_value_of_a_variable_the_error_names_it(tmp_path: Path, setting: Setting) -> None:
    (tmp_path / "newsletter.toml").write_text(file_of(setting, None), encoding="utf-8")
    for text in filter(None, TEXTS):
        try:
            load_config(Site(tmp_path), {setting.variable: text})
        except ConfigError as error:
            found = str(error)
            names_it = f"set by {setting.variable} in the environment" in found
            if f" {setting.name}: " in found and not names_it:
                pytest.fail(found)


def test_what_all_names_have_in_common_does_not_make_a_name_similar(tmp_path: Path) -> None:
    assert unknown_variables({"NEWSLETTER_XYZZY": ""}) == ["NEWSLETTER_XYZZY: no such setting"]
    assert unknown_variables({"NEWSLETTER_SMTP_HOSTS": ""}) == [
        "NEWSLETTER_SMTP_HOSTS: no such setting (did you mean NEWSLETTER_SMTP_HOST?)"
    ]
    (tmp_path / "newsletter.toml").write_text("[schedule]\nhourly = true\n", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"schedule\.hourly: no such setting \(known: cron, time_zone, wait_minutes\)"
    ):
        load_config(Site(tmp_path), {})


def test_an_error_of_a_fallback_mail_server_says_which_it_is(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[[relays]]\nhost = "a.example"\nport = 0\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"relays: entry 1: smtp\.port: ") as caught:
        load_config(Site(tmp_path), {"NEWSLETTER_SMTP_PORT": "25"})
    assert "NEWSLETTER_SMTP_PORT" not in str(caught.value)

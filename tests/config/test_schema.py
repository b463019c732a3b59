from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.config.schema import SETTINGS, Setting, checked, new_config
from newsletter.errors import ConfigError
from newsletter.files.site import Site
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sources.huggingface import HuggingFace


def load(folder: Path, text: str) -> Config:
    (folder / "newsletter.toml").write_text(text, encoding="utf-8")
    return load_config(Site(folder), environ={})


def test_the_file_of_a_new_site_shows_every_setting(tmp_path: Path) -> None:
    config = load(tmp_path, new_config())

    assert (config.site_url, config.sources, config.smtp) == ("https://newsletter.example", (HuggingFace(),), None)
    for setting in SETTINGS:
        assert f"{setting.name.split('.')[1]} = " in new_config()


def test_commented_out_settings_are_valid(tmp_path: Path) -> None:
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line or "[" in line else line for line in new_config().split("\n")
    )
    lines = [line for line in uncommented.split("\n") if line.startswith("[") or " = " in line]

    config = load(tmp_path, "\n".join(line for line in lines if not line.startswith("An ")))

    assert config.smtp == SmtpSettings("smtp.example.org", 587, Security.STARTTLS, "digest@example.org", timeout_s=60)


def test_every_help_text_is_one_sentence_that_fits_a_line() -> None:
    for setting in SETTINGS:
        assert setting.help[0].isupper(), setting.name
        assert setting.help.endswith((".", "…")), setting.name
        assert len(setting.help) <= 118, setting.name


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("FALSE", False), ("1", True), (False, False), ("", True), (None, True)]
)
def test_booleans_may_come_from_the_environment(value: object, expected: bool) -> None:
    assert checked(Setting("a.b", True, "Help."), value) is expected


def test_a_secret_of_another_type_is_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"^smtp\.password: text is expected, not another type$"):
        checked(Setting("smtp.password", None, "Help."), 12345)

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from newsletter.config.edit import change_settings, edited, values_in_file
from newsletter.config.load import load_config
from newsletter.config.schema import SETTINGS, new_config
from newsletter.errors import ConfigError
from newsletter.files.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.config.write_text(new_config(), encoding="utf-8")
    site.config.chmod(0o640)
    return site


def test_settings_are_written_with_the_mode_of_the_file(site: Site) -> None:
    assert change_settings(site, {"smtp.host": "smtp.example.org", "smtp.port": "465"}, ["site.url"], {}) == ()

    config = load_config(site, {})
    assert config.smtp is not None
    assert (config.smtp.host, config.smtp.port, config.site_url) == ("smtp.example.org", 465, None)
    assert stat.S_IMODE(site.config.stat().st_mode) == 0o640
    assert [path.name for path in site.root.iterdir()] == ["newsletter.toml"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"smtp.host": "h", "smtp.port": "0"}, r"smtp\.port: a whole number from 1 to 65535"),
        ({"smtp.host": "h", "smtp.hots": "h"}, r"smtp\.hots: no such setting \(did you mean smtp\.host"),
        ({"smtp.host": "h", "dkim.selector": "papers"}, r"dkim\.key: missing"),
        ({"smtp.host": "h", "sender.address": "nobody"}, r"sender\.address: "),
        ({"smtp.host": "h", "site.name": " "}, r"site\.name: the value is empty \(remove it with"),
        ({"smtp.host": "h", "site.name": "a\nb"}, r"cannot be printed"),
        ({"smtp.host": "h", "site.name": "\udcff"}, r"cannot be printed"),
    ],
)
def test_a_change_that_is_not_valid_is_refused_as_a_whole(site: Site, values: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        change_settings(site, values, (), {})
    assert site.config.read_text(encoding="utf-8") == new_config()


def test_a_file_that_is_not_valid_can_be_put_right(site: Site) -> None:
    site.config.write_text(new_config().replace('cron = "5 * * * *"', 'cron = "soon"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="cron"):
        change_settings(site, {"smtp.host": "h"}, (), {})
    change_settings(site, {"schedule.cron": "7 * * * *"}, (), {})
    assert load_config(site, {}).cron == "7 * * * *"


def test_a_value_that_the_environment_overrides_is_checked_and_reported(site: Site) -> None:
    environ = {"NEWSLETTER_SMTP_PORT": "25"}
    assert change_settings(site, {"smtp.port": "465"}, (), environ) == (
        "NEWSLETTER_SMTP_PORT is set in the environment, which takes precedence",
    )
    assert values_in_file(site)["smtp.port"] == 465


def test_an_inline_table_is_not_rewritten(site: Site) -> None:
    site.config.write_text('smtp = {host = "h"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"smtp\.port: cannot be changed .* \(write its table as \[smtp\]\)"):
        change_settings(site, {"smtp.port": "465"}, (), {})


def test_every_setting_can_be_set_and_unset_again() -> None:
    text = new_config()
    for setting in SETTINGS:
        value = setting.default if setting.default is not None else setting.example or "x"
        changed = edited(edited(text, {setting.name: str(value)}), {}, [setting.name])
        assert set(text.split("\n")) - set(changed.split("\n")) <= {
            line for line in text.split("\n") if setting.name.partition(".")[2] in line or line.startswith("# [")
        }


def test_a_password_that_is_unset_is_not_in_the_file_any_more(site: Site) -> None:
    change_settings(
        site, {"smtp.host": "h", "smtp.password": "hunter2", "operator.heartbeat_url": "https://h.org/s3"}, (), {}
    )
    change_settings(site, {}, ["smtp.password", "operator.heartbeat_url", "smtp.host"], {})
    text = site.config.read_text(encoding="utf-8")
    assert "hunter2" not in text
    assert "s3" not in text
    assert '# host = "h"' in text
    assert load_config(site, {}).smtp is None

"""Signing keys that are kept outside the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.config.schema import new_config
from newsletter.config.signing_keys import signing_keys
from newsletter.errors import ConfigError
from newsletter.files.site import Site

NEW, OLD = "n" * 32, "o" * 64


def new_site(folder: Path) -> Site:
    """Make a site without a store, which is not read here."""
    folder.mkdir()
    (folder / "newsletter.toml").write_text(new_config(), encoding="utf-8")
    return Site(folder)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site without keys outside its store."""
    return load_config(new_site(tmp_path / "site"), environ={})


def test_keys_come_from_the_environment_or_a_file(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{NEW}\n{OLD}\n", encoding="utf-8")
    assert signing_keys(config) == ()
    assert signing_keys(replace(config, signing_key=f"{NEW} {OLD}")) == (NEW.encode(), OLD.encode())
    assert signing_keys(replace(config, signing_key_file=file)) == (NEW.encode(), OLD.encode())


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "no key"), (b"short", "fewer than 32"), (b"\xff" * 40, "not text")]
)
def test_a_wrong_file_is_reported_without_its_content(
    config: Config, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=words) as failure:
        signing_keys(replace(config, signing_key_file=file))
    assert "short" not in str(failure.value)


def test_a_missing_file_and_two_places_are_reported(config: Config, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"site\.secret_file: .*No such file"):
        signing_keys(replace(config, signing_key_file=tmp_path / "nothing"))
    with pytest.raises(ConfigError, match="both set"):
        signing_keys(replace(config, signing_key=NEW, signing_key_file=tmp_path / "keys"))


def test_a_site_reads_a_file_that_a_service_manager_names(tmp_path: Path) -> None:
    """As systemd does: LoadCredential=, and NEWSLETTER_SITE_SECRET_FILE=%d/NAME."""
    site = new_site(tmp_path / "site")
    file = tmp_path / "credentials" / "signing"
    file.parent.mkdir()
    file.write_text(NEW, encoding="utf-8")
    config = load_config(site, environ={"NEWSLETTER_SITE_SECRET_FILE": str(file)})
    assert signing_keys(config) == (NEW.encode(),)
    config = load_config(site, environ={"NEWSLETTER_SITE_SECRET": NEW})
    assert signing_keys(config) == (NEW.encode(),)
    assert NEW not in repr(config)

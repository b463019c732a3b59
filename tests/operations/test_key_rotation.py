"""Keys are rotated where they are kept: in the store, in a file, in the environment."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.cli.init import make_site
from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.config.signing_keys import signing_keys
from newsletter.errors import ConfigError
from newsletter.files.site import Site
from newsletter.operations.key_rotation import KeyStatus, list_keys, rotate
from newsletter.store import Store, open_store
from tests.factories import NOW

KEY = "k" * 32
GRACE = timedelta(days=90)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site without keys outside its store."""
    make_site(tmp_path)
    return load_config(Site(tmp_path), environ={})


def opened(config: Config) -> Store:
    return open_store(config.site.store, lambda: signing_keys(config))


def without_store(config: Config) -> Config:
    """A site whose first store has no key of its own, as the keys are outside before it is opened."""
    config.site.store.unlink()
    return config


def with_file(config: Config) -> Config:
    """Keep one key in a file."""
    file = config.site.root / "keys"
    file.write_text(KEY, encoding="utf-8")
    return replace(config, signing_key_file=file)


def test_the_stores_own_key(config: Config) -> None:
    with opened(config) as store:
        old = store.secret()
        new = rotate(config, store, NOW, GRACE)
        first, second = list_keys(config, store, NOW)
        assert (first.fingerprint, first.status, first.kept_in) == (new, KeyStatus.SIGNING, "database")
        assert (second.status, second.valid_until) == (KeyStatus.ACCEPTED, NOW + GRACE)
        assert old in store.accepted_keys(NOW)
        assert list_keys(config, store, NOW + GRACE)[1].status is KeyStatus.ENDED
        rotate(config, store, NOW + GRACE, GRACE)
    assert old not in config.site.store.read_bytes()


def test_a_file_gets_the_new_key_on_top(config: Config) -> None:
    config = with_file(without_store(config))
    with opened(config) as store:
        rotate(config, store, NOW, GRACE)
    keys = signing_keys(config)
    assert keys[1:] == (KEY.encode(),)
    assert stat.S_IMODE((config.site.root / "keys").stat().st_mode) == 0o600
    with opened(config) as store:
        assert store.accepted_keys(NOW) == keys
        assert store.accepted_keys(NOW + GRACE) == keys[:1]
        states = [(key.status, key.kept_in) for key in list_keys(config, store, NOW)]
    assert states == [(KeyStatus.SIGNING, "file"), (KeyStatus.ACCEPTED, "file")]


def test_a_key_outside_first_retires_the_stores_own(config: Config) -> None:
    with opened(config) as store:
        own = store.secret()
    config = with_file(config)
    with opened(config) as store:
        rotate(config, store, NOW, GRACE)
        assert store.accepted_keys(NOW) == (KEY.encode(), own)
        assert store.accepted_keys(NOW + GRACE) == (KEY.encode(),)
    assert signing_keys(config) == (KEY.encode(),)


def test_keys_in_the_environment_are_left_to_a_person(config: Config) -> None:
    config = replace(without_store(config), signing_key=KEY)
    with opened(config) as store, pytest.raises(ConfigError, match="in the environment") as failure:
        rotate(config, store, NOW, GRACE)
    assert "before the others" in (failure.value.hint or "")

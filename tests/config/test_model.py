from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.errors import ConfigError, RequestError
from newsletter.files.site import Site
from newsletter.models.database_url import DatabaseUrl

URL = "postgresql://ada:s3cret@db.example/papers"


def test_the_database_is_the_file_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    config = load_config(Site(tmp_path), environ={})
    assert config.store == config.store_file() == tmp_path / "newsletter.db"


def test_the_database_is_on_a_server_if_the_settings_say_so(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    config = load_config(Site(tmp_path), environ={"NEWSLETTER_DATABASE_URL": URL})
    assert config.store == DatabaseUrl(URL)
    assert "s3cret" not in repr(config)
    with pytest.raises(RequestError, match=r"^postgresql://db\.example/papers: the database is on a PostgreSQL server"):
        config.store_file()


def test_another_address_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[database]\nurl = "mysql://ada:s3cret@db/papers"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"database\.url: not a URL of PostgreSQL") as caught:
        load_config(Site(tmp_path), environ={})
    assert "s3cret" not in str(caught.value)

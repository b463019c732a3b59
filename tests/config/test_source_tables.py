from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from newsletter.config.source_tables import add_feeds
from newsletter.errors import ConfigError
from newsletter.sources.formats.opml import Subscription

FEED = Subscription("https://clouds.example/rss", "Clouds\nand rain")


def test_tables_are_added_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "newsletter.toml"
    path.write_text('# ours\n[site]\nname = "Clouds"', encoding="utf-8")
    add_feeds(path, [FEED])
    text = path.read_text(encoding="utf-8")
    assert text.startswith('# ours\n[site]\nname = "Clouds"\n')
    assert tomllib.loads(text)["sources"] == [{"kind": "feed", "follow": ["https://clouds.example/rss"]}]


def test_a_file_that_would_not_be_valid_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "newsletter.toml"
    path.write_text("sources = []\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        add_feeds(path, [FEED])
    assert path.read_text(encoding="utf-8") == "sources = []\n"

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import ConfigError
from newsletter.files import site
from newsletter.files.site import (
    CONFIG_NAME,
    Site,
    default_subscribers,
    default_templates,
    docs_path,
    find_site,
    samples,
)


def test_a_site_is_the_nearest_directory_with_a_config(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / CONFIG_NAME).touch()
    assert find_site(inner) == Site(tmp_path)
    (tmp_path / "outer" / CONFIG_NAME).touch()
    assert find_site(inner) == find_site(tmp_path / "outer") == Site(tmp_path / "outer")


def test_a_directory_outside_of_any_site_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).mkdir()
    with pytest.raises(
        ConfigError, match=r"newsletter\.toml in .* \(make a site here with: newsletter init; or name yours"
    ):
        find_site(tmp_path)


def test_the_shipped_files_exist() -> None:
    assert (default_templates() / "web").is_dir()
    assert (default_subscribers() / "README.md").is_file()
    assert (samples() / "topics.toml").is_file()


def test_the_documentation_is_beside_a_checkout_and_in_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert docs_path("topics.md") == "docs/topics.md"
    assert (Path(__file__).parents[2] / docs_path("topics.md")).is_file()

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "topics.md").touch()
    monkeypatch.setattr(site, "_PACKAGE", tmp_path)
    assert docs_path("topics.md") == str(tmp_path / "docs" / "topics.md")

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Newsletter


def test_init_creates_a_site_and_keeps_existing_files(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("[site]\nname = 'Mine'\n", encoding="utf-8")

    again = newsletter("init")

    assert "created" not in again.stdout
    assert (tmp_path / "newsletter.toml").read_text(encoding="utf-8") == "[site]\nname = 'Mine'\n"
    assert "In-context learning" in newsletter("topics").stdout


def test_init_creates_the_site_that_is_named(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("--site", str(tmp_path / "named"), "init")
    newsletter("--site", str(tmp_path / "named"), "init", str(tmp_path / "argument"))
    assert [(tmp_path / one / "newsletter.toml").is_file() for one in ("named", "argument")] == [True, True]

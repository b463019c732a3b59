from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Newsletter


def test_the_archive_is_written_as_files(newsletter: Newsletter, page: Path, tmp_path: Path) -> None:
    newsletter("pull", "page", str(page))

    result = newsletter("archive", "build", "public")

    pages = list((tmp_path / "public").rglob("*.html"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("to public\n")
    assert any("Counting Sheep" in path.read_text(encoding="utf-8") for path in pages)


def test_a_directory_that_cannot_be_created_is_a_one_line_error(newsletter: Newsletter) -> None:
    result = newsletter("archive", "build", "newsletter.toml/public")

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "Not a directory" in result.stderr

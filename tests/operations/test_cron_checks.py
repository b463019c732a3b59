"""Lines of crontabs that run the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.files.site import Site
from newsletter.models.findings import Level
from newsletter.operations.cron_checks import check_crontab


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site, and a program in a folder of its own."""
    (tmp_path / "newsletter.toml").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "newsletter").touch(0o755)
    return Site(tmp_path)


def found(site: Site, text: str, *, has_user: bool = False) -> list[tuple[Level, str]]:
    text = text.replace("ROOT", str(site.root))
    return [(one.level, one.detail) for one in check_crontab(site, "crontab", text, has_user=has_user)]


@pytest.mark.parametrize(
    "line",
    [
        "5 * * * * cd ROOT && ROOT/bin/newsletter run",
        "@hourly ROOT/bin/newsletter --site ROOT run",
        "PATH=ROOT/bin:/bin\n*/10 * * * MON-FRI cd ROOT && newsletter run >/dev/null",
        "NEWSLETTER_SITE=ROOT\n0 7 * * 1-5 ROOT/bin/newsletter run",
        "@reboot ROOT/bin/newsletter --site=ROOT serve",
        "5 * * * * cd ROOT && ROOT/bin/newsletter run --note $(date +\\%F).md",
    ],
)
def test_a_good_line(site: Site, line: str) -> None:
    assert [level for level, _ in found(site, line)] == [Level.OK]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("61 * * * * cd ROOT && ROOT/bin/newsletter run", "not a valid crontab line"),
        ("5 * * * cd ROOT && ROOT/bin/newsletter run", "not a valid crontab line"),
        ("5 * * * * ROOT/bin/newsletter run", "it names no site"),
        ("5 * * * * cd ROOT/none && ROOT/bin/newsletter run", "no newsletter.toml"),
        ("5 * * * * cd ROOT && newsletter run", "not found in cron's PATH"),
        ("5 * * * * cd ROOT && ROOT/none/newsletter run", "not found in cron's PATH"),
        ("5 * * * * cd ROOT && ROOT/bin/newsletter run --note $(date +%F).md", "ends the command at %"),
        ("@hourly newsletter", "it names no site"),
        ("5 * * * newsletter", "too few fields"),
    ],
)
def test_a_wrong_line(site: Site, line: str, problem: str) -> None:
    ((level, detail),) = found(site, line)
    assert level is Level.WRONG
    assert problem in detail


def test_a_line_of_the_system_names_a_user(site: Site) -> None:
    line = "5 * * * * papers cd ROOT && ROOT/bin/newsletter run"
    assert [level for level, _ in found(site, line, has_user=True)] == [Level.OK]


def test_other_lines_and_other_sites_are_left_alone(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "newsletter.toml").touch()
    lines = f"# newsletter\n\nMAILTO=a@papers.net\n1 2 * * * backup\n61 * * * * cd {other} && newsletter run\n"
    assert found(site, lines) == []

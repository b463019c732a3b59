from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli import main
from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.store import open_store
from tests.cli.conftest import Newsletter

ADA = ("--email", "ada@example.org", "--topic", "in-context learning", "--time-zone", "Europe/Berlin", "--hour", "6")


def init(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["init", *arguments], prog_name="newsletter")


def test_init_creates_a_site_and_keeps_existing_files(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("[site]\nname = 'Mine'\n", encoding="utf-8")

    again = newsletter("init")

    assert "created" not in again.stdout
    assert (tmp_path / "newsletter.toml").read_text(encoding="utf-8") == "[site]\nname = 'Mine'\n"
    assert "In-context learning" in newsletter("topics").stdout


def test_init_creates_the_site_that_is_named(
    newsletter: Newsletter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsletter("--site", str(tmp_path / "named"), "init")
    newsletter("--site", str(tmp_path / "named"), "init", str(tmp_path / "argument"))
    monkeypatch.setenv("NEWSLETTER_SITE", str(tmp_path / "variable"))
    newsletter("init")
    made = [(tmp_path / one / "newsletter.toml").is_file() for one in ("named", "argument", "variable")]
    assert made == [True, True, True]


def test_options_make_settings_a_profile_a_subscriber_and_the_key(tmp_path: Path) -> None:
    made = init(
        str(tmp_path), *ADA, "--arxiv", "cs.CL", "--smtp", "ada@example.org@smtp.example.org:465", "--site-name",
        "Robots", "--no-preview",
    )  # fmt: skip

    assert (made.exit_code, made.stderr) == (0, "")
    assert "added ada@example.org: daily, from 06:00 Europe/Berlin; In-context learning\n" in made.stdout
    config = load_config(Site(tmp_path), {})
    assert config.smtp is not None
    assert (config.smtp.host, config.smtp.security, config.site_url) == ("smtp.example.org", "tls", None)
    assert (config.site_name, config.sender.address, len(config.sources)) == ("Robots", "ada@example.org", 2)
    profile = tmp_path / "subscribers/ada.toml"
    assert 'topics = ["in-context learning"]\n' in profile.read_text(encoding="utf-8")
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    listed = CliRunner().invoke(main, ["--site", str(tmp_path), "secret", "list"]).stdout
    assert "signing  database" in listed
    with open_store(Site(tmp_path).store) as store:
        assert [one.origin for one in store.subscribers.all()] == ["file:ada"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--email", "ada@"), "'ada@' is not a valid email address"),
        ((*ADA, "--topic", "a OR ("), "unexpected end of query"),
        ((*ADA, "--time-zone", "Mars/Base"), "time_zone"),
        ((*ADA, "--smtp", "my server"), "is no mail server"),
        ((*ADA, "--site-url", "papers"), "site.url: expected a URL"),
        (("--topic", "robots"), "give --email, too"),
    ],
)
def test_a_mistake_makes_no_site(tmp_path: Path, arguments: tuple[str, ...], error: str) -> None:
    made = init(str(tmp_path / "site"), *arguments, "--no-preview")
    assert (made.exit_code, made.stdout) == (1, "")
    assert error in made.stderr
    assert not (tmp_path / "site").exists()


def test_a_site_that_exists_gets_only_what_options_give(newsletter: Newsletter, tmp_path: Path) -> None:
    before = (tmp_path / "newsletter.toml").read_text(encoding="utf-8")

    done = newsletter("init", "--smtp", "ada@example.org@smtp.example.org:587")

    assert "smtp.host, smtp.port, smtp.username, sender.address, site.url" in done.stdout
    after = (tmp_path / "newsletter.toml").read_text(encoding="utf-8")
    assert len(set(before.splitlines()) - set(after.splitlines())) == 6
    assert "add its [[sources]]" in newsletter("init", "--arxiv", "cs.CL").stderr


def test_git_ignores_what_is_private(tmp_path: Path) -> None:
    init(str(tmp_path), *ADA, "--no-preview")
    for name in ("newsletter.db-wal", "outbox/new/1", "dkim.pem", ".env", "subscribers/grace.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    listed = subprocess.run(
        ["git", "-C", str(tmp_path), "ls-files", "-o", "--exclude-standard"], capture_output=True, text=True, check=True
    )

    assert sorted(listed.stdout.split()) == [
        ".gitignore", "newsletter.toml", "subscribers/README.md", "subscribers/example-weekly.toml",
        "subscribers/example.toml",
    ]  # fmt: skip


def test_five_questions_are_asked_on_a_terminal(tmp_path: Path) -> None:
    answers = ["ada@", "ada@example.org", "robots", "cs.RO", "weekdays 7", "localhost:2525"]
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "newsletter", "init", str(tmp_path / "site"), "--no-preview"]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as asking:
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        assert asking.stdout is not None
        printed = asking.stdout.read()
    os.close(theirs)
    os.close(ours)

    assert asking.returncode == 0, printed
    assert [f"{number}. " in printed for number in range(1, 7)] == [True] * 5 + [False]
    assert "'ada@' is not a valid email address" in printed
    with open_store(Site(tmp_path / "site").store) as store:
        (ada,) = store.subscribers.all()
    assert (ada.email, ada.profile.cadence, ada.profile.hour) == ("ada@example.org", "weekdays", 7)
    assert [topic.name for topic in ada.profile.topics] == ["robots"]
    assert load_config(Site(tmp_path / "site"), {}).smtp is not None

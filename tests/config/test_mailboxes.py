"""[[mailboxes]]: as many as there are addresses to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import ConfigError
from newsletter.files.site import Site
from newsletter.mailboxes.imap import ImapAccount
from newsletter.sending.bounces.settings import Mailbox


def load(folder: Path, text: str, **environ: str) -> Config:
    (folder / "newsletter.toml").write_text(text, encoding="utf-8")
    return load_config(Site(folder), environ)


def test_any_number_of_mailboxes_may_be_set(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
[bounces]
maildir = "bounces"
[[mailboxes]]
maildir = "replies"
[[mailboxes]]
imap_host = "imap.example.org"
imap_username = "papers@example.org"
imap_folder = "Unsubscribe"
""",
        NEWSLETTER_MAILBOX_2_PASSWORD="secret",
    )

    account = ImapAccount("mailboxes: entry 2", "imap.example.org", 993, "papers@example.org", "secret", "Unsubscribe")
    assert config.bounces.mailboxes == (
        Mailbox(maildir=tmp_path / "bounces"),
        Mailbox(maildir=tmp_path / "replies"),
        Mailbox(account=account),
    )
    assert config.unknown_variables == ()
    assert "secret" not in repr(config)


def test_without_one_no_mailbox_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, "").bounces.mailboxes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[mailboxes]\nmaildir = 'x'", "mailboxes: expected tables"),
        ("[[mailboxes]]\n", "mailboxes: entry 1: expected either maildir or imap_host"),
        ("[[mailboxes]]\nmaildir = 'x'\nimap_host = 'y'", "mailboxes: entry 1: expected either"),
        ("[[mailboxes]]\nmaildr = 'x'", r"mailboxes: entry 1: maildr: no such setting \(did you mean maildir"),
        ("[[mailboxes]]\nsoft_limit = 3", "mailboxes: entry 1: soft_limit: no such setting"),
        ("[[mailboxes]]\nimap_host = 'y'\nimap_port = 'z'", "mailboxes: entry 1: imap_port"),
    ],
)
def test_a_mistake_is_named_with_its_table(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)

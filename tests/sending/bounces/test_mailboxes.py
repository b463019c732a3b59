"""Reports are read from a real IMAP server, and each is marked only when it was taken."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from newsletter.errors import StoreError
from newsletter.sending.bounces.mailboxes import BounceSettings, MailboxError, each_in_imap, each_in_maildir
from tests.imap import DOVECOT, Mailbox, mailbox

needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="Debian's dovecot-imapd is not installed")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def box(authority: trustme.CA) -> Iterator[Mailbox]:
    with mailbox(authority.issue_cert("localhost")) as found:
        for number in range(3):
            (found.maildir / "new" / f"{number}.mx").write_bytes(b"Subject: %d\r\n\r\nreport\r\n" % number)
        yield found


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def settings_of(box: Mailbox) -> BounceSettings:
    return BounceSettings(
        imap_host="localhost", imap_port=box.port, imap_username=box.username, imap_password=box.password
    )


@needs_dovecot
def test_each_message_is_read_once(box: Mailbox, trusting: ssl.SSLContext) -> None:
    taken: list[bytes] = []

    assert each_in_imap(settings_of(box), taken.append, trusting).read == 3
    assert sorted(raw.split(b"\r\n")[0] for raw in taken) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]
    assert each_in_imap(settings_of(box), taken.append, trusting).read == 0


@needs_dovecot
def test_what_could_not_be_taken_is_read_again(box: Mailbox, trusting: ssl.SSLContext) -> None:
    def full(_raw: bytes) -> None:
        raise StoreError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        each_in_imap(settings_of(box), full, trusting)
    taken: list[bytes] = []
    assert each_in_imap(settings_of(box), taken.append, trusting).read == 3


@needs_dovecot
def test_who_cannot_be_trusted_or_lets_us_not_in_is_one_line(box: Mailbox, trusting: ssl.SSLContext) -> None:
    settings = settings_of(box)
    with pytest.raises(MailboxError, match="certificate"):
        each_in_imap(settings, lambda _raw: None)
    with pytest.raises(MailboxError) as refused:
        each_in_imap(replace(settings, imap_password="wrong"), lambda _raw: None, trusting)
    assert "wrong" not in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(MailboxError):
        each_in_imap(replace(settings, imap_folder="Nowhere"), lambda _raw: None, trusting)


def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(MailboxError, match=r"mailbox at 127\.0\.0\.1:1"):
        each_in_imap(BounceSettings(imap_host="127.0.0.1", imap_port=1), lambda _raw: None)


def test_a_maildir_keeps_what_was_not_taken(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1").write_bytes(b"one")
    (tmp_path / "cur" / "2:2,S").write_bytes(b"seen")
    (tmp_path / "cur" / "3:2,R").write_bytes(b"three")
    (tmp_path / "new" / "link").symlink_to("/etc/passwd")

    def full(_raw: bytes) -> None:
        raise StoreError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        each_in_maildir(tmp_path, full)
    taken: list[bytes] = []
    assert each_in_maildir(tmp_path, taken.append).read == 2
    assert sorted(taken) == [b"one", b"three"]
    assert sorted(path.name for path in (tmp_path / "cur").iterdir()) == ["1:2,S", "2:2,S", "3:2,RS"]

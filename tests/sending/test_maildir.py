"""The Maildir outbox, read by the standard library."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from newsletter.errors import TransportError
from newsletter.sending.maildir import MaildirTransport
from tests.sending.messages import message, send


def test_any_mail_program_can_read_the_message(tmp_path: Path) -> None:
    send(MaildirTransport(tmp_path / "outbox"), message())

    (mail,) = mailbox.Maildir(tmp_path / "outbox")
    assert (mail["Subject"], mail.get_payload()) == ("Hello", ".One dot\n..Two dots\n")


def test_a_message_sent_twice_is_stored_once(tmp_path: Path) -> None:
    outbox = MaildirTransport(tmp_path / "outbox")
    send(outbox, message())
    send(outbox, message())

    assert len(mailbox.Maildir(tmp_path / "outbox")) == 1


def test_a_message_that_was_read_is_not_stored_again(tmp_path: Path) -> None:
    outbox = MaildirTransport(tmp_path / "outbox")
    send(outbox, message())
    (unread,) = (tmp_path / "outbox" / "new").iterdir()
    unread.rename(tmp_path / "outbox" / "cur" / f"{unread.name}:2,S")

    assert send(outbox, message()).startswith("already stored in ")
    assert list((tmp_path / "outbox" / "new").iterdir()) == []


def test_an_outbox_that_cannot_be_written_to_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way", encoding="utf-8")

    with pytest.raises(TransportError, match="cannot write to the outbox"):
        send(MaildirTransport(tmp_path / "outbox"), message())

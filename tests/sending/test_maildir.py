from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from newsletter.errors import TransportError
from newsletter.sending.maildir import MaildirTransport
from tests.sending.smtp.test_transport import message, send


def test_a_message_lies_in_a_maildir_that_any_program_reads(tmp_path: Path) -> None:
    send(MaildirTransport(tmp_path / "outbox"), message())

    (mail,) = mailbox.Maildir(tmp_path / "outbox")
    assert (mail["Subject"], mail.get_payload()) == ("Hello", ".One dot\n..Two dots\n")


def test_the_same_message_handed_over_twice_is_there_once(tmp_path: Path) -> None:
    outbox = MaildirTransport(tmp_path / "outbox")
    send(outbox, message())
    send(outbox, message())

    assert len(mailbox.Maildir(tmp_path / "outbox")) == 1


def test_a_message_that_was_read_already_does_not_come_back(tmp_path: Path) -> None:
    outbox = MaildirTransport(tmp_path / "outbox")
    send(outbox, message())
    (unread,) = (tmp_path / "outbox" / "new").iterdir()
    unread.rename(tmp_path / "outbox" / "cur" / f"{unread.name}:2,S")

    assert send(outbox, message()).startswith("already in ")
    assert list((tmp_path / "outbox" / "new").iterdir()) == []


def test_an_outbox_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way", encoding="utf-8")

    with pytest.raises(TransportError, match="outbox"):
        send(MaildirTransport(tmp_path / "outbox"), message())

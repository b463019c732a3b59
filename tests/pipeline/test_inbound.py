"""Inbound messages: reports, commands, and what is neither."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from newsletter.limits import MAIL_BYTES
from newsletter.models import tokens
from newsletter.pipeline.email_commands import Command, EmailCommand
from newsletter.pipeline.inbound import ProcessedMail, message_from, process_message, read_mailboxes
from newsletter.sending.bounces.settings import Mailbox
from newsletter.store import Store
from tests.factories import NOW, make_profile
from tests.sending.bounces.samples import CASES

ADA = "ada@example.org"


def test_a_message_is_a_report_or_a_command(store: Store) -> None:
    store.subscribers.add(ADA, "", make_profile(), "cli", NOW)
    token = tokens.sign(store.secret(), tokens.UNSUBSCRIBE, 1)
    report = next(case.raw for case in CASES if case.name == "postfix unknown user")

    processed = ProcessedMail()
    for raw in (report, f"Subject: unsubscribe {token}\r\n\r\n".encode(), b"Subject: hello\r\n\r\n"):
        processed += process_message(store, 5, raw, NOW)

    assert (processed.messages, processed.reports.unknown) == (3, 1)
    assert processed.commands == (EmailCommand(Command.UNSUBSCRIBE, ADA),)


def test_a_maildir_is_read_once(store: Store, tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "box" / "new" / "1").write_bytes(b"Subject: hello\r\n\r\n")

    read = [read_mailboxes(store, 5, [Mailbox(maildir=tmp_path / "box")], lambda: NOW) for _ in range(2)]

    assert [one.messages for one in read] == [1, 0]


def test_a_mailbox_that_cannot_be_opened_keeps_none_from_being_read(store: Store, tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "box" / "new" / "1").write_bytes(b"Subject: hello\r\n\r\n")
    missing, there = Mailbox(maildir=tmp_path / "missing"), Mailbox(maildir=tmp_path / "box")

    read = read_mailboxes(store, 5, [missing, there, missing], lambda: NOW)

    assert (read.messages, len(read.errors)) == (1, 2)
    assert "missing" in str(read.errors[0])


def test_a_message_from_a_pipe_is_cut_and_the_pipe_read_to_its_end() -> None:
    pipe = BytesIO(b"x" * (2 * MAIL_BYTES + 5))

    assert message_from(pipe) == b"x" * MAIL_BYTES
    assert pipe.read() == b""

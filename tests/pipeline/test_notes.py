from __future__ import annotations

import io
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from newsletter.errors import ConfigError
from newsletter.limits import NOTE
from newsletter.models import Message
from newsletter.pipeline.notes import NO_NOTES, Notes, read_note
from newsletter.sending.maildir import MaildirTransport
from tests.pipeline.conftest import SendingSite
from tests.smtpd import Server, serving

DAY = date(2026, 5, 8)


def put(folder: Path, name: str, text: str | bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def test_files_of_the_day_open_and_close_its_editions(tmp_path: Path) -> None:
    put(tmp_path, "2026-05-08.md", "Hello")
    put(tmp_path, "2026-05-08.closing.md", "Bye")

    assert Notes(tmp_path).on(DAY) == ("Hello", "Bye")
    assert Notes(tmp_path).on(date(2026, 5, 9)) == ("", "")
    assert Notes(tmp_path, "Given").on(DAY) == ("Given", "Bye")
    assert NO_NOTES.on(DAY) == Notes(tmp_path / "gone").on(DAY) == ("", "")


def test_the_error_names_a_note_that_cannot_be_read(tmp_path: Path) -> None:
    put(tmp_path, "2026-05-08.md", b"\xff\xfe")

    with pytest.raises(ConfigError, match=r"2026-05-08\.md: cannot be read"):
        Notes(tmp_path).on(DAY)


def test_a_note_that_is_too_long_is_an_error_that_names_it(tmp_path: Path) -> None:
    put(tmp_path, "2026-05-08.md", "é" * NOTE)
    assert Notes(tmp_path).on(DAY)[0] == "é" * NOTE

    put(tmp_path, "2026-05-08.closing.md", "![a](" * NOTE)
    with pytest.raises(ConfigError, match=r"2026-05-08\.closing\.md: the note is too long"):
        Notes(tmp_path).on(DAY)
    with pytest.raises(ConfigError, match=r"^<stdin>: the note is too long"):
        read_note(io.StringIO("[" * (NOTE + 1)), "<stdin>")


def test_the_notes_of_a_site_are_in_its_messages(site: SendingSite, tmp_path: Path) -> None:
    put(site.config.site.notes, "2026-05-08.md", "Hello **there**")
    put(site.config.site.notes, "2026-05-08.closing.md", "Bye")
    site.add_paper("Pears", 1)
    site.add_subscriber("ada@example.org", "pear")

    site.send(MaildirTransport(tmp_path / "outbox"))

    (message,) = (tmp_path / "outbox" / "new").iterdir()
    text = Message(message_id="", sender="", recipient="", subject="", content=message.read_bytes()).text
    assert text.index("Hello **there**") < text.index("1. Pears") < text.index("\nBye\n")


def test_a_first_digest_begins_with_the_words_of_welcome_in_its_language(site: SendingSite, tmp_path: Path) -> None:
    put(tmp_path / "notes", "welcome.md", "# Welcome to the club\n\nHere is the best of the week.")
    put(tmp_path / "notes", "welcome.de.md", "Willkommen.")
    site.add_subscriber("ada@example.org", "pears")
    site.add_subscriber("bob@example.org", "pears", language="de")
    site.add_paper("Pears in Winter", 1)
    with serving(Server()) as server:
        site.send_to(server)
        site.wait(days=1)
        site.add_paper("Pears in Spring", 2)
        site.send_to(server)

    mails = [(to.partition("@")[0], message_from_bytes(content, policy=default)) for to, content in server.accepted]
    first = dict(mails[:2])
    assert [str(mail["Subject"]) for name, mail in mails if name == "ada"] == [
        "Welcome to the club",
        "1 paper: Pears in Spring",
    ]
    assert "Pears in Winter" in str(first["bob"]["Subject"])
    texts = {name: mail.get_body(("plain",)).get_content() for name, mail in first.items()}  # type: ignore[union-attr]
    assert "Here is the best of the week." in texts["ada"]
    assert "Pears in Winter" in texts["ada"]
    assert "Willkommen." in texts["bob"]
    assert not any("Willkommen" in mail.as_string() for _, mail in mails[2:])

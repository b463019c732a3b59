from __future__ import annotations

import json
import mailbox
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.cli.conftest import Newsletter


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:
    """A site with two papers and one subscriber."""
    newsletter("pull", "page", str(page))
    newsletter(
        "subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--name", "Ada", "--hour", "0"
    )
    return newsletter


def test_a_note_opens_the_edition(ada: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "hello.md").write_text("Hello **you**", encoding="utf-8")

    text = ada("preview", "--text", "--note", "hello.md").stdout

    assert text.index("Hello **you**") < text.index("1. Counting Sheep")


def test_a_preview_shows_what_will_be_sent_and_stores_nothing(ada: Newsletter, tmp_path: Path) -> None:
    preview = ada("preview", "--text").stdout
    ada("send")

    (mail,) = (message_from_bytes(m.as_bytes(), policy=default) for m in mailbox.Maildir(tmp_path / "outbox"))
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content() == preview
    assert ada("preview", "--text").stdout == preview


def test_the_suffix_of_the_file_chooses_the_format(ada: Newsletter, tmp_path: Path) -> None:
    for name in ("x.html", "x.txt", "x.eml", "folder"):
        assert ada("preview", "--once", name).exit_code == 0

    assert (tmp_path / "x.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert "Counting Sheep" in (tmp_path / "x.txt").read_text(encoding="utf-8")
    assert message_from_bytes((tmp_path / "x.eml").read_bytes(), policy=default)["To"] == "Ada <ada@example.org>"
    assert sorted(file.name for file in (tmp_path / "folder").iterdir()) == ["digest.eml", "digest.html", "digest.txt"]
    assert ada("preview", "--once", "x.pdf").exit_code == 1


def test_a_preview_without_a_subscriber(ada: Newsletter) -> None:
    assert "A Gentle Robot for Orchards" in ada("preview", "--topic", "robots", "--text").stdout


def test_an_empty_preview_says_what_to_do(ada: Newsletter) -> None:
    result = ada("preview", "--topic", "kettles", "--text")

    assert "nothing to show: 2 new papers, none on these topics" in result.stderr
    assert "--days 30" in result.stderr


def test_a_new_site_previews_the_sample_papers(newsletter: Newsletter) -> None:
    result = newsletter("preview", "--text")

    assert "invented samples" in result.stderr
    assert "Trending\n--------" in result.stdout


def test_with_several_subscribers_the_preview_asks_which(ada: Newsletter) -> None:
    ada("subscribers", "add", "bob@example.org")

    result = ada("preview", "--text")

    assert (result.exit_code, result.stderr) == (
        1,
        "newsletter: 2 subscribers: ada@example.org, bob@example.org (newsletter preview ada@example.org)\n",
    )


def test_a_test_email_has_links_that_identify_nobody(ada: Newsletter, tmp_path: Path) -> None:
    result = ada("preview", "ada@example.org", "--send", "me@example.net", "--style", "compact")

    (mail,) = mailbox.Maildir(tmp_path / "outbox")
    assert (mail["To"], result.exit_code) == ("Ada <me@example.net>", 0)
    assert "to me@example.net, into the Maildir" in result.stdout
    assert "unsubscribe%200." in mail["List-Unsubscribe"]
    assert json.loads(ada("subscribers", "show", "ada@example.org", "--json").stdout)["deliveries"] == []
    assert ada("preview", "--note", "-").exit_code == 2

from __future__ import annotations

import json
import mailbox
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from newsletter.sending.demo_server import Inbox
from tests.cli.conftest import Newsletter


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:
    """A site with two papers and one reader."""
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--name", "Ada")
    return newsletter


def test_a_first_digest_arrives_in_the_outbox(ada: Newsletter, tmp_path: Path) -> None:
    result = ada("send")

    (mail,) = mailbox.Maildir(tmp_path / "outbox")
    assert (result.exit_code, result.stderr) == (0, "")
    assert mail["To"] == "Ada <ada@example.org>"
    assert "Counting Sheep with Small Models" in mail["Subject"]


def test_sending_twice_mails_nobody_twice_and_says_why(ada: Newsletter, tmp_path: Path) -> None:
    ada("send")
    again = ada("send")

    assert len(mailbox.Maildir(tmp_path / "outbox")) == 1
    assert again.exit_code == 0
    assert "already sent daily-" in again.stdout
    assert "not due before" in again.stdout


def test_a_dry_run_sends_and_stores_nothing(ada: Newsletter, tmp_path: Path) -> None:
    result = ada("send", "--dry-run", "--json")

    (outcome,) = json.loads(result.stdout)
    assert (outcome["status"], outcome["papers"]) == ("would send", 2)  # one of them is something different
    assert not (tmp_path / "outbox").exists()
    assert json.loads(ada("subscribers", "show", "ada@example.org", "--json").stdout)["deliveries"] == []


def test_silence_explains_itself(ada: Newsletter) -> None:
    ada("subscribers", "add", "bob@example.org", "--topic", "kettles")
    ada("subscribers", "add", "eve@example.org")
    ada("subscribers", "pause", "eve@example.org")

    outcomes = {o["email"]: o["detail"] for o in json.loads(ada("send", "--json").stdout)}

    assert outcomes["bob@example.org"] == "no match: 2 new papers, none on kettles"
    assert outcomes["eve@example.org"].startswith("paused since ")


def test_run_sends_even_though_a_source_is_down_and_says_both(ada: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    result = ada("run", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [reader["status"] for reader in told["subscribers"]] == ["sent"]
    assert "connection failed" in told["pulls"][0]["error"]


def test_mail_goes_by_smtp_once_a_server_is_named(ada: Newsletter, tmp_path: Path) -> None:
    with Inbox() as inbox:
        settings = f'[smtp]\nhost = "{inbox.host}"\nport = {inbox.port}\nsecurity = "none"\n'
        (tmp_path / "newsletter.toml").write_text(settings, encoding="utf-8")
        result = ada("send")

    (received,) = inbox.received
    mail = message_from_bytes(received.content, policy=default)
    assert (result.exit_code, received.recipient, mail.defects) == (0, "ada@example.org", [])


def test_a_server_that_is_not_there_is_one_line_and_the_mail_waits(ada: Newsletter, tmp_path: Path) -> None:
    settings = tmp_path / "newsletter.toml"
    settings.write_text('[smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n', encoding="utf-8")
    down = ada("send")
    settings.write_text("", encoding="utf-8")
    later = ada("send")

    assert down.exit_code == 1
    assert len(down.stderr.splitlines()) == 1
    assert "127.0.0.1:9: cannot connect" in down.stderr
    assert (later.exit_code, len(mailbox.Maildir(tmp_path / "outbox"))) == (0, 1)


def test_real_mail_is_not_sent_under_the_examples_name(ada: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[smtp]\nhost = "smtp.example.org"\n', encoding="utf-8")

    result = ada("send")

    assert result.exit_code == 1
    assert "sender.address is still the example's" in result.stderr


def test_an_unknown_reader_is_one_line(ada: Newsletter) -> None:
    result = ada("send", "--to", "nobody@example.org")

    assert (result.exit_code, result.stderr) == (
        1,
        "newsletter: no subscriber has the address 'nobody@example.org' (see: newsletter subscribers list)\n",
    )


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


def test_a_preview_is_written_in_the_form_that_its_file_asks_for(ada: Newsletter, tmp_path: Path) -> None:
    for name in ("x.html", "x.txt", "x.eml", "folder"):
        assert ada("preview", "--once", name).exit_code == 0

    assert (tmp_path / "x.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert "Counting Sheep" in (tmp_path / "x.txt").read_text(encoding="utf-8")
    assert message_from_bytes((tmp_path / "x.eml").read_bytes(), policy=default)["To"] == "Ada <ada@example.org>"
    assert sorted(file.name for file in (tmp_path / "folder").iterdir()) == ["digest.eml", "digest.html", "digest.txt"]
    assert ada("preview", "--once", "x.pdf").exit_code == 1


def test_a_preview_for_nobody_in_particular(ada: Newsletter) -> None:
    assert "A Gentle Robot for Orchards" in ada("preview", "--topic", "robots", "--text").stdout


def test_an_empty_preview_says_what_to_do(ada: Newsletter) -> None:
    result = ada("preview", "--topic", "kettles", "--text")

    assert "nothing to show: 2 new papers, none on these topics" in result.stderr
    assert "--days 30" in result.stderr


def test_a_new_site_previews_the_sample_papers(newsletter: Newsletter) -> None:
    result = newsletter("preview", "--text")

    assert "invented samples" in result.stderr
    assert "Trending\n--------" in result.stdout


def test_with_several_readers_the_preview_asks_whose(ada: Newsletter) -> None:
    ada("subscribers", "add", "bob@example.org")

    result = ada("preview", "--text")

    assert (result.exit_code, result.stderr) == (
        1,
        "newsletter: 2 subscribers: ada@example.org, bob@example.org (newsletter preview ada@example.org)\n",
    )


def test_a_broken_template_of_the_site_is_one_line_and_nothing_is_lost(ada: Newsletter, tmp_path: Path) -> None:
    card = tmp_path / "templates" / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("fine\n{{ card.titel }}\n", encoding="utf-8")
    broken = ada("send")
    card.unlink()
    mended = ada("send")

    assert broken.exit_code == 1
    assert f"{card}, line 2" in broken.stderr
    assert (mended.exit_code, len(mailbox.Maildir(tmp_path / "outbox"))) == (0, 1)


def test_papers_are_summed_up_after_sending_where_a_model_is_named(
    ada: Newsletter, tmp_path: Path, httpserver: HTTPServer
) -> None:
    assert "no model is named" in ada("summarize").stderr
    answer = {"choices": [{"message": {"content": "Sheep stay calm when they are counted."}}]}
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_json(answer)
    config = tmp_path / "newsletter.toml"
    group = f'[summaries]\nbase_url = "{httpserver.url_for("/v1")}"\nmodel = "x"\nlanguages = "en, de"\n'
    config.write_text(config.read_text(encoding="utf-8") + group, encoding="utf-8")

    assert ada("summarize").stdout == "4 papers summed up\n"
    assert ada("summarize").stdout == "0 papers summed up\n"
    assert "Sheep stay calm when they are counted." in ada("preview", "ada@example.org", "--text").stdout


def test_a_trial_goes_to_whom_it_is_sent_and_its_links_are_nobodys(ada: Newsletter, tmp_path: Path) -> None:
    result = ada("preview", "ada@example.org", "--send", "me@example.net", "--style", "compact")

    (mail,) = mailbox.Maildir(tmp_path / "outbox")
    assert (mail["To"], result.exit_code) == ("Ada <me@example.net>", 0)
    assert "to me@example.net, into the Maildir" in result.stdout
    assert "unsubscribe%200." in mail["List-Unsubscribe"]
    assert json.loads(ada("subscribers", "show", "ada@example.org", "--json").stdout)["deliveries"] == []
    assert ada("preview", "--note", "-").exit_code == 2

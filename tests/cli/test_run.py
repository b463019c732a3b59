from __future__ import annotations

import json
import mailbox
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from newsletter.sending.demo_server import Inbox
from tests.cli.conftest import Newsletter


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:
    """A site with two papers and one subscriber."""
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--name", "Ada")
    return newsletter


def test_a_first_digest_arrives_in_the_outbox(ada: Newsletter, tmp_path: Path) -> None:
    result = ada("send")

    (mail,) = mailbox.Maildir(tmp_path / "outbox")
    assert (result.exit_code, result.stderr) == (0, "")
    assert mail["To"] == "Ada <ada@example.org>"
    assert "Counting Sheep with Small Models" in mail["Subject"]


def test_sending_again_says_why_nothing_is_sent(ada: Newsletter, tmp_path: Path) -> None:
    ada("send")
    again = ada("send")

    assert len(mailbox.Maildir(tmp_path / "outbox")) == 1
    assert again.exit_code == 0
    assert "already sent daily-" in again.stdout
    assert "not due before" in again.stdout


def test_a_dry_run_sends_and_stores_nothing(ada: Newsletter, tmp_path: Path) -> None:
    result = ada("send", "--dry-run", "--json")

    (outcome,) = json.loads(result.stdout)
    assert (outcome["status"], outcome["papers"]) == ("would send", 2)  # one of them from outside the topics
    assert not (tmp_path / "outbox").exists()
    assert json.loads(ada("subscribers", "show", "ada@example.org", "--json").stdout)["deliveries"] == []


def test_the_reason_for_each_missing_digest_is_shown(ada: Newsletter) -> None:
    ada("subscribers", "add", "bob@example.org", "--topic", "kettles")
    ada("subscribers", "add", "eve@example.org")
    ada("subscribers", "pause", "eve@example.org")

    outcomes = {o["email"]: o["detail"] for o in json.loads(ada("send", "--json").stdout)}

    assert outcomes["bob@example.org"] == "no match: 2 new papers, none on kettles"
    assert outcomes["eve@example.org"].startswith("paused since ")


def test_run_sends_although_a_source_is_down(ada: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    result = ada("run", "--json")

    printed = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [outcome["status"] for outcome in printed["subscribers"]] == ["sent"]
    assert printed["pulls"][0]["error"] in result.stderr


def test_messages_go_to_the_configured_server(ada: Newsletter, tmp_path: Path) -> None:
    with Inbox() as inbox:
        settings = f'[smtp]\nhost = "{inbox.host}"\nport = {inbox.port}\nsecurity = "none"\n'
        (tmp_path / "newsletter.toml").write_text(settings, encoding="utf-8")
        result = ada("send")

    (received,) = inbox.received
    mail = message_from_bytes(received.content, policy=default)
    assert (result.exit_code, received.recipient, mail.defects) == (0, "ada@example.org", [])


def test_an_unreachable_server_is_one_line_and_the_message_waits(ada: Newsletter, tmp_path: Path) -> None:
    settings = tmp_path / "newsletter.toml"
    settings.write_text('[smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n', encoding="utf-8")
    down = ada("send")
    settings.write_text("", encoding="utf-8")
    later = ada("send")

    assert down.exit_code == 1
    assert len(down.stderr.splitlines()) == 1
    assert "127.0.0.1:9" in down.stderr
    assert (later.exit_code, len(mailbox.Maildir(tmp_path / "outbox"))) == (0, 1)


def test_real_mail_is_not_sent_under_the_example_name(ada: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[smtp]\nhost = "smtp.example.org"\n', encoding="utf-8")

    result = ada("send")

    assert result.exit_code == 1
    assert "sender.address is still the example's" in result.stderr


def test_an_unknown_subscriber_is_one_line(ada: Newsletter) -> None:
    result = ada("send", "--to", "nobody@example.org")

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "nobody@example.org" in result.stderr


def test_a_broken_template_is_one_line_and_loses_nothing(ada: Newsletter, tmp_path: Path) -> None:
    card = tmp_path / "templates" / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("fine\n{{ card.titel }}\n", encoding="utf-8")
    broken = ada("send")
    card.unlink()
    repaired = ada("send")

    assert broken.exit_code == 1
    assert f"{card}, line 2" in broken.stderr
    assert (repaired.exit_code, len(mailbox.Maildir(tmp_path / "outbox"))) == (0, 1)


def test_run_processes_bounces_and_says_why_it_stopped(ada: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[bounces]\nmaildir = "missing"\n', encoding="utf-8")

    result = ada("run")

    assert (result.exit_code, result.stdout) == (1, "")
    mailbox_error, pull_error = result.stderr.splitlines()
    assert "missing" in mailbox_error
    assert "no [[sources]]" in pull_error
    assert not (tmp_path / "outbox").exists()


def test_a_dry_run_at_a_time_tells_what_would_go_to_whom(newsletter: Newsletter, page: Path, tmp_path: Path) -> None:
    newsletter("pull", "page", str(page))
    newsletter(
        "subscribers", "add", "ada@example.org", "--hour", "9", "--time-zone", "Europe/Berlin", "--trending", "5"
    )
    day = (datetime.now(UTC) + timedelta(days=2)).date()

    before = newsletter("run", "--at", f"{day}T06:00", "--dry-run")
    after = newsletter("run", "--at", f"{day}T08:00:00Z", "--dry-run", "--json")

    assert f"dry run: at {day} 06:00 UTC" in before.stdout
    assert "not due before" in before.stdout
    (outcome,) = json.loads(after.stdout)["subscribers"]
    assert (outcome["email"], outcome["status"], outcome["edition"]) == (
        "ada@example.org",
        "would send",
        f"daily-{day}",
    )
    assert not (tmp_path / "outbox" / "new").exists()


def test_the_time_of_a_dry_run_is_in_the_sites_zone(newsletter: Newsletter, tmp_path: Path) -> None:
    path = tmp_path / "newsletter.toml"
    text = path.read_text(encoding="utf-8").replace("[schedule]\n", '[schedule]\ntime_zone = "Asia/Tokyo"\n')
    path.write_text(text, encoding="utf-8")
    assert "dry run: at 2026-05-10 22:00 UTC" in newsletter("run", "--at", "2026-05-11T07:00", "--dry-run").stdout


def test_mail_is_not_sent_at_another_time_than_now(newsletter: Newsletter) -> None:
    refused = newsletter("run", "--at", "2026-05-11T07:00")
    assert (refused.exit_code, "--at needs --dry-run" in refused.stderr) == (2, True)
    refused = newsletter("run", "--at", "tomorrow", "--dry-run")
    assert (refused.exit_code, "is no time (as in 2026-05-11T07:00)" in refused.stderr) == (2, True)

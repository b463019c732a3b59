from __future__ import annotations

import json
import mailbox
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from filelock import FileLock

from newsletter.models import DeliveryStatus, Profile
from newsletter.sending.demo_server import Inbox
from newsletter.store import open_store
from tests.cli.conftest import Newsletter
from tests.factories import NOW
from tests.smtpd import Server, serving


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:
    """A site with two papers and one subscriber, who is due at every time of the day on which the tests run."""
    newsletter("pull", "page", str(page))
    newsletter(
        "subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--name", "Ada", "--hour", "0"
    )
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
    assert re.search(r"daily-[\d-]+ sent at ", again.stdout)
    assert "not due before" in again.stdout


def test_a_dry_run_sends_and_stores_nothing(ada: Newsletter, tmp_path: Path) -> None:
    result = ada("send", "--dry-run", "--json")

    (outcome,) = json.loads(result.stdout)
    assert (outcome["status"], outcome["papers"]) == ("would send", 2)  # one of them from outside the topics
    assert not (tmp_path / "outbox").exists()
    assert json.loads(ada("subscribers", "show", "ada@example.org", "--json").stdout)["deliveries"] == []


def test_the_reason_for_each_missing_digest_is_shown(ada: Newsletter) -> None:
    ada("subscribers", "add", "bob@example.org", "--topic", "kettles", "--hour", "0")
    ada("subscribers", "add", "eve@example.org")
    ada("subscribers", "pause", "eve@example.org")

    outcomes = {o["email"]: o["detail"] for o in json.loads(ada("send", "--json").stdout)}

    assert outcomes["bob@example.org"].startswith("no match: 2 new papers, none on kettles")
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


NO_SOURCES = "[site]\n"


@pytest.fixture
def fed(ada: Newsletter, tmp_path: Path) -> Newsletter:
    """A site whose papers come from files alone."""
    (tmp_path / "newsletter.toml").write_text(NO_SOURCES, encoding="utf-8")
    return ada


def test_run_prints_one_line_if_all_is_well(fed: Newsletter) -> None:
    first, again, quiet = fed("run"), fed("run"), fed("run", "-q")

    assert (first.exit_code, first.stderr, again.stderr) == (0, "", "")
    (line,) = first.stdout.splitlines()
    assert line.endswith(" UTC: 1 sent")
    assert again.stdout.endswith(" UTC: 1 not sent\n")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_run_v_tells_what_became_of_everybody(fed: Newsletter) -> None:
    printed = fed("run", "--verbose").stdout

    assert "ada@example.org" in printed
    assert "Counting Sheep" in printed
    assert fed("run", "-v", "-q").exit_code == 2


def test_q_tells_what_is_wrong(fed: Newsletter, tmp_path: Path) -> None:
    server = '[smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n'
    (tmp_path / "newsletter.toml").write_text(server, encoding="utf-8")

    result = fed("run", "-q")

    assert result.exit_code == 1
    assert "127.0.0.1:9" in result.stderr
    assert result.stdout.endswith(" UTC: 1 not sent\n")


def test_the_json_of_a_run_says_all_of_it_and_the_exit_code(fed: Newsletter) -> None:
    document = json.loads(fed("run", "--json").stdout)

    (one,) = document.pop("subscribers")
    assert (one["email"], one["status"]) == ("ada@example.org", "sent")
    assert document == {
        "exit_code": 0, "errors": [], "pulls": [], "counts": {"sent": 1}, "waiting": 0, "in_doubt": 0,
        "next_attempt_at": None,
    }  # fmt: skip


#: Subscribers who come before the one in question.
MANY = 60


@pytest.fixture
def _few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the outcomes of fewer subscribers in memory than there are: a thousand of them take seconds."""
    monkeypatch.setattr("newsletter.pipeline.outcomes._MAX_OUTCOMES", MANY - 10)


@pytest.mark.usefixtures("_few_are_kept")
def test_json_names_every_subscriber_however_many_there_are(fed: Newsletter, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as store, store.transaction():
        for number in range(MANY):
            store.subscribers.add(f"s{number}@example.org", "", Profile(), "cli", NOW)

    run_json, send_json = json.loads(fed("run", "--json").stdout), json.loads(fed("send", "--json").stdout)

    assert len(run_json["subscribers"]) == len(send_json) == MANY + 1
    assert len({one["email"] for one in send_json}) == MANY + 1
    assert fed("send", "--dry-run").stdout.count("@example.org") == MANY + 1


@pytest.mark.usefixtures("_few_are_kept")
def test_every_failure_is_printed_whoever_comes_before(fed: Newsletter, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as store, store.transaction():
        for number in range(MANY):
            store.subscribers.add(f"s{number}@example.org", "", Profile(), "cli", NOW)
        store.subscribers.add("zoe@example.org", "", Profile(hour=0, trending=5), "cli", NOW)
    with serving(Server(on_rcpt=lambda address, _seen: "550 5.5.0 no" if "zoe" in address else None)) as server:
        settings = f'[smtp]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
        (tmp_path / "newsletter.toml").write_text(settings, encoding="utf-8")
        result = fed("run")

    assert result.exit_code == 1
    assert re.search(r"zoe@example\.org: failed: .* 550 5\.5\.0 no\n", result.stderr)


def test_deferred_messages_are_a_code_of_their_own_and_tried_again_at_their_time(
    fed: Newsletter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.ledger._FIRST_BACKOFF", timedelta(seconds=0.3))
    with serving(Server(on_rcpt=lambda _address, seen: "450 4.2.1 later" if not seen else None)) as server:
        settings = f'[smtp]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
        (tmp_path / "newsletter.toml").write_text(settings, encoding="utf-8")
        result = fed("run", "--wait", "1", "--json")

    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"], document["counts"]) == (0, 0, {"sent": 1})
    assert [one["status"] for one in document["subscribers"]] == ["deferred", "sent"]


def test_without_waiting_the_next_attempt_is_named(fed: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=lambda _address, _seen: "450 4.2.1 later")) as server:
        settings = f'[smtp]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
        (tmp_path / "newsletter.toml").write_text(settings, encoding="utf-8")
        result = fed("run")
        sent = fed("send")

    assert (result.exit_code, sent.exit_code) == (75, 0)  # `send` has nothing that is due
    assert "1 deferred; next retry at " in result.stdout


def test_a_second_process_is_a_code_of_its_own(fed: Newsletter, tmp_path: Path) -> None:
    with FileLock(tmp_path / "newsletter.lock"):
        run, quiet, send = fed("run"), fed("run", "-q"), fed("send")

    assert [one.exit_code for one in (run, quiet, send)] == [75, 75, 75]
    assert (run.stderr, quiet.stderr) == ("", "")
    assert "another process is sending for this site" in run.stdout
    assert "another newsletter process is already sending" in send.stderr


def test_the_hint_after_a_message_in_doubt_leads_to_it(fed: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_mail=lambda _address, _seen: "550 5.7.1 not you")) as server:
        settings = f'[smtp]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
        (tmp_path / "newsletter.toml").write_text(settings, encoding="utf-8")
        fed("send")
    with open_store(tmp_path / "newsletter.db") as store:
        (delivery,) = store.deliveries.open()
        store.deliveries.move(delivery.id, DeliveryStatus.SENDING, NOW)
    (tmp_path / "newsletter.toml").write_text(NO_SOURCES, encoding="utf-8")

    result = fed("run")

    (line,) = result.stderr.splitlines()
    hint = line.rpartition("see newsletter ")[2].split()
    assert hint == ["deliveries", "failures", "--in-doubt"]
    assert "ada@example.org" in fed(*hint).stdout


def test_run_says_that_a_mailbox_cannot_be_read_and_goes_on(ada: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('[bounces]\nmaildir = "missing"\n', encoding="utf-8")

    result = ada("run")

    (mailbox_error,) = result.stderr.splitlines()
    assert (result.exit_code, "missing" in mailbox_error) == (1, True)
    assert "1 sent" in result.stdout  # papers may come from files alone, so no source is needed


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

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsletter.models import DeliveryStatus
from newsletter.store import open_store
from tests.cli.conftest import Newsletter
from tests.smtpd import ReplyTo, Server, serving


@pytest.fixture
def both(newsletter: Newsletter, page: Path) -> Newsletter:
    """A site with papers and two subscribers who were sent nothing yet."""
    newsletter("pull", "page", str(page))
    for name in ("ada", "bob"):
        newsletter("subscribers", "add", f"{name}@example.org", "--topic", "in-context learning", "--hour", "0")
    return newsletter


def through(server: Server, folder: Path) -> None:
    """Configure the site to send through this server."""
    path = folder / "newsletter.toml"
    settings = f'[smtp]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
    path.write_text(path.read_text(encoding="utf-8") + settings, encoding="utf-8")


def to_ada(reply: str) -> ReplyTo:
    """Make a server reply this to Ada's address, and accept all others."""
    return lambda address, _seen: reply if address.startswith("ada@") else None


def key_of(newsletter: Newsletter) -> str:
    (edition,) = json.loads(newsletter("deliveries", "--json").stdout)
    return str(edition["edition"])


def test_before_the_first_edition_the_next_command_is_named(newsletter: Newsletter) -> None:
    assert newsletter("deliveries").stdout == "No editions yet. Next: newsletter send\n"


def test_an_edition_is_finished_when_its_counts_add_up(both: Newsletter) -> None:
    both("send")

    (row,) = json.loads(both("deliveries", "--json").stdout)
    assert (row["planned"], row["sent"], row["waiting"], row["state"]) == (2, 2, 0, "done")
    assert "done" in both("deliveries").stdout
    assert both("deliveries", "failures").stdout == "No failed or held deliveries.\n"


def test_failures_are_listed_with_the_smtp_response_and_retried(both: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=to_ada("554 5.6.0 not like this"))) as server:
        through(server, tmp_path)
        assert both("send").exit_code == 1
        failures = both("deliveries", "failures").stdout
        assert "ada@example.org" in failures
        assert "554 5.6.0 not like this" in failures

        server.on_rcpt = lambda _address, _seen: None
        assert both("deliveries", "retry").stdout == "1 message queued. Next: newsletter send\n"
        assert both("send").exit_code == 0

    assert sorted(server.recipients) == ["ada@example.org", "bob@example.org"]


def test_an_address_that_does_not_exist_is_not_retried(both: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=to_ada("550 5.1.1 no such user"))) as server:
        through(server, tmp_path)
        both("send")

    output = both("deliveries", "retry").stdout
    assert "0 messages queued" in output
    assert "1 failed not requeued: suppressed" in output


def test_a_paused_edition_waits_until_it_is_resumed(both: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=to_ada("450 4.2.0 later"))) as server:
        through(server, tmp_path)
        both("send")
        key = key_of(both)
        assert both("deliveries", "pause", key).stdout.startswith(f"{key} is paused")
        both("deliveries", "retry", "--deferred")
        server.on_rcpt = lambda _address, _seen: None
        both("send")
        assert server.recipients == ["bob@example.org"]
        assert "paused" in both("deliveries").stdout

        both("deliveries", "resume", key)
        both("send")

    assert sorted(server.recipients) == ["ada@example.org", "bob@example.org"]


def test_a_cancelled_edition_is_not_sent_and_cannot_be_resumed(both: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=to_ada("450 4.2.0 later"))) as server:
        through(server, tmp_path)
        both("send")
        key = key_of(both)
        assert both("deliveries", "cancel", key).stdout == f"{key} is cancelled: 1 message skipped\n"
        both("send")

    assert server.recipients == ["bob@example.org"]
    assert both("deliveries", "resume", key).exit_code == 1


def test_held_deliveries_are_listed_and_retried_on_request(both: Newsletter, tmp_path: Path) -> None:
    both("send")
    with open_store(tmp_path / "newsletter.db") as store, store.transaction():
        one = store.deliveries.of_subscriber(1)[0]
        store.deliveries.move(one.id, DeliveryStatus.HELD, one.updated_at, detail="in doubt: connection lost")

    assert "in doubt: connection lost" in both("deliveries", "failures", "--held").stdout
    assert both("deliveries", "retry", "--held").stdout.startswith("1 message queued")


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_an_unknown_edition_is_a_one_line_error(both: Newsletter, command: str) -> None:
    refused = both("deliveries", command, "daily-1999-01-01")
    assert refused.exit_code == 1
    assert "daily-1999-01-01: no such edition" in refused.stderr
    assert "newsletter deliveries" in refused.stderr

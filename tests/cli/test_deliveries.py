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
    """A site with papers and two readers who have had nothing yet."""
    newsletter("pull", "page", str(page))
    for reader in ("ada", "bob"):
        newsletter("subscribers", "add", f"{reader}@example.org", "--topic", "in-context learning", "--hour", "0")
    return newsletter


def through(server: Server, folder: Path) -> None:
    """Have the site's mail go to this server."""
    path = folder / "newsletter.toml"
    server_is = f'[smtp]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
    path.write_text(path.read_text(encoding="utf-8") + server_is, encoding="utf-8")


def to_ada(reply: str) -> ReplyTo:
    """Have a server say this to Ada's address."""
    return lambda address, _seen: reply if address.startswith("ada@") else None


def key_of(newsletter: Newsletter) -> str:
    (edition,) = json.loads(newsletter("deliveries", "--json").stdout)
    return str(edition["edition"])


def test_before_the_first_edition_it_says_what_to_do(newsletter: Newsletter) -> None:
    assert newsletter("deliveries").stdout == "No edition yet. Next: newsletter send\n"


def test_an_edition_is_finished_when_its_counts_add_up(both: Newsletter) -> None:
    both("send")

    (row,) = json.loads(both("deliveries", "--json").stdout)
    assert (row["planned"], row["sent"], row["waiting"], row["state"]) == (2, 2, 0, "finished")
    assert "finished" in both("deliveries").stdout
    assert both("deliveries", "failures").stdout == "Nothing failed or held.\n"


def test_failures_are_told_in_the_servers_words_and_retried(both: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=to_ada("554 5.6.0 not like this"))) as server:
        through(server, tmp_path)
        assert both("send").exit_code == 1
        told = both("deliveries", "failures").stdout
        assert "ada@example.org" in told
        assert "554 5.6.0 not like this" in told

        server.on_rcpt = lambda _address, _seen: None
        assert both("deliveries", "retry").stdout == "1 message queued. Next: newsletter send\n"
        assert both("send").exit_code == 0

    assert sorted(server.recipients) == ["ada@example.org", "bob@example.org"]


def test_an_address_that_does_not_exist_is_not_retried(both: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=to_ada("550 5.1.1 no such user"))) as server:
        through(server, tmp_path)
        both("send")

    told = both("deliveries", "retry").stdout
    assert "0 messages queued" in told
    assert "1 failed left as they are: suppressed" in told


def test_a_paused_edition_waits_until_it_is_let_go_on(both: Newsletter, tmp_path: Path) -> None:
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


def test_a_cancelled_edition_is_over(both: Newsletter, tmp_path: Path) -> None:
    with serving(Server(on_rcpt=to_ada("450 4.2.0 later"))) as server:
        through(server, tmp_path)
        both("send")
        key = key_of(both)
        assert both("deliveries", "cancel", key).stdout == f"{key} is cancelled: 1 message skipped\n"
        both("send")

    assert server.recipients == ["bob@example.org"]
    assert both("deliveries", "resume", key).exit_code == 1


def test_what_is_held_may_be_sent_again_by_a_person(both: Newsletter, tmp_path: Path) -> None:
    both("send")
    with open_store(tmp_path / "newsletter.db") as store, store.transaction():
        one = store.deliveries.of_subscriber(1)[0]
        store.deliveries.move(one.id, DeliveryStatus.HELD, one.updated_at, detail="in doubt: connection lost")

    assert "in doubt: connection lost" in both("deliveries", "failures", "--held").stdout
    assert both("deliveries", "retry", "--held").stdout.startswith("1 message queued")


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_an_unknown_edition_is_one_line(both: Newsletter, command: str) -> None:
    refused = both("deliveries", command, "daily-1999-01-01")
    assert refused.exit_code == 1
    assert "daily-1999-01-01: no such edition" in refused.stderr
    assert "newsletter deliveries" in refused.stderr

"""Four connections, a fast server that drops them, and a sender that is killed repeatedly."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.models import DeliveryStatus
from newsletter.sending.smtp.group_commit import GROUP
from tests.pipeline.conftest import SendingSite
from tests.pipeline.sender import exit_code, start_sender
from tests.sink import Sink, sinking
from tests.smtpd import Server, serving

#: As many as four connections carry through all kills; `tests.benchmarks.crashing` kills for longer.
SUBSCRIBERS = 250
CONNECTIONS = 4
KILLS = 4
#: What may arrive twice after a kill: the last message of each connection, and those with results of ten milliseconds.
TWICE = CONNECTIONS + GROUP


@pytest.fixture
def many_subscribers(site: SendingSite) -> SendingSite:
    site.add_paper("Pears in Winter", 1)
    with site.store.transaction():
        for number in range(SUBSCRIBERS):
            site.add_subscriber(f"subscriber{number:04}@example.org", "pears")
    return site


def run_until_done(site: SendingSite, root: Path, sink: Sink, *, kills: int) -> int:
    """Send, with SIGKILL at random moments, until a run ends by itself; return the number of kills."""
    chance = random.Random(3)  # noqa: S311 - reproducible
    killed = 0
    for _ in range(200):
        taken = len(sink.taken)
        process = start_sender(root, sink.port, site.now, CONNECTIONS)
        if killed < kills:
            while len(sink.taken) == taken and process.is_alive():
                time.sleep(0.002)  # between two looks at the log: the sender needs the processor
            threading.Timer(chance.random() / 20, process.kill).start()
        if (code := exit_code(process)) == -9:
            killed += 1
        elif code == 0:
            return killed
    raise AssertionError("it never ended")


@pytest.mark.parametrize("chunking", [(), ("--chunking",)])
def test_repeated_kills_miss_nobody_and_duplicates_are_bounded(
    many_subscribers: SendingSite, tmp_path: Path, chunking: tuple[str, ...]
) -> None:
    with sinking(tmp_path / "taken.log", *chunking) as sink:
        killed = run_until_done(many_subscribers, tmp_path, sink, kills=KILLS)
        taken = sink.taken

    assert killed > 0
    assert {recipient for recipient, _ in taken} == {
        f"subscriber{number:04}@example.org" for number in range(SUBSCRIBERS)
    }
    assert len(taken) - SUBSCRIBERS <= TWICE * killed
    assert len(set(taken)) == SUBSCRIBERS  # duplicates have the same Message-ID
    assert many_subscribers.store.deliveries.counts() == {"sent": SUBSCRIBERS}


def test_kills_on_the_wire_with_workers_miss_nobody_and_duplicates_are_bounded(
    many_subscribers: SendingSite, tmp_path: Path
) -> None:
    """Each kill comes while four connections carry messages that two processes render; some are left in doubt."""
    with (tmp_path / "newsletter.toml").open("a", encoding="utf-8") as file:
        file.write("[delivery]\nworkers = 2\n")
    in_doubt: list[int] = []
    with sinking(tmp_path / "taken.log") as sink:
        while len(in_doubt) < 3 and _run_once(many_subscribers, tmp_path, sink, kill=True):
            in_doubt.append(many_subscribers.store.deliveries.counts().get("sending", 0))
        run_until_done(many_subscribers, tmp_path, sink, kills=0)
        taken = sink.taken

    assert max(in_doubt) > 0
    assert {recipient for recipient, _ in taken} == {
        f"subscriber{number:04}@example.org" for number in range(SUBSCRIBERS)
    }
    assert len(taken) - SUBSCRIBERS <= (TWICE + GROUP) * len(in_doubt)  # there are two senders
    assert len(set(taken)) == SUBSCRIBERS  # duplicates have the same Message-ID
    assert many_subscribers.store.deliveries.counts() == {"sent": SUBSCRIBERS}


def test_with_hold_nothing_is_delivered_twice(many_subscribers: SendingSite, tmp_path: Path) -> None:
    with (tmp_path / "newsletter.toml").open("a", encoding="utf-8") as file:
        file.write('[delivery]\nin_doubt = "hold"\n')
    with sinking(tmp_path / "taken.log") as sink:
        killed = 0
        while (
            sum(many_subscribers.store.deliveries.counts().get(s, 0) for s in ("sent", "held", "failed")) < SUBSCRIBERS
        ):
            # A run that holds a delivery is not clean, so it never exits with 0.
            killed += _run_once(many_subscribers, tmp_path, sink, kill=killed < KILLS)
        taken = sink.taken

    held = many_subscribers.store.deliveries.with_status([DeliveryStatus.HELD], None, SUBSCRIBERS)
    assert max(Counter(recipient for recipient, _ in taken).values()) == 1
    assert len(held) <= (TWICE + CONNECTIONS + GROUP) * killed  # and what departed ahead
    assert len(taken) + len(held) >= SUBSCRIBERS


def _run_once(site: SendingSite, root: Path, sink: Sink, *, kill: bool) -> int:
    taken = len(sink.taken)
    process = start_sender(root, sink.port, site.now, CONNECTIONS)
    while kill and len(sink.taken) == taken and process.is_alive():
        time.sleep(0.002)
    if kill:
        threading.Timer(0.02, process.kill).start()
    return int(exit_code(process) == -9)


@pytest.mark.parametrize("rude", [("--farewells", "0.01"), ("--cuts", "0.005")])
def test_a_server_that_drops_connections_gets_everything_in_the_end(
    many_subscribers: SendingSite, tmp_path: Path, rude: tuple[str, ...]
) -> None:
    with sinking(tmp_path / "taken.log", *rude) as sink:
        for _ in range(50):
            _run_once(many_subscribers, tmp_path, sink, kill=False)
            if many_subscribers.store.deliveries.counts() == {"sent": SUBSCRIBERS}:
                break
            many_subscribers.wait(minutes=10)
        taken = sink.taken

    assert {recipient for recipient, _ in taken} == {
        f"subscriber{number:04}@example.org" for number in range(SUBSCRIBERS)
    }
    assert len(set(taken)) == SUBSCRIBERS


def test_a_clock_set_back_by_an_hour_misses_nobody_and_sends_nothing_twice(site: SendingSite) -> None:
    site.add_paper("Pears in Winter", 1)
    for number in range(20):
        site.add_subscriber(f"subscriber{number:02}@example.org", "pears")

    def once(_address: str, seen: int) -> str | None:
        return "450 4.2.0 try again later" if seen == 0 else None

    with serving(Server(on_rcpt=once)) as server:
        site.send_to(server)  # everything is deferred
        site.wait(hours=-1)
        site.send_to(server)
        for _ in range(10):
            site.wait(minutes=20)
            site.send_to(server)

    assert sorted(server.recipients) == [f"subscriber{number:02}@example.org" for number in range(20)]


def test_a_full_disk_ends_the_run_and_the_next_one_continues(many_subscribers: SendingSite) -> None:
    database = many_subscribers.store._db
    with serving(Server()) as server:
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="full"):
            many_subscribers.send_to(server)
        assert server.accepted == []
        database.execute("PRAGMA max_page_count = 1000000")
        assert many_subscribers.send_to(server).is_clean

    assert len(server.recipients) == len(set(server.recipients)) == SUBSCRIBERS


def test_a_store_locked_for_long_ends_the_run_and_the_next_one_continues(
    many_subscribers: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process locks the store in the middle of an edition, for longer than the run retries."""
    monkeypatch.setattr("newsletter.pipeline.ledger._COMMIT_RETRY_S", 0.01)
    many_subscribers.store._db.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(many_subscribers.config.site.store, isolation_level=None, check_same_thread=False)
    with serving(Server()) as server, closing(other):

        def lock_the_store(taken: int) -> None:
            if taken == SUBSCRIBERS // 2 and not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")

        server.before_reply = lock_the_store
        with pytest.raises(StoreError, match="locked"):
            many_subscribers.send_to(server)
        sent = len(server.accepted)
        assert SUBSCRIBERS // 2 <= sent < SUBSCRIBERS
        other.execute("ROLLBACK")
        server.before_reply = lambda _number: None
        many_subscribers.send_to(server)

    ids = [message_from_bytes(content)["Message-ID"] for _, content in server.accepted]
    assert len(set(ids)) == SUBSCRIBERS
    assert len(ids) - len(set(ids)) <= 1  # the message in doubt, on the one connection

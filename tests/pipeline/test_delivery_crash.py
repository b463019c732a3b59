"""Four connections, a server that is fast and rude, and a sender that is killed again and again."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.models import DeliveryStatus
from tests.pipeline.conftest import Street
from tests.pipeline.test_deliver import SENDER
from tests.sink import Sink, sinking
from tests.smtpd import Server, serving

READERS = 600
CONNECTIONS = 4
KILLS = 8


@pytest.fixture
def many_readers(street: Street) -> Street:
    street.add_paper("Pears in Winter", 1)
    with street.store.transaction():
        for number in range(READERS):
            street.add_reader(f"reader{number:04}@example.org", "pears")
    return street


def run_until_done(street: Street, site: Path, sink: Sink, *, kills: int) -> int:
    """Send, with a SIGKILL at random moments, until a run ends by itself; return how many were killed."""
    chance = random.Random(3)  # noqa: S311 - dice
    command = [
        sys.executable, "-c", SENDER.replace("connections=1", f"connections={CONNECTIONS}"), str(site), str(sink.port),
        street.now.isoformat(),
    ]  # fmt: skip
    killed = 0
    for _ in range(200):
        taken = len(sink.taken)
        process = subprocess.Popen(command)
        if killed < kills:
            while len(sink.taken) == taken and process.poll() is None:
                pass
            threading.Timer(chance.random() / 20, process.kill).start()
        if process.wait(120) == -9:
            killed += 1
        elif process.returncode == 0:
            return killed
    raise AssertionError("it never ended")


@pytest.mark.parametrize("chunking", [(), ("--chunking",)])
def test_killed_again_and_again_nobody_is_missed_and_doubles_are_few_and_known(
    many_readers: Street, tmp_path: Path, chunking: tuple[str, ...]
) -> None:
    with sinking(tmp_path / "taken.log", *chunking) as sink:
        killed = run_until_done(many_readers, tmp_path, sink, kills=KILLS)
        taken = sink.taken

    assert killed > 0
    assert {recipient for recipient, _ in taken} == {f"reader{number:04}@example.org" for number in range(READERS)}
    assert len(taken) - READERS <= CONNECTIONS * killed
    assert len(set(taken)) == READERS  # whoever got two got the same Message-ID twice
    assert many_readers.store.deliveries.counts() == {"sent": READERS}


def test_held_what_is_in_doubt_comes_never_twice(many_readers: Street, tmp_path: Path) -> None:
    with (tmp_path / "newsletter.toml").open("a", encoding="utf-8") as file:
        file.write('[delivery]\nin_doubt = "hold"\n')
    with sinking(tmp_path / "taken.log") as sink:
        killed = 0
        while sum(many_readers.store.deliveries.counts().get(s, 0) for s in ("sent", "held", "failed")) < READERS:
            # A run that holds something back says so by its exit code, and so never ends with 0.
            killed += _run_once(many_readers, tmp_path, sink, kill=killed < KILLS)
        taken = sink.taken

    held = many_readers.store.deliveries.with_status([DeliveryStatus.HELD], None, READERS)
    assert max(Counter(recipient for recipient, _ in taken).values()) == 1
    assert len(held) <= CONNECTIONS * killed
    assert len(taken) + len(held) >= READERS


def _run_once(street: Street, site: Path, sink: Sink, *, kill: bool) -> int:
    taken = len(sink.taken)
    command = [
        sys.executable, "-c", SENDER.replace("connections=1", f"connections={CONNECTIONS}"), str(site), str(sink.port),
        street.now.isoformat(),
    ]  # fmt: skip
    process = subprocess.Popen(command)
    while kill and len(sink.taken) == taken and process.poll() is None:
        pass
    if kill:
        threading.Timer(0.02, process.kill).start()
    return int(process.wait(120) == -9)


@pytest.mark.parametrize("rude", [("--farewells", "0.01"), ("--cuts", "0.005")])
def test_a_server_that_hangs_up_in_the_middle_gets_everything_in_the_end(
    many_readers: Street, tmp_path: Path, rude: tuple[str, ...]
) -> None:
    with sinking(tmp_path / "taken.log", *rude) as sink:
        for _ in range(50):
            _run_once(many_readers, tmp_path, sink, kill=False)
            if many_readers.store.deliveries.counts() == {"sent": READERS}:
                break
            many_readers.wait(minutes=10)
        taken = sink.taken

    assert {recipient for recipient, _ in taken} == {f"reader{number:04}@example.org" for number in range(READERS)}
    assert len(set(taken)) == READERS


def test_a_clock_that_is_set_back_an_hour_misses_nobody_and_mails_nobody_twice(street: Street) -> None:
    street.add_paper("Pears in Winter", 1)
    for number in range(20):
        street.add_reader(f"reader{number:02}@example.org", "pears")

    def once(_address: str, seen: int) -> str | None:
        return "450 4.2.0 come again" if seen == 0 else None

    with serving(Server(on_rcpt=once)) as server:
        street.send_to(server)  # everybody is told to come again
        street.wait(hours=-1)
        street.send_to(server)
        for _ in range(10):
            street.wait(minutes=20)
            street.send_to(server)

    assert sorted(server.recipients) == [f"reader{number:02}@example.org" for number in range(20)]


def test_a_full_disk_ends_the_run_in_a_line_and_the_next_one_goes_on(many_readers: Street) -> None:
    database = many_readers.store._db
    with serving(Server()) as server:
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="full"):
            many_readers.send_to(server)
        assert server.accepted == []
        database.execute("PRAGMA max_page_count = 1000000")
        assert many_readers.send_to(server).is_clean

    assert len(server.recipients) == len(set(server.recipients)) == READERS


def test_a_store_that_is_locked_for_long_ends_the_run_and_the_next_one_goes_on(
    many_readers: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes the store in the middle of an edition, and keeps it longer than anybody waits."""
    monkeypatch.setattr("newsletter.pipeline.ledger._BETWEEN_TRIES_S", 0.01)
    many_readers.store._db.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(many_readers.config.site.store, isolation_level=None, check_same_thread=False)
    with serving(Server()) as server, closing(other):

        def take_the_store(taken: int) -> None:
            if taken == READERS // 2 and not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")

        server.before_reply = take_the_store
        with pytest.raises(StoreError, match="locked"):
            many_readers.send_to(server)
        sent = len(server.accepted)
        assert READERS // 2 <= sent < READERS
        other.execute("ROLLBACK")
        server.before_reply = lambda _number: None
        many_readers.send_to(server)

    ids = [message_from_bytes(content)["Message-ID"] for _, content in server.accepted]
    assert len(set(ids)) == READERS
    assert len(ids) - len(set(ids)) <= 1  # what was in doubt, on the one connection

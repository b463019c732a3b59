"""A sender that is killed at random moments, and restarted until it is done."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import datetime
from email import message_from_bytes
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from newsletter.models import DeliveryStatus
from newsletter.pipeline.deliver import MAX_ATTEMPTS
from tests.pipeline.conftest import SendingSite
from tests.pipeline.sender import exit_code, start_sender
from tests.smtpd import Server, serving

SUBSCRIBERS = [f"subscriber{number:02}@example.org" for number in range(30)]


@pytest.fixture
def thirty_subscribers(site: SendingSite) -> SendingSite:
    site.add_paper("Pears in Winter", 1)
    for subscriber in SUBSCRIBERS:
        site.add_subscriber(subscriber, "pears")
    return site


class Senders:
    """Runs one sending process after another."""

    def __init__(self, root: Path, server: Server, now: datetime) -> None:
        self._root, self._port, self._now = root, server.port, now
        self._running: ForkServerProcess | None = None
        self.exits: list[int] = []

    def run(self) -> int:
        self._running = start_sender(self._root, self._port, self._now)
        self.exits.append(exit_code(self._running))
        return self.exits[-1]

    def kill(self) -> None:
        assert self._running is not None
        self._running.kill()


def message_ids(server: Server) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = {}
    for recipient, content in server.accepted:
        ids.setdefault(recipient, set()).add(message_from_bytes(content)["Message-ID"])
    return ids


@pytest.mark.parametrize("moment", ["on_mail", "on_rcpt", "on_data"])
def test_a_kill_before_the_server_accepts_a_message_sends_nothing_twice(
    thirty_subscribers: SendingSite, tmp_path: Path, moment: str
) -> None:
    kills = {1, 7, 30}
    commands = 0

    def reply(_address: str, _seen: int) -> str | None:
        nonlocal commands
        commands += 1
        if commands not in kills:
            return None
        senders.kill()
        return "451 4.3.0 not accepted"

    with serving(Server(**{moment: reply})) as server:  # type: ignore[arg-type]
        senders = Senders(tmp_path, server, thirty_subscribers.now)
        while senders.run() == -9:
            pass

    assert senders.exits == [-9, -9, -9, 0]
    assert sorted(server.recipients) == SUBSCRIBERS


def test_kills_miss_nobody_and_duplicates_share_a_message_id(thirty_subscribers: SendingSite, tmp_path: Path) -> None:
    chance = random.Random(8)  # noqa: S311 - reproducible
    kills = 0

    def reply(_address: str, _seen: int) -> None:
        nonlocal kills
        if kills < 4 and chance.random() < 0.1:
            kills += 1
            threading.Timer(chance.random() / 50, senders.kill).start()

    with serving(Server(on_mail=reply)) as server:
        senders = Senders(tmp_path, server, thirty_subscribers.now)
        while senders.run() == -9:
            pass

    killed = senders.exits.count(-9)
    assert killed > 0
    assert senders.exits[-1] == 0
    assert set(server.recipients) == set(SUBSCRIBERS)
    assert len(server.accepted) <= len(SUBSCRIBERS) + killed
    assert max(Counter(server.recipients).values()) <= 1 + killed
    assert {len(ids) for ids in message_ids(server).values()} == {1}


def test_after_a_kill_only_the_message_in_flight_is_in_doubt(thirty_subscribers: SendingSite, tmp_path: Path) -> None:
    def kill(taken: int) -> None:
        if taken == 12:
            senders.kill()

    with serving(Server(before_reply=kill)) as server:
        senders = Senders(tmp_path, server, thirty_subscribers.now)
        senders.run()

    waiting = thirty_subscribers.store.deliveries.open()
    assert Counter(delivery.status for delivery in waiting) == {
        DeliveryStatus.SENDING: 1,
        DeliveryStatus.QUEUED: len(SUBSCRIBERS) - 12,
    }


def test_an_error_that_stops_the_run_is_not_an_attempt(thirty_subscribers: SendingSite) -> None:
    """Policy rejections of the sender for hours use up no attempts of a delivery."""
    with serving(Server(on_mail=lambda _address, _seen: "550 5.7.1 we do not know you")) as server:
        for _ in range(MAX_ATTEMPTS):
            thirty_subscribers.send_to(server)
            thirty_subscribers.wait(hours=1)
    with serving(Server(on_rcpt=lambda _address, seen: "450 4.2.0 greylisted" if seen == 0 else None)) as server:
        greylisted = thirty_subscribers.send_to(server)

    assert {outcome.status for outcome in greylisted.outcomes} == {"deferred"}

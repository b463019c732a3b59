"""Two sender processes share an edition: each message leaves once, whatever dies, and limits hold for both together."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import chdir
from dataclasses import replace
from email import message_from_bytes
from multiprocessing import forkserver
from pathlib import Path

import pytest

from newsletter.config.model import DeliverySettings, InDoubtPolicy
from newsletter.errors import AlreadySending, StoreError
from newsletter.models import DeliveryStatus
from newsletter.pipeline.deliver import DeliveryReport, Outcome
from newsletter.pipeline.site_lock import sending_lock
from newsletter.rendering.environment import make_environment
from newsletter.sending.maildir import MaildirTransport
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.pipeline.conftest import SendingSite
from tests.pipeline.sender import exit_code, start_sender
from tests.program import PROCESSES, ROOT, children
from tests.sink import sinking
from tests.smtpd import Server, serving

#: Several shards for each of two senders.
MANY = 60


@pytest.fixture(autouse=True)
def small_editions_by_senders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use several senders even for small editions, which begin as copies of a process that has imported the program."""
    with chdir(ROOT):
        forkserver.ensure_running()
    monkeypatch.setattr("newsletter.pipeline.senders.PROCESSES", PROCESSES)
    monkeypatch.setattr("newsletter.pipeline.senders.MIN_FOR_SENDERS", 1)


@pytest.fixture
def shared(site: SendingSite) -> SendingSite:
    """A site with two senders and many subscribers."""
    site.config = replace(site.config, delivery=DeliverySettings(senders=2))
    site.add_paper("Pears in Winter", 1)
    with site.store.transaction():
        for at in range(MANY):
            site.add_subscriber(f"subscriber{at}@example.org", "pears")
    return site


def addresses(number: int = MANY) -> set[str]:
    return {f"subscriber{at}@example.org" for at in range(number)}


def senders() -> list[int]:
    """Return the processes that send for the run of this process: the children of its child."""
    return [sender for first in multiprocessing.active_children() for sender in children(first.pid or 0)]


def wait_until(condition: Callable[[], object]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


# -- nobody is missed, nobody is mailed twice ----------------------------------------------------------


def test_while_one_process_sends_the_garbage_collector_spares_what_was_there_before(site: SendingSite) -> None:
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber("ada@example.org", "pears")
    spared = []
    with serving(Server()) as server:
        assert site.send_to(server, watch=lambda _outcome: spared.append(gc.get_freeze_count())).is_clean

    assert spared[0] > 1000
    assert gc.get_freeze_count() == 0


def test_two_senders_send_each_message_once_and_report_all_of_them(shared: SendingSite) -> None:
    seen: list[Outcome] = []
    expected: list[int] = []
    with serving(Server()) as server:
        report = shared.send_to(server, connections=4, watch=seen.append, expect=expected.append)

    assert report.is_clean
    assert set(server.recipients) == addresses()
    assert len(server.accepted) == MANY
    assert expected == [MANY]
    assert {outcome.email for outcome in seen} == addresses()
    assert {(outcome.status, outcome.papers) for outcome in seen} == {("sent", 1)}
    assert shared.store.deliveries.counts() == {"sent": MANY}
    assert shared.store.shards.count() == 0


def test_where_no_process_may_be_forked_each_sender_is_started_fresh(
    shared: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.senders.CAN_FORK", False)
    started: set[int | None] = set()

    def report(_outcome: Outcome) -> None:
        started.update(process.pid for process in multiprocessing.active_children())

    with serving(Server()) as server:
        assert shared.send_to(server, connections=2, watch=report).is_clean
    assert set(server.recipients) == addresses()
    assert len(server.accepted) == MANY
    assert len(started) == 2


def test_a_run_beside_other_threads_is_not_forked(shared: SendingSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.pipeline.senders.run_forked_senders", None)
    with serving(Server()) as server:  # in a thread
        assert shared.send_to(server, connections=2).is_clean
    assert set(server.recipients) == addresses()


def test_both_senders_have_connections_and_no_more_than_the_setting_allows(shared: SendingSite) -> None:
    greeted: set[object] = set()
    with serving(Server()) as server:
        hello = server.handle_MAIL

        async def handle_mail(smtp: object, session: object, envelope: object, *rest: object) -> str:
            greeted.add(session.peer)  # type: ignore[attr-defined]
            return await hello(smtp, session, envelope, *rest)  # type: ignore[arg-type]

        server.handle_MAIL = handle_mail  # type: ignore[method-assign, assignment]
        assert shared.send_to(server, connections=3).is_clean
    assert 2 <= len(greeted) <= 3


def test_with_one_connection_there_is_no_other_sender(shared: SendingSite) -> None:
    with serving(Server(before_reply=lambda _number: seen.update(senders()))) as server:
        seen: set[int] = set()
        assert shared.send_to(server, connections=1).is_clean
    assert not seen
    assert len(server.accepted) == MANY


def test_two_senders_fill_one_outbox(shared: SendingSite, tmp_path: Path) -> None:
    assert shared.send(MaildirTransport(tmp_path / "outbox")).is_clean
    assert len(list((tmp_path / "outbox" / "new").iterdir())) == MANY


def test_the_messages_are_those_of_one_process(shared: SendingSite) -> None:
    with serving(Server(on_data=lambda _address, seen: "451 4.0.0 later" if not seen else None)) as server:
        kept: dict[str, bytes] = {}
        ours = server.handle_DATA

        async def handle_data(smtp: object, session: object, envelope: object) -> str:
            (recipient,) = envelope.rcpt_tos  # type: ignore[attr-defined]
            kept.setdefault(recipient, envelope.content)  # type: ignore[attr-defined]
            return await ours(smtp, session, envelope)

        server.handle_DATA = handle_data  # type: ignore[method-assign, assignment]
        assert shared.send_to(server, connections=2).counts == {"deferred": MANY}
        shared.wait(minutes=6)
        shared.config = replace(shared.config, delivery=DeliverySettings())
        assert shared.send_to(server).is_clean
    alone = dict(server.accepted)
    for recipient in addresses():
        one, other = message_from_bytes(kept[recipient]), message_from_bytes(alone[recipient])
        assert one["Message-ID"] == other["Message-ID"]
        assert [part.get_payload() for part in one.walk() if not part.is_multipart()] == [
            part.get_payload() for part in other.walk() if not part.is_multipart()
        ]


def test_who_unsubscribes_meanwhile_is_not_mailed(shared: SendingSite) -> None:
    """Everybody who has not been mailed leaves after the tenth message: at most those in flight still get theirs."""
    with serving(Server()) as server:

        def unsubscribe(number: int) -> None:
            if number == 10:
                with sqlite3.connect(shared.config.site.store, timeout=30) as database:
                    database.execute("UPDATE subscribers SET status = 'unsubscribed'")
                database.close()

        server.before_reply = unsubscribe
        report = shared.send_to(server, connections=2)
    assert 10 <= len(server.accepted) <= 10 + 4
    assert report.counts == {"sent": len(server.accepted), "skipped": MANY - len(server.accepted)}


# -- crashes ------------------------------------------------------------------------------------------


def _kill_one_sender(site: SendingSite, server: Server, connections: int = 2) -> DeliveryReport:
    """Kill a sender after five outcomes."""
    seen: list[Outcome] = []

    def kill(outcome: Outcome) -> None:
        seen.append(outcome)
        if len(seen) == 5:
            os.kill(senders()[0], signal.SIGKILL)

    return site.send_to(server, connections=connections, watch=kill)


def test_the_shards_of_a_killed_sender_are_taken_up_by_the_other(
    shared: SendingSite, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(before_reply=lambda _number: time.sleep(0.01))  # so that both have shards when one is killed
    with serving(server):
        report = _kill_one_sender(shared, server)

    assert report.error is None
    assert set(server.recipients) == addresses()
    assert len(server.accepted) - MANY <= 1  # it had one connection
    assert report.in_doubt <= 2
    assert shared.store.deliveries.counts() == {"sent": MANY}
    assert "a sender process ended unexpectedly; what it had not sent is taken up by others" in caplog.text


def test_with_hold_what_a_killed_sender_had_in_flight_is_held(shared: SendingSite) -> None:
    shared.config = replace(shared.config, delivery=DeliverySettings(InDoubtPolicy.HOLD, senders=2))
    server = Server(before_reply=lambda _number: time.sleep(0.01))
    with serving(server):
        report = _kill_one_sender(shared, server)

    held = shared.store.deliveries.with_status([DeliveryStatus.HELD], None, MANY)
    assert len(held) == report.in_doubt <= 2  # a message may be on its way while the result of the last is written
    assert len(server.recipients) == len(set(server.recipients))
    assert len(server.accepted) + len(held) >= MANY


def test_if_all_senders_die_the_run_says_so_and_the_next_one_goes_on(shared: SendingSite) -> None:
    def kill_all(_outcome: Outcome) -> None:
        for sender in senders():
            os.kill(sender, signal.SIGKILL)

    server = Server(before_reply=lambda _number: time.sleep(0.01))
    with serving(server):
        report = shared.send_to(server, connections=2, watch=kill_all)
        assert str(report.error) == (
            "a sender process ended unexpectedly (out of memory? delivery.senders = 1 needs less)"
        )
        assert 0 < len(server.accepted) < MANY
        assert shared.send_to(server, connections=2).is_clean
    assert set(server.recipients) == addresses()
    assert len(server.accepted) - MANY <= 2


def _is_free(lock: Path) -> bool:
    try:
        with sending_lock(lock):
            return True
    except AlreadySending:
        return False


def test_senders_whose_run_is_killed_finish_what_is_in_flight_and_hold_the_lock_until_then(
    shared: SendingSite, tmp_path: Path
) -> None:
    with (tmp_path / "newsletter.toml").open("a", encoding="utf-8") as file:
        file.write("[delivery]\nworkers = 2\n")
    with sinking(tmp_path / "taken.log", "--pause", "0.02") as sink:
        run = start_sender(tmp_path, sink.port, shared.now, 2)
        wait_until(lambda: len(sink.taken) >= 4)
        (first,) = children(run.pid or 0)
        assert len(children(first)) == 2
        assert b"spawn" not in Path(f"/proc/{first}/cmdline").read_bytes()  # but a fork of the run, which has no thread
        run.kill()
        assert exit_code(run) == -9
        assert not _is_free(shared.config.site.lock)
        wait_until(lambda: _is_free(shared.config.site.lock))
        taken = len(sink.taken)
        assert taken < MANY
        assert shared.store.deliveries.counts() == {"sent": taken, "queued": MANY - taken}  # nothing is in doubt
        assert exit_code(start_sender(tmp_path, sink.port, shared.now, 2)) == 0
        assert len(sink.taken) == len(set(sink.taken)) == MANY


# -- shutdown, errors, limits -------------------------------------------------------------------------


def test_a_shutdown_finishes_what_is_in_flight_and_leaves_the_rest(shared: SendingSite) -> None:
    with serving(Server()) as server:
        report = shared.send_to(server, connections=2, stopped=lambda: len(server.accepted) >= 5)
        sent = len(server.accepted)
        assert 5 <= sent < MANY
        assert report.error is None
        assert report.waiting == MANY - sent
        assert shared.store.deliveries.counts() == {"sent": sent, "queued": MANY - sent}
        assert shared.send_to(server, connections=2).is_clean
    assert len(server.recipients) == len(set(server.recipients)) == MANY


def test_when_the_grace_of_a_shutdown_is_over_what_is_in_flight_is_in_doubt(shared: SendingSite) -> None:
    with serving(Server(before_reply=lambda _number: time.sleep(0.5))) as server:
        is_over = lambda: len(server.accepted) >= 2  # noqa: E731
        report = shared.send_to(server, connections=2, stopped=is_over, abandoned=is_over)
        assert 1 <= report.in_doubt <= 2
        assert report.counts["deferred"] == report.in_doubt


def test_a_template_error_stops_all_senders_and_is_reported_with_its_place(shared: SendingSite) -> None:
    shared.add_paper("Plums", 2)
    shared.add_subscriber("bob@example.org", "plums")
    folder = shared.config.site.templates
    (folder / "email").mkdir(parents=True)
    breaking = "{{ 1 / 0 if mail.top == 'Plums' else mail.top }}"
    (folder / "email/subject.txt").write_text(breaking, encoding="utf-8")
    shared.environment = make_environment()  # so that planning sees no error
    with serving(Server()) as server:
        report = shared.send_to(server, connections=2)
    assert "subject.txt, line 1: division by zero" in str(report.error)
    assert "bob@example.org" not in server.recipients
    assert report.counts["not sent"] == MANY + 1 - len(server.accepted)


def test_when_the_server_refuses_our_address_all_senders_stop(shared: SendingSite) -> None:
    with serving(Server(on_mail=lambda _address, _seen: "550 5.7.1 not you")) as server:
        report = shared.send_to(server, connections=2)
        assert "not you" in str(report.error)
        assert report.counts == {"not sent": MANY}
        server.on_mail = lambda _address, _seen: None
        assert shared.send_to(server, connections=2).is_clean


def test_a_store_that_cannot_be_written_raises_as_with_one_process(shared: SendingSite) -> None:
    log = shared.store.recovery_log.folder

    def break_the_log(number: int) -> None:
        if number == 4:
            log.rename(log.with_name("away"))
            log.write_text("")  # a file where the folder should be

    with serving(Server(before_reply=break_the_log)) as server, pytest.raises(StoreError):
        shared.send_to(server, connections=2)
    log.unlink()
    log.with_name("away").rename(log)
    with serving(Server()) as server:
        shared.send_to(server, connections=2)
    assert shared.store.deliveries.counts() == {"sent": MANY}


@pytest.mark.parametrize("limits", [{"max_per_second": 40}, {"max_per_second_per_domain": 40}])
def test_limits_hold_for_all_senders_together(shared: SendingSite, limits: dict[str, int]) -> None:
    times: list[float] = []
    with serving(Server(before_reply=lambda _number: times.append(time.monotonic()))) as server:
        settings = SmtpSettings(server.host, server.port, security=Security.NONE, connections=4, **limits)  # type: ignore[arg-type]
        transport = SmtpTransport(settings)
        assert shared.send(transport).is_clean
        transport.close()
    assert len(times) == MANY
    assert times[-1] - times[0] > 0.8 * (MANY - 1) / 40

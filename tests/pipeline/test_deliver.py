from __future__ import annotations

import gc
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from filelock import FileLock

from newsletter.errors import NewsletterError, TransportError
from newsletter.models import Cadence
from newsletter.sending.maildir import MaildirTransport
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite, outcomes_of, plan_without_sending
from tests.pipeline.sender import exit_code, start_sender
from tests.smtpd import Server, serving


def messages_of(server: Server) -> dict[str, EmailMessage]:
    return {recipient: message_from_bytes(content, policy=default) for recipient, content in server.accepted}


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_two_profiles_get_two_different_digests(two_subscribers: SendingSite) -> None:
    with serving(Server()) as server:
        report = two_subscribers.send_to(server)

    received = messages_of(server)
    assert report.is_clean
    assert [outcome.papers for outcome in report.outcomes] == [1, 1]
    assert "Pears in Winter" in text_of(received["ada@example.org"])
    assert "Robots in Spring" not in text_of(received["ada@example.org"])
    assert "Robots in Spring" in text_of(received["bob@example.org"])
    assert all(mail.defects == [] for mail in received.values())
    assert gc.get_freeze_count() == 0, "what a run leaves behind is collected"


def test_sending_twice_mails_nobody_twice(two_subscribers: SendingSite) -> None:
    with serving(Server()) as server:
        two_subscribers.send_to(server)
        again = two_subscribers.send_to(server)

    assert len(server.accepted) == 2
    assert {status for status, _ in outcomes_of(again).values()} == {"not sent"}


def test_no_paper_is_sent_twice_to_anyone_but_new_ones_are(two_subscribers: SendingSite) -> None:
    with serving(Server()) as server:
        two_subscribers.send_to(server)
        two_subscribers.wait(days=1)
        two_subscribers.add_paper("Pears in Summer", 3)
        next_day = two_subscribers.send_to(server)

    second = text_of(messages_of(server)["ada@example.org"])
    assert ("Pears in Summer" in second, "Pears in Winter" in second) == (True, False)
    assert outcomes_of(next_day)["bob@example.org"] == (
        "not sent",
        "no match: 1 new paper, none on robots; waiting until 2026-05-09 11:00 UTC",
    )


def test_a_paper_pulled_after_yesterdays_edition_is_in_todays_for_every_time_zone(site: SendingSite) -> None:
    for zone in ("Asia/Tokyo", "Europe/Berlin", "America/Los_Angeles"):
        address = f"{zone.split('/')[1].lower()}@example.org"
        site.add_subscriber(address, "pears", time_zone=zone, max_papers=100, max_per_section=100)
    with serving(Server()) as server:
        for hour in range(72):
            site.add_paper(f"Pears of Hour {hour}", hour)
            site.send_to(server)
            site.wait(hours=1)

    for address in ("tokyo@example.org", "berlin@example.org", "los_angeles@example.org"):
        texts = [text_of(message_from_bytes(c, policy=default)) for to, c in server.accepted if to == address]
        lines = [line.strip() for text in texts for line in text.splitlines()]
        titles = [line.split(". ", 1)[1] for line in lines if re.fullmatch(r"\d+\. Pears of Hour \d+", line)]
        assert 3 <= len(texts) <= 4
        assert len(titles) > 48
        assert sorted(titles) == sorted(f"Pears of Hour {hour}" for hour in range(len(titles)))


def test_weekly_subscribers_get_their_own_weekday_and_the_week_before_it(site: SendingSite) -> None:
    site.add_subscriber("monday@example.org", "pears", cadence=Cadence.WEEKLY, weekday=0)
    site.add_subscriber("friday@example.org", "pears", cadence=Cadence.WEEKLY, weekday=4)
    with serving(Server()) as server:
        for day in range(1, 15):  # from Saturday, 9 May
            site.wait(days=1)
            site.add_paper(f"Pears of Day {day}", day)
            site.send_to(server)

    assert list(map(_heading, server.accepted)) == [
        # Their first editions, caught up a day late, reach back as far as a first one does.
        ("friday@example.org", "Your first edition", "2–9 May 2026", "1 paper: Pears of Day 1"),
        ("monday@example.org", "Your first edition", "2–9 May 2026", "1 paper: Pears of Day 1"),
        ("monday@example.org", "Weekly edition", "10–11 May 2026", "2 papers: Pears of Day 2"),
        ("friday@example.org", "Weekly edition", "10–15 May 2026", "6 papers: Pears of Day 2"),
        ("monday@example.org", "Weekly edition", "12–18 May 2026", "7 papers: Pears of Day 4"),
        ("friday@example.org", "Weekly edition", "16–22 May 2026", "7 papers: Pears of Day 8"),
    ]


def _heading(accepted: tuple[str, bytes]) -> tuple[str, ...]:
    recipient, content = accepted
    mail = message_from_bytes(content, policy=default)
    site_and_kind, days, *_ = text_of(mail).splitlines()
    return recipient, site_and_kind.partition(" · ")[2], days, str(mail["Subject"])


def test_a_dry_run_reports_what_would_be_sent_and_writes_nothing(two_subscribers: SendingSite) -> None:
    report = two_subscribers.send(None)

    assert [(o.email, o.status, o.papers) for o in report.outcomes] == [
        ("ada@example.org", "would send", 1),
        ("bob@example.org", "would send", 1),
    ]
    assert two_subscribers.store.deliveries.open() == []
    assert two_subscribers.store.editions.find("daily-2026-05-08") is None


def test_only_serves_the_given_addresses(two_subscribers: SendingSite) -> None:
    with serving(Server()) as server:
        two_subscribers.send_to(server, only={"BOB@example.org"})

    assert server.recipients == ["bob@example.org"]


def test_a_server_that_is_down_leaves_the_ledger_unchanged(two_subscribers: SendingSite) -> None:
    with serving(Server()) as server:
        pass
    down = two_subscribers.send_to(server)
    assert two_subscribers.store.deliveries.open() == []
    assert two_subscribers.store.editions.find("daily-2026-05-08") is None
    with serving(Server()) as server:
        up = two_subscribers.send_to(server)

    assert isinstance(down.error, TransportError)
    assert outcomes_of(down) == dict.fromkeys(
        ("ada@example.org", "bob@example.org"), ("not sent", f"waiting: {down.error.message}")
    )
    assert {status for status, _ in outcomes_of(up).values()} == {"sent"}


def test_a_suppressed_address_is_not_mailed(two_subscribers: SendingSite, tmp_path: Path) -> None:
    two_subscribers.store.suppressions.suppress("ADA@example.org", "complaint", NOW)

    report = two_subscribers.send(MaildirTransport(tmp_path / "outbox"))

    assert outcomes_of(report)["ada@example.org"] == ("not sent", "suppressed: complaint")


def test_a_restart_renders_what_was_planned_even_if_more_was_pulled_since(two_subscribers: SendingSite) -> None:
    plan_without_sending(two_subscribers)
    two_subscribers.add_paper("Pears Too Late", 9)
    with serving(Server()) as server:
        two_subscribers.send_to(server)

    assert "Pears Too Late" not in text_of(messages_of(server)["ada@example.org"])


def test_only_one_process_sends_for_a_site(two_subscribers: SendingSite, tmp_path: Path) -> None:
    outbox = MaildirTransport(tmp_path / "outbox")

    with (
        FileLock(two_subscribers.config.site.lock),
        pytest.raises(
            NewsletterError,
            match=r"another newsletter process is already sending for this site \(lock: newsletter\.lock\)",
        ),
    ):
        two_subscribers.send(outbox)


def test_a_note_stays_with_its_edition(two_subscribers: SendingSite) -> None:
    plan_without_sending(two_subscribers, note="Hello **there**")
    with serving(Server()) as server:
        two_subscribers.send_to(server)

    assert "Hello **there**" in text_of(messages_of(server)["ada@example.org"])


def test_subscribers_with_the_same_topics_share_one_digest(site: SendingSite) -> None:
    site.add_paper("Pears in Winter", 1)
    for number in range(5):
        site.add_subscriber(f"subscriber{number}@example.org", "pears")
    with serving(Server()) as server:
        site.send_to(server)

    deliveries = [site.store.deliveries.of_subscriber(number)[0] for number in range(1, 6)]
    assert len({one.digest_id for one in deliveries}) == 1
    assert len({one.message_id for one in deliveries}) == 5


# -- crashing -----------------------------------------------------------------------------------------


def test_repeated_kills_miss_nobody_and_only_messages_in_flight_are_sent_twice(
    site: SendingSite, tmp_path: Path
) -> None:
    """The server kills the sender after it accepted a message and before its reply: the worst possible moment."""
    subscribers = [f"subscriber{number:02}@example.org" for number in range(30)]
    site.add_paper("Pears in Winter", 1)
    for subscriber in subscribers:
        site.add_subscriber(subscriber, "pears")
    kills = {1, 2, 9, 20, 33}
    processes: list[ForkServerProcess] = []

    def kill(taken: int) -> None:
        if taken in kills:
            processes[-1].kill()
            wait([processes[-1].sentinel])

    with serving(Server(before_reply=kill)) as server:
        for _ in range(len(kills) + 1):
            processes.append(start_sender(tmp_path, server.port, site.now))
            exit_code(processes[-1])

    ids = [message_from_bytes(content)["Message-ID"] for _, content in server.accepted]
    assert [process.exitcode for process in processes] == [-9] * len(kills) + [0]
    assert set(server.recipients) == set(subscribers)
    assert len(server.accepted) == len(subscribers) + len(kills)
    assert len(set(ids)) == len(subscribers)

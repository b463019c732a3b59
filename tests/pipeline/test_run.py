"""The order of one run, with real parts: a Maildir of bounces, an HTTP source, a mail server, a chat endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from pytest_httpserver import HTTPServer

from newsletter.config.model import SummarySettings
from newsletter.errors import NewsletterError, TransportError
from newsletter.models import Status, tokens
from newsletter.pipeline.email_commands import Command
from newsletter.pipeline.outcomes import Outcome, OutcomeStatus
from newsletter.pipeline.ports import Ports, Step
from newsletter.pipeline.run import MIN_INTERVAL, RunReport, deliver_due, run
from newsletter.rendering.environment import make_environment
from newsletter.sending import Transport
from newsletter.sending.bounces.settings import BounceSettings
from newsletter.sending.maildir import MaildirTransport
from newsletter.sources.huggingface import HuggingFace
from newsletter.store import open_store
from newsletter.store.confirmations import Kind
from tests.pipeline.chat_endpoint import chat
from tests.pipeline.conftest import SendingSite

API = "/api/daily_papers"
PAPER = {"paper": {"id": "2605.00001", "title": "Pears in Winter", "summary": "On pears."}}


@dataclass
class Watched:
    """The ports of a site, and what a run reported through them, in order."""

    site: SendingSite
    outbox: Path
    events: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)

    def ports(self, **others: object) -> Ports:
        known: dict[str, object] = {
            "open_store": lambda: open_store(self.site.config.site.store),
            "open_transport": self.open_transport,
            "make_environment": make_environment,
            "clock": lambda: self.site.now,
            "show_progress": self.show_progress,
            "watch_deliveries": self.watch_deliveries,
        }
        return Ports(**(known | others))  # type: ignore[arg-type]

    def open_transport(self) -> Transport:
        self.events.append("transport")
        return MaildirTransport(self.outbox)

    def show_progress(self, step: Step, subject: str) -> AbstractContextManager[Callable[[str], None]]:
        self.events.append(f"{step} {subject}".rstrip())
        return nullcontext(lambda _what: None)

    @contextmanager
    def watch_deliveries(self) -> Iterator[Watched]:
        self.events.append("deliver")
        yield self

    def expect(self, number: int) -> None:
        self.expected.append(number)

    def report(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def run(self, **others: object) -> RunReport:
        return run(self.site.config, self.ports(**others))


@pytest.fixture
def watched(site: SendingSite, tmp_path: Path, httpserver: HTTPServer) -> Watched:
    """A site with a source, a model and a Maildir of bounces, and two subscribers."""
    httpserver.expect_request(API).respond_with_json([PAPER])
    httpserver.expect_request("/v1/chat/completions").respond_with_response(chat("Pears grow in winter."))
    bounces = tmp_path / "bounces"
    for folder in ("new", "cur", "tmp"):
        (bounces / folder).mkdir(parents=True)
    site.config = replace(
        site.config,
        sources=(HuggingFace(api=httpserver.url_for(API)),),
        summaries=SummarySettings(httpserver.url_for("/v1"), "small"),
        bounces=BounceSettings(maildir=bounces),
        site_url="https://papers.example.org",
    )
    site.add_subscriber("ada@example.org", "pears")
    site.add_subscriber("bob@example.org", "pears")
    return Watched(site, tmp_path / "outbox")


def put_unsubscribe_email(watched: Watched, subscriber_id: int) -> None:
    token = tokens.sign(watched.site.store.secret(), tokens.UNSUBSCRIBE, subscriber_id)
    maildir = watched.site.config.bounces.maildir
    assert maildir is not None
    (maildir / "new" / "1").write_bytes(f"Subject: unsubscribe {token}\r\n\r\n".encode())


def test_a_run_does_every_step_in_order(watched: Watched) -> None:
    put_unsubscribe_email(watched, 2)
    with watched.site.store.transaction():
        watched.site.store.confirmations.add(Kind.SUBSCRIBE, "eve@example.org", watched.site.now)

    report = watched.run()

    assert watched.events == ["pull huggingface", "transport", "deliver", "transport", "summaries"]
    assert report.mail is not None
    assert [(done.command, done.email) for done in report.mail.commands] == [(Command.UNSUBSCRIBE, "bob@example.org")]
    assert [(one.source, one.new) for one in report.pulls] == [("huggingface", 1)]
    assert report.deliveries is not None
    assert report.deliveries.counts == {OutcomeStatus.SENT: 1, OutcomeStatus.NOT_SENT: 1}
    assert (report.notices, report.summaries is not None and report.summaries.made) == (1, 1)
    assert (report.errors, report.is_clean) == ((), True)
    assert watched.site.store.subscribers.get("bob@example.org").status is Status.UNSUBSCRIBED
    assert (watched.expected, len(watched.outcomes)) == ([1], 2)
    assert len(list((watched.outbox / "new").iterdir())) == 2


def test_a_mailbox_that_cannot_be_read_does_not_stop_the_run(watched: Watched, tmp_path: Path) -> None:
    config = watched.site.config
    watched.site.config = replace(config, bounces=BounceSettings(maildir=tmp_path / "missing"))

    report = watched.run()

    assert [failure.step for failure in report.errors] == [Step.BOUNCES]
    assert report.deliveries is not None
    assert report.deliveries.counts == {OutcomeStatus.SENT: 2}
    assert report.is_clean


def test_a_source_that_fails_does_not_stop_the_run(watched: Watched, httpserver: HTTPServer) -> None:
    httpserver.clear()
    httpserver.expect_request(API).respond_with_data(status=404)

    report = watched.run()

    assert report.pulls[0].error is not None
    assert (report.deliveries is not None, report.errors, report.is_clean) == (True, (), False)


def test_an_essential_step_that_fails_stops_the_run(watched: Watched) -> None:
    report = watched.run(open_transport=no_transport)

    assert [failure.step for failure in report.errors] == [Step.DELIVER]
    assert (report.deliveries, watched.events, report.is_clean) == (None, ["pull huggingface"], False)


def no_transport() -> Transport:
    raise TransportError("smtp.example.org: connection failed")


def test_without_a_source_what_came_from_files_is_sent(watched: Watched) -> None:
    watched.run(is_shutting_down=lambda: True)
    watched.site.config = replace(watched.site.config, sources=())

    report = watched.run()

    assert (report.pulls, report.errors, report.is_clean) == ((), (), True)
    assert report.deliveries is not None


def test_however_often_it_comes_no_source_is_asked_twice_within_ten_minutes(watched: Watched) -> None:
    first, second = watched.run(), watched.run()
    (asked,), (left,) = first.pulls, second.pulls

    assert asked.not_before is None
    assert left.not_before == watched.site.now + MIN_INTERVAL


def test_what_another_process_is_sending_is_no_fault(watched: Watched) -> None:
    with FileLock(watched.site.config.site.lock):
        report = watched.run()

    assert (report.is_elsewhere, report.is_temporary, report.is_clean) == (True, True, False)


def test_notices_that_cannot_be_sent_wait(watched: Watched) -> None:
    with watched.site.store.transaction():
        watched.site.store.confirmations.add(Kind.SUBSCRIBE, "eve@example.org", watched.site.now)
    transports = iter([MaildirTransport(watched.outbox)])

    def open_transport() -> Transport:
        transport = next(transports, None)
        if transport is None:
            raise TransportError("smtp.example.org: connection failed")
        return transport

    report = watched.run(open_transport=open_transport)

    assert [failure.step for failure in report.errors] == [Step.NOTICES]
    assert (report.notices, report.is_clean, report.summaries is not None) == (0, True, True)
    assert len(watched.site.store.confirmations.waiting(9)) == 1


def test_a_shutdown_leaves_sources_deliveries_and_summaries_for_the_next_run(watched: Watched) -> None:
    watched.site.add_paper("Pears in Summer", 2)

    report = watched.run(is_shutting_down=lambda: True)

    assert (report.pulls, report.summaries) == ((), None)
    assert report.deliveries is not None
    assert report.deliveries.counts[OutcomeStatus.SENT] == 0
    assert watched.run().is_clean


def test_deliver_due_serves_the_given_addresses_only(watched: Watched) -> None:
    watched.site.add_paper("Pears in Summer", 2)

    report = deliver_due(watched.site.config, watched.ports(), only=["BOB@example.org"], dry_run=True)

    assert [(one.email, one.status) for one in report.outcomes] == [("bob@example.org", OutcomeStatus.WOULD_SEND)]
    assert watched.events == ["deliver"]
    with pytest.raises(NewsletterError, match=r"nobody@example\.org"):
        deliver_due(watched.site.config, watched.ports(), only=["nobody@example.org"])


def test_sign_ups_that_nobody_confirmed_are_forgotten_by_a_run_whatever_fails_in_it(watched: Watched) -> None:
    store, now = watched.site.store, watched.site.now
    with store.transaction():
        for days in range(40):
            store.confirmations.add(Kind.SUBSCRIBE, f"d{days}@example.org", now - timedelta(days=days, seconds=1))

    assert not watched.run(open_transport=no_transport).is_clean

    assert sorted(one.email for one in store.confirmations.waiting(99)) == [f"d{days}@example.org" for days in range(7)]

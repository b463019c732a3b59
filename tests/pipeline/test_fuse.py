"""No server's mistake, and no mistake about a server, suppresses a list."""

from __future__ import annotations

import pytest

from newsletter.pipeline.bounces import process_report
from newsletter.pipeline.fuse import MIN_LIMIT, decide
from newsletter.sending.bounces.reports import BounceReport
from newsletter.sending.status_codes import Kind
from newsletter.store.bounces import Review
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite
from tests.smtpd import Server, serving

SENDER_REFUSED = "550 5.1.0 <digest@newsletter.example>: Sender address rejected: User unknown in local recipient table"


def subscribe_many(site: SendingSite, number: int, domain: str = "users{}.example") -> None:
    site.add_paper("Pears in Winter", 1)
    for one in range(number):
        site.add_subscriber(f"user{one}@{domain.format(one)}", "pears")


@pytest.mark.parametrize("response", [SENDER_REFUSED, "550 5.1.8 Sender address rejected: Domain not found"])
def test_a_server_that_refuses_our_sender_suppresses_nobody_and_ends_the_run(site: SendingSite, response: str) -> None:
    subscribe_many(site, 20)
    with serving(Server(on_rcpt=lambda _address, _seen: response)) as server:
        report = site.send_to(server)

    assert report.error is not None
    assert "no subscriber is at fault" in str(report.error)
    assert site.store.suppressions.all() == {}
    with serving(Server()) as server:
        site.wait(hours=1)
        assert site.send_to(server).counts["sent"] == 20


@pytest.mark.parametrize("step", ["on_rcpt", "on_data"])
def test_one_recipients_policy_keeps_no_other_from_getting_mail(site: SendingSite, step: str) -> None:
    subscribe_many(site, 45)

    def refuse_one(address: str, _seen: int) -> str | None:
        return (
            "554 5.7.1 <user7@users7.example>: Recipient address rejected: Access denied"
            if "user7@" in address
            else None
        )

    server = Server(on_rcpt=refuse_one) if step == "on_rcpt" else Server(on_data=refuse_one)
    with serving(server):
        report = site.send_to(server)

    assert (report.error, report.counts["sent"], report.counts["deferred"]) == (None, 44, 1)
    assert site.store.suppressions.all() == {}


def test_policies_of_three_domains_in_a_row_end_the_run(site: SendingSite) -> None:
    subscribe_many(site, 20)
    with serving(Server(on_rcpt=lambda _address, _seen: "554 5.7.1 Client host blocked by a block list")) as server:
        report = site.send_to(server)

    assert report.error is not None
    assert report.counts["sent"] == 0
    assert len(server.asked) < 20
    assert site.store.suppressions.all() == {}


def test_servers_that_report_everybody_gone_suppress_a_few_and_the_rest_waits_for_review(site: SendingSite) -> None:
    subscribe_many(site, 40)
    with serving(Server(on_rcpt=lambda _address, _seen: "550 5.1.1 user unknown")) as server:
        report = site.send_to(server)

    assert report.error is not None
    assert "newsletter bounces review" in str(report.error)
    assert len(site.store.suppressions.all()) == MIN_LIMIT
    pending = site.store.bounces.pending_review()
    assert pending
    assert {row.email_key for row in pending}.isdisjoint(site.store.suppressions.all())


def test_a_few_addresses_that_are_gone_are_suppressed(site: SendingSite) -> None:
    subscribe_many(site, 40)

    def gone(address: str, _seen: int) -> str | None:
        return "550 5.1.1 user unknown" if address.startswith(("user1@", "user2@")) else None

    with serving(Server(on_rcpt=gone)) as server:
        report = site.send_to(server)

    assert (report.error, report.counts["sent"], report.counts["failed"]) == (None, 38, 2)
    assert set(site.store.suppressions.all()) == {"user1@users1.example", "user2@users2.example"}


def test_the_fuse_holds_for_reports_too(site: SendingSite) -> None:
    subscribe_many(site, 40, "users.example")
    reports = [
        BounceReport(
            email=f"user{one}@users.example", kind=Kind.HARD, code="5.1.1", response="user unknown", origin="smtp",
            message_id=None, envelope_to=None, fingerprint=str(one),
        )
        for one in range(40)
    ]  # fmt: skip

    processed = process_report(site.store, 5, reports, NOW)

    assert (processed.hard, processed.held) == (MIN_LIMIT, 40 - MIN_LIMIT)
    assert len(site.store.suppressions.all()) == len(processed.suppressed)
    decide(site.store, ["user39@users.example"], Review.DISMISSED, NOW)
    assert len(decide(site.store, [], Review.SUPPRESSED, NOW)) == 34
    assert site.store.bounces.pending_review() == []
    assert len(site.store.suppressions.all()) == 39

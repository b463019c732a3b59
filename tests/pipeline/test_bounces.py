"""Bounce and complaint processing: which reports are genuine, and which addresses they suppress."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Delivery, DeliveryStatus, Status, tokens
from newsletter.pipeline.bounces import ProcessedReports, process_report
from newsletter.sending.bounces.reports import BounceReport, read_bounce_report
from newsletter.sending.status_codes import Kind
from newsletter.store import Store
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite, site  # noqa: F401 - a fixture
from tests.sending.bounces.samples import ADA, CASES, OURS
from tests.smtpd import Server, serving


@pytest.fixture
def sent(site: SendingSite) -> SendingSite:  # noqa: F811
    """A site that sent one edition to Ada and Bob."""
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber(ADA, "pears")
    site.add_subscriber("bob@reader.example", "pears")
    with serving(Server()) as server:
        site.send_to(server)
    return site


def delivery_to(store: Store, email: str) -> Delivery:
    return store.deliveries.of_subscriber(store.subscribers.get(email).id)[0]


def report(kind: Kind = Kind.HARD, *, origin: str = "dsn", email: str = ADA, **known: str) -> BounceReport:
    return BounceReport(
        email=email,
        kind=kind,
        code="5.1.1" if kind is Kind.HARD else "",
        response="550 5.1.1 unknown",
        origin=origin,
        message_id=known.get("message_id"),
        envelope_to=known.get("envelope_to"),
        fingerprint=known.get("fingerprint", "1"),
    )


def signed(store: Store, email: str = ADA) -> str:
    return tokens.verp_address(store.secret(), delivery_to(store, email).id, "bounces@papers.example")


def test_a_hard_bounce_to_the_return_address_suppresses(sent: SendingSite) -> None:
    done = process_report(sent.store, 5, [report(envelope_to=signed(sent.store))], NOW)

    assert (done.hard, done.suppressed) == (1, (ADA,))
    assert sent.store.suppressions.why_suppressed(ADA) == "hard bounce: 550 5.1.1 unknown"
    assert delivery_to(sent.store, ADA).status is DeliveryStatus.FAILED
    assert [row.kind for row in sent.store.bounces.of(ADA)] == ["hard"]


def test_the_message_id_of_a_message_to_that_address_is_proof_too(sent: SendingSite) -> None:
    known = delivery_to(sent.store, ADA).message_id
    assert process_report(sent.store, 5, [report(message_id=known)], NOW).suppressed == (ADA,)


def test_a_forged_report_suppresses_nobody(sent: SendingSite) -> None:
    bobs = delivery_to(sent.store, "bob@reader.example").message_id
    address = signed(sent.store)
    forged = [
        report(fingerprint="1"),
        report(fingerprint="2", message_id=OURS),
        report(fingerprint="3", message_id=bobs),
        report(fingerprint="4", envelope_to=address.replace("+", "+1")),
        report(fingerprint="5", envelope_to=address[:30] + "0" + address[31:]),
        report(fingerprint="6", envelope_to="bounces@papers.example"),
        report(Kind.COMPLAINT, fingerprint="7", origin="arf"),
    ]

    assert process_report(sent.store, 1, forged, NOW) == ProcessedReports(unknown=len(forged))
    assert sent.store.suppressions.all() == {}
    assert sent.store.bounces.latest(10) == []


def test_a_complaint_unsubscribes_and_suppresses(sent: SendingSite) -> None:
    process_report(sent.store, 5, [report(Kind.COMPLAINT, origin="arf", email="", envelope_to=signed(sent.store))], NOW)

    assert sent.store.subscribers.get(ADA).status is Status.UNSUBSCRIBED
    assert str(sent.store.suppressions.why_suppressed(ADA)).startswith("complaint")


def test_soft_bounces_count_once_per_message_and_expire(sent: SendingSite) -> None:
    address = signed(sent.store)

    def soft(number: int) -> BounceReport:
        return report(Kind.SOFT, fingerprint=str(number), envelope_to=address)

    assert process_report(sent.store, 2, [soft(1), soft(2)], NOW).suppressed == ()  # two reports about one message
    sent.wait(days=1)
    sent.add_paper("Pears in Summer", 2)
    with serving(Server()) as server:
        sent.send_to(server)
    address = signed(sent.store)
    assert process_report(sent.store, 2, [soft(3)], NOW + timedelta(days=40)).suppressed == ()  # the first has expired
    assert process_report(sent.store, 2, [soft(4)], NOW + timedelta(days=1)).suppressed == (ADA,)


def test_a_repeated_report_is_counted_once(sent: SendingSite) -> None:
    one = report(Kind.SOFT, envelope_to=signed(sent.store))
    assert process_report(sent.store, 5, [one, one], NOW) == ProcessedReports(soft=1, repeated=1)
    assert process_report(sent.store, 5, [one], NOW) == ProcessedReports(repeated=1)


def test_a_rejection_in_the_smtp_session_is_recorded_as_a_bounce(site: SendingSite) -> None:  # noqa: F811
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber(ADA, "pears")
    with serving(Server(on_rcpt=lambda _address, _seen: "550 5.1.1 no such user")) as server:
        site.send_to(server)

    (row,) = site.store.bounces.of(ADA)
    assert (row.kind, row.code, row.origin) == ("hard", "5.1.1", "smtp")
    assert row.delivery_id == delivery_to(site.store, ADA).id


def test_each_message_has_its_own_return_address(site: SendingSite) -> None:  # noqa: F811
    site.config = replace(site.config, bounce_address="bounces@papers.example")
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber(ADA, "pears")
    with serving(Server()) as server:
        site.send_to(server)

    (sender,) = [command.removeprefix("MAIL ") for command in server.asked if command.startswith("MAIL ")]
    assert sender == signed(site.store)
    assert tokens.read_verp_address(site.store.secret(), sender.upper()) == delivery_to(site.store, ADA).id
    bounce = next(case.raw for case in CASES if case.name == "gmail no such user")
    raw = bounce.replace(b"To: bounces@papers.example", f"To: {sender}".encode())
    assert process_report(site.store, 5, read_bounce_report(raw), NOW).suppressed == (ADA,)


@given(number=st.integers(0, 10**18 - 1), other=st.integers(0, 10**18 - 1))
def test_a_return_address_is_verified(number: int, other: int) -> None:
    address = tokens.verp_address(b"secret", number, "bounces@papers.example")
    assert len(address.partition("@")[0]) <= 64
    assert tokens.read_verp_address(b"secret", address) == number
    assert tokens.read_verp_address(b"other", address) is None
    moved = address.replace(f"+{number}-", f"+{other}-")
    assert tokens.read_verp_address(b"secret", moved) == (number if other == number else None)


@given(st.text())
def test_any_text_is_accepted_as_a_candidate_return_address(text: str) -> None:
    assert tokens.read_verp_address(b"secret", text) is None


# -- on the command line ------------------------------------------------------------------------------

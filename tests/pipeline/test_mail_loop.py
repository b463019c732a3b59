"""Mail that comes back to us in circles is counted: nobody is unsubscribed or suppressed, and no mail is answered."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from pathlib import Path

import pytest

from newsletter.models import Status
from newsletter.pipeline.inbound import ProcessedMail, process_message, read_mailboxes
from newsletter.sending.bounces.settings import Mailbox
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite
from tests.sending.bounces.samples import ADA
from tests.smtpd import Server, serving

BOB = "bob@reader.example"
MAILBOX = "digest@papers.example"
OUT_OF_OFFICE: tuple[dict[str, str], ...] = (
    {"Auto-Submitted": "auto-replied"},
    {"X-Autoreply": "yes", "Precedence": "bulk"},
    {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    {},
)
SUBJECTS = (
    "Automatic reply: {}", "Re: {}", "Out of office", "AUTO: unsubscribe", "Abwesenheit: {}", "unsubscribe",
    "Re: unsubscribe me when I am back", "Undeliverable: {}", "{}",
)  # fmt: skip


@pytest.fixture
def digests(site: SendingSite) -> dict[str, bytes]:
    """The digests that a site sent to Ada and Bob, by recipient."""
    site.add_paper("Pears in Winter", 1)
    for email in (ADA, BOB):
        site.add_subscriber(email, "pears")
    with serving(Server()) as server:
        site.send_to(server)
    return dict(server.accepted)


def reply(headers: dict[str, str], subject: str, text: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ADA, MAILBOX, subject
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def dsn(of: bytes, recipient: str, number: int = 0) -> bytes:
    """Return a report, as Postfix writes it, that a message could not be delivered."""
    head = of.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0].decode()
    return (
        f"From: MAILER-DAEMON@mx{number}.example\nTo: {recipient}\nSubject: Undelivered Mail Returned to Sender\n"
        f"Message-ID: <{number}@mx.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nCould not be delivered.\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{head}\n\n--b--\n"
    ).encode("utf-8", "surrogateescape")


def process(site: SendingSite, raws: list[bytes]) -> ProcessedMail:
    processed = ProcessedMail()
    for raw in raws:
        processed += process_message(site.store, 1, raw, NOW)
    return processed


def assert_nothing_changed(site: SendingSite) -> None:
    everybody = site.store.subscribers.all()
    assert {one.email: one.status for one in everybody} == {ADA: Status.ACTIVE, BOB: Status.ACTIVE}
    assert site.store.suppressions.all() == {}
    assert site.store.deliveries.counts() == {"sent": 2}
    assert site.store.confirmations.waiting(9) == []  # which is how a notice is asked for


def test_our_own_digest_in_the_mailbox_of_bounces_changes_nothing(
    site: SendingSite, digests: dict[str, bytes], tmp_path: Path
) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    for number, content in enumerate([*digests.values()] * 3):
        (tmp_path / "box" / "new" / f"{number}.mx").write_bytes(content)
    processed = read_mailboxes(site.store, 1, [Mailbox(maildir=tmp_path / "box")], lambda: NOW)
    assert processed == ProcessedMail(messages=6)
    assert_nothing_changed(site)


def test_a_digest_that_is_forwarded_to_the_mailbox_changes_nothing(
    site: SendingSite, digests: dict[str, bytes]
) -> None:
    forwarded = EmailMessage()
    forwarded["From"], forwarded["To"], forwarded["Subject"] = ADA, MAILBOX, "Fwd: interesting"
    forwarded.set_content("see below")
    inner: Message = message_from_bytes(digests[ADA], policy=policy.default)
    forwarded.add_attachment(inner)
    assert process(site, [forwarded.as_bytes()]) == ProcessedMail(messages=1)
    assert_nothing_changed(site)


def test_a_storm_of_out_of_office_replies_changes_nothing(site: SendingSite, digests: dict[str, bytes]) -> None:
    digest = message_from_bytes(digests[ADA], policy=policy.default)
    quoted = "I am away until Monday. 550 is my room, 5.1.1 my floor.\n\n" + "".join(
        f"> {line}\n" for line in digests[ADA].decode().splitlines()
    )
    storm = [
        reply(headers | {"In-Reply-To": str(digest["Message-ID"])}, subject.format(digest["Subject"]), quoted)
        for headers in OUT_OF_OFFICE
        for subject in SUBJECTS
    ]
    assert process(site, storm * 5) == ProcessedMail(messages=len(storm) * 5)
    assert_nothing_changed(site)


def test_a_bounce_of_a_bounce_is_counted_as_unknown_and_changes_nothing(
    site: SendingSite, digests: dict[str, bytes]
) -> None:
    """A server returns what it took for a message of ours: another server's report."""
    report = dsn(digests[ADA], ADA)
    circle = []
    for number in range(1, 20):
        report = dsn(report, MAILBOX, number)
        circle.append(report)
    processed = process(site, circle)
    assert (processed.messages, processed.reports.unknown, processed.commands) == (19, 19, ())
    assert_nothing_changed(site)


def test_a_bounce_that_comes_back_again_and_again_counts_once(site: SendingSite, digests: dict[str, bytes]) -> None:
    processed = process(site, [dsn(digests[ADA], ADA)] * 50)
    assert (processed.reports.hard, processed.reports.repeated) == (1, 49)
    assert site.store.suppressions.all().keys() == {ADA}

"""Alert mails from a Maildir and from Debian's Dovecot, which stay as they are; their formats are in alert_formats."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.models import Entry, PullReport, Refusal
from newsletter.pipeline.pull import pull_days, pull_files
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.alert_formats import FORMATS, SENDERS, format_of, is_from
from newsletter.sources.alert_formats.message import read_mail
from newsletter.sources.alerts import Alerts
from newsletter.store import Store
from tests.factories import NOW, TODAY
from tests.imap import DOVECOT, Mailbox, mailbox
from tests.sources.alert_formats import mails
from tests.sources.alert_formats.mails import mail

needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="Debian's dovecot-imapd is not installed")
#: Entries of `mails.ALL`.
ENTRIES = 3 + 1 + 3 + 2 + 2
FORGED = mail("Google Scholar <scholaralerts-noreply@google.com.evil.example>", html=mails.SCHOLAR_HTML, number=70)
PRIVATE = mail("Ben <ben@example.org>", text="See https://arxiv.org/abs/2605.09999", number=71)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return tmp_path / "box"


def put(maildir: Path, name: str, raw: bytes, day: date = TODAY, folder: str = "new") -> Path:
    """Deliver a message on a day."""
    path = maildir / folder / name
    path.write_bytes(raw)
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path


def pull(store: Store, client: HttpClient, folder: str, day: date = TODAY, **settings: Any) -> PullReport:
    return pull_days(store, Alerts(follow=(folder,), **settings), Span(day, TODAY), NOW, client)


def parse(raw: bytes) -> list[Entry | Refusal]:
    return list(Alerts().parse(Document("x", raw), TODAY))


# -- what is read -------------------------------------------------------------------------------------


def test_each_format_is_found_by_its_sender_or_else_by_its_form() -> None:
    for raw, form in zip(mails.ALL, FORMATS, strict=True):
        found = read_mail(raw)
        forwarded = read_mail(raw.replace(b"From: ", b"From: lists@example.org\nX-From: ", 1))
        assert found is not None
        assert forwarded is not None
        assert (format_of(found), format_of(forwarded)) == (form, form)
        assert [one.title for one in parse(raw) if isinstance(one, Entry)]


def test_a_mail_without_papers_is_refused_once_and_a_listing_of_new_versions_only_is_in_order() -> None:
    confirm = mail("scholaralerts-noreply@google.com", html="<p>Click to confirm</p>", subject="Confirm", number=9)
    assert parse(confirm) == [Refusal("x", "no paper found in this mail of Google Scholar: Confirm")]
    assert [one.item for one in parse(confirm) if isinstance(one, Refusal)] == ["<9@google.com>"]
    assert parse(PRIVATE) == [Refusal("x", "not an alert of a known sender")]
    start = mails.ARXIV_TEXT.rindex("-" * 78)
    assert parse(mail("no-reply@arxiv.org", text="Archives\n" + mails.ARXIV_TEXT[start:])) == []


@pytest.mark.parametrize(
    ("address", "sender", "is_allowed"),
    [
        ("no-reply@arxiv.org", "arxiv.org", True), ("x@mail.arxiv.org", "arxiv.org", True),
        ("x@notarxiv.org", "arxiv.org", False), ("x@arxiv.org.evil.example", "arxiv.org", False),
        ("scholaralerts-noreply@google.com", "ScholarAlerts-noreply@google.com", True),
        ("no-reply@accounts.google.com", "scholaralerts-noreply@google.com", False), ("", "arxiv.org", False),
        ("x@", "", False),
    ],
)  # fmt: skip
def test_a_sender_is_an_address_or_a_domain(address: str, sender: str, is_allowed: bool) -> None:
    assert is_from(address, sender) is is_allowed


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 90), st.binary(max_size=6)), max_size=5),
    st.sampled_from(mails.ALL),
)
def test_mails_with_pieces_removed_and_inserted_are_entries_or_refusals(
    cuts: list[tuple[float, int, bytes]], raw: bytes
) -> None:
    for where, length, instead in cuts:
        start = int(where * len(raw))
        raw = raw[:start] + instead + raw[start + length :]
    for one in parse(raw):
        assert "\n" not in (one.title + one.abstract if isinstance(one, Entry) else str(one))


def test_a_saved_mail_is_read_as_a_file(store: Store, client: HttpClient, tmp_path: Path) -> None:
    (tmp_path / "alert.eml").write_bytes(mails.ARXIV)
    assert pull_files(store, Alerts(), [str(tmp_path / "alert.eml")], None, NOW, client).new == 3


# -- a Maildir ----------------------------------------------------------------------------------------


def test_each_message_of_a_maildir_is_read_once_and_left_as_it_is(
    store: Store, client: HttpClient, maildir: Path
) -> None:
    paths = [put(maildir, f"{number}.mx", raw) for number, raw in enumerate(mails.ALL)]
    seen = put(maildir, "9.mx:2,S", mail("no-reply@arxiv.org", text=mails.ARXIV_TEXT, number=9), folder="cur")
    report = pull(store, client, str(maildir))
    assert (report.fetched, report.refusals, report.error, report.ignored) == (ENTRIES + 3, (), None, 0)
    assert all(path.exists() for path in (*paths, seen))

    paths[0].rename(maildir / "cur" / "0.mx:2,S")  # read by a mail program meanwhile
    assert pull(store, client, str(maildir)).fetched == 0
    put(maildir, "10.mx", mails.SEMANTIC)
    assert pull(store, client, str(maildir)).fetched == 1


def test_mail_of_others_is_counted_and_not_read(store: Store, client: HttpClient, maildir: Path) -> None:
    for number, raw in enumerate((FORGED, PRIVATE, mails.SEMANTIC)):
        put(maildir, f"{number}.mx", raw)
    report = pull(store, client, str(maildir))
    assert (report.fetched, report.ignored, report.refusals, report.is_clean) == (1, 2, (), True)
    assert pull(store, client, str(maildir)).ignored == 0


def test_the_operator_says_whose_mail_is_read(store: Store, client: HttpClient, maildir: Path) -> None:
    put(maildir, "1.mx", FORGED)
    put(maildir, "2.mx", mails.SEMANTIC)
    report = pull(store, client, str(maildir), senders=("evil.example",))
    assert (report.fetched, report.ignored) == (3, 1)


def test_mail_of_earlier_days_is_not_read_unless_they_are_asked_for(
    store: Store, client: HttpClient, maildir: Path
) -> None:
    put(maildir, "1.mx", mails.SEMANTIC, TODAY - timedelta(days=3))
    assert pull(store, client, str(maildir)).fetched == 0
    assert pull(store, client, str(maildir), TODAY - timedelta(days=3)).fetched == 1


def test_a_failure_forgets_nothing_and_reads_again(
    store: Store, client: HttpClient, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(maildir, "1.mx", mails.SEMANTIC)
    with monkeypatch.context() as patched:
        patched.setattr("newsletter.sources.alerts.read_mail", lambda _raw: 1 / 0)
        assert "bug in this source plugin" in str(pull(store, client, str(maildir)).error)
    assert pull(store, client, str(maildir)).fetched == 1


def test_symbolic_links_are_not_followed(store: Store, client: HttpClient, maildir: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(mails.SEMANTIC)
    (maildir / "new" / "1.mx").symlink_to(tmp_path / "outside")
    assert pull(store, client, str(maildir), date(2000, 1, 1)).fetched == 0


def test_what_is_no_maildir_is_an_error(store: Store, client: HttpClient, tmp_path: Path) -> None:
    assert "not a Maildir" in str(pull(store, client, str(tmp_path / "missing")).error)
    assert "no imap_host for the folder INBOX" in str(pull(store, client, "INBOX").error)
    with pytest.raises(SourceError, match="nothing to follow"):
        list(Alerts().fetch(Span(TODAY, TODAY), client))


def test_the_number_of_messages_of_a_pull_is_bounded(
    store: Store, client: HttpClient, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.alerts._MAX_MESSAGES", 2)
    for number in range(3):
        put(maildir, f"{number}.mx", mail("a@semanticscholar.org", html=mails.SEMANTIC_HTML, number=number))
    assert [pull(store, client, str(maildir)).fetched for _ in range(3)] == [2, 1, 0]


def test_the_allowed_senders_are_those_of_the_formats() -> None:
    assert Alerts().senders == SENDERS
    assert "google.com" not in SENDERS  # whose other mail is not for us


# -- IMAP ---------------------------------------------------------------------------------------------


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Mailbox]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with mailbox(authority.issue_cert("localhost")) as found:
        yield found


def settings_of(box: Mailbox) -> dict[str, Any]:
    return {
        "imap_host": "localhost", "imap_port": box.port, "imap_username": box.username, "imap_password": box.password,
    }  # fmt: skip


@needs_dovecot
def test_each_message_of_a_mailbox_is_read_once_and_left_as_it_is(
    store: Store, client: HttpClient, box: Mailbox
) -> None:
    for number, raw in enumerate((*mails.ALL, FORGED, PRIVATE)):
        (box.maildir / "new" / f"{number}.mx").write_bytes(raw)
    day = datetime.now(UTC).date() - timedelta(days=1)  # Dovecot's clock is the real one

    report = pull(store, client, "INBOX", day, **settings_of(box))
    assert (report.fetched, report.ignored, report.refusals, report.error) == (ENTRIES, 2, (), None)
    assert "open-sesame" not in str(report) + repr(Alerts(**settings_of(box)))
    assert [path.name for path in (box.maildir / "cur").iterdir() if path.name.endswith("S")] == []

    assert (pull(store, client, "INBOX", **settings_of(box)).fetched, client.ignored) == (0, 0)
    (box.maildir / "new" / "99.mx").write_bytes(mails.SEMANTIC)
    assert pull(store, client, "INBOX", **settings_of(box)).fetched == 1


@needs_dovecot
def test_a_folder_that_was_made_anew_is_read_from_the_days_of_the_pull(client: HttpClient, box: Mailbox) -> None:
    (box.maildir / "new" / "1.mx").write_bytes(mails.SEMANTIC)
    day = datetime.now(UTC).date() - timedelta(days=1)
    source = Alerts(follow=("INBOX",), **settings_of(box))
    client.start_over({}, {"INBOX": f"{day} 1:999"})
    assert len(list(source.fetch(Span(day, day), client))) == 1
    validity, _, uid = client.state["INBOX"].removeprefix(f"{day} ").partition(":")
    assert validity != "1"
    assert uid == "1"


@needs_dovecot
def test_a_wrong_password_is_an_error_without_it(store: Store, client: HttpClient, box: Mailbox) -> None:
    report = pull(store, client, "INBOX", **{**settings_of(box), "imap_password": "not this"})
    assert "IMAP mailbox at localhost" in str(report.error)
    assert "check the imap settings of alerts" in str(report.error)
    assert "not this" not in str(report.error)

"""GDPR: export has all data about a subscriber, and erase leaves none but the suppression."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.load import load_config
from newsletter.errors import RequestError, TransportError
from newsletter.files.site import Site
from newsletter.models import Cadence, Digest, Edition, Item, Message, Section, Subscriber
from newsletter.models.addresses import email_key, wire_address
from newsletter.operations.event_log import EventLog
from newsletter.sending import send_one
from newsletter.sending.maildir import MaildirTransport
from newsletter.store import Store
from newsletter.store.bounces import Bounce
from newsletter.store.confirmations import Kind
from newsletter.subscribers.feedback import give_feedback
from newsletter.subscribers.privacy import erase, export_data
from newsletter.subscribers.subscriptions import change_address, unsubscribe
from tests.factories import NOW, TODAY, make_entry, make_profile
from tests.stores import open_new_store

ADA = "ada@example.org"
EDITION = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)


@pytest.fixture
def ada(store: Store) -> Subscriber:
    """A subscriber with a row in every table that may have one."""
    store.papers.add(make_entry(), NOW)
    ada = store.subscribers.add(ADA, "Ada Example", make_profile(), "cli", NOW)
    store.editions.put(EDITION)
    (paper,) = store.papers.newest(1)
    section = Section("Clouds", (Item(paper, 1.0),), 1)
    digest = store.editions.put_digest(Digest(edition=EDITION, sections=(section,), considered=1))
    store.deliveries.queue(EDITION.key, ada.id, digest, "<1@example.org>", NOW)
    give_feedback(store, ada, "2605.01234", True, NOW)
    store.taste_models.put_taste(ada.id, store.taste_models.put_embedding(b"", NOW), "hash", b"", NOW)
    store.confirmations.add(Kind.LINK, ADA, NOW)
    store.tags.add([(ada.id, "lab")])
    store.saved.put(ada.id, paper.id, NOW, 9)
    store.bounces.put(
        Bounce(
            fingerprint="1", email_key=ADA, subscriber_id=ada.id, kind="soft", code="4.2.2",
            response="452 mailbox full", origin="dsn", reported_at=NOW,
        )
    )  # fmt: skip
    return ada


def test_an_export_has_all_data_about_a_subscriber(store: Store, ada: Subscriber) -> None:
    exported = json.loads(json.dumps(export_data(store, "ADA@example.org"), default=str))
    assert exported["subscriber"]["email"] == ada.email
    assert exported["tags"] == ["lab"]
    assert [topic["name"] for topic in exported["subscriber"]["profile"]["topics"]] == ["In-context learning"]
    assert [(one["edition"], one["status"]) for one in exported["mails"]] == [(EDITION.key, "queued")]
    assert exported["saved"] == [{"paper": "arxiv:2605.01234", "at": str(NOW)}]
    assert exported["feedback"] == [{"paper": "arxiv:2605.01234", "more": True}]
    assert [one["response"] for one in exported["bounces"]] == ["452 mailbox full"]
    assert [(one["kind"], one["email"]) for one in exported["requests"]] == [("link", ADA)]


def test_nothing_is_left_of_an_erased_subscriber_but_the_suppression(
    store: Store, ada: Subscriber, tmp_path: Path
) -> None:
    unsubscribe(store, ADA, NOW)
    erase(store, ADA, NOW)

    assert store.suppressions.all() == {}
    assert store.suppressions.why_suppressed("ADA@example.org") == "unsubscribed"
    with sqlite3.connect(tmp_path / "newsletter.db") as db:
        dump = "\n".join(db.iterdump())
    assert ADA not in dump
    assert "Ada Example" not in dump.replace('["Ada Example", "Ben Sample"]', "")  # the author of the paper
    assert store.deliveries.of_subscriber(ada.id) == []
    assert store.saved.of(ada.id) == []
    assert store.taste_models.learned_from() == {}
    with pytest.raises(RequestError, match="no subscriber has the address"):
        export_data(store, ADA)


def test_traces_under_a_former_address_are_exported_and_erased(store: Store, ada: Subscriber) -> None:
    moved = change_address(store, ada, "ada.new@example.org")
    exported = export_data(store, moved.email)
    assert exported["former_addresses"] == [ADA]
    assert [one["response"] for one in exported["bounces"]] == ["452 mailbox full"]
    erase(store, moved.email, NOW)
    assert store.bounces.latest(9) == []
    assert store.confirmations.waiting(9) == []


def test_who_has_a_former_address_now_keeps_their_data(store: Store, ada: Subscriber) -> None:
    moved = change_address(store, ada, "ada.new@example.org")
    ben = store.subscribers.add(ADA, "Ben", make_profile(), "cli", NOW)
    store.confirmations.add(Kind.LINK, ADA, NOW, subscriber_id=ben.id)
    store.suppressions.suppress(ADA, "hard bounce: 550", NOW)
    erase(store, moved.email, NOW)
    assert [one.email for one in store.confirmations.waiting(9)].count(ADA) >= 1
    assert store.suppressions.why_suppressed(ADA) == "hard bounce: 550"


@pytest.mark.usefixtures("ada")
def test_a_suppression_keeps_its_kind_but_not_the_response(store: Store) -> None:
    unsubscribe(store, ADA, NOW, "I moved to 5 Main Street")
    erase(store, ADA, NOW)
    assert store.suppressions.all() == {}
    assert store.suppressions.why_suppressed(ADA) == "unsubscribed"


SPELLINGS = ("ada", "Ada.Lovelace", "ädä", "a'b")
DOMAINS = ("old.example", "straße.example", "strasse.example", "exämple.org")
#: Never in use at the beginning of another, so that what is left can be looked for as text.
ADDRESSES = st.tuples(st.sampled_from(SPELLINGS), st.integers(100, 999), st.sampled_from(DOMAINS)).map(
    lambda parts: f"{parts[0]}{parts[1]}@{parts[2]}"
)


@given(emails=st.lists(ADDRESSES, min_size=1, max_size=4, unique=True), suppressed=st.booleans())
def test_no_table_and_no_file_has_an_address_of_an_erased_person(
    tmp_path_factory: pytest.TempPathFactory, emails: list[str], suppressed: bool
) -> None:
    root = tmp_path_factory.mktemp("site")
    (root / "newsletter.toml").write_text('[log]\npath = "events.log"\naddresses = true\n', encoding="utf-8")
    config = load_config(Site(root), environ={})
    with open_new_store(config.site.store) as store:
        person = store.subscribers.add(emails[0], "Erased", make_profile(), "web", NOW)
        log = EventLog(root / "events.log", with_addresses=True)
        outbox = MaildirTransport(config.outbox)
        for number, email in enumerate(emails):
            if number:
                person = change_address(store, person, email)
            for address in (email, wire_address(email)):
                log.write("delivery", email=address, response=f"550 <{address}>: unknown. Sorry, {address}.")
                content = f"To: Erased <{address}>\nSubject: x\n\nHello {address}\n".encode()
                message = Message(
                    message_id=f"<{number}-{address}>", sender="n@site.example", recipient=address, subject="x",
                    content=content,
                )  # fmt: skip
                with suppress(TransportError):
                    send_one(outbox, message)
            store.confirmations.add(Kind.LINK, email, NOW)
            store.confirmations.add(Kind.CHANGE_ADDRESS, email, NOW, subscriber_id=person.id)
            for of in (person.id, None):
                row = Bounce(
                    fingerprint=f"{number}{of}", email_key=email_key(email), subscriber_id=of, kind="soft",
                    code="4.2.2", response=f"<{email}> is full", origin="dsn", reported_at=NOW,
                )  # fmt: skip
                store.bounces.put(row)
            store.suppressions.suppress(email, f"hard bounce: <{email}> is gone", NOW)
            if number < len(emails) - 1 or not suppressed:
                store.suppressions.unsuppress(email)
        log.write("delivery", email="grace@site.example", response=f"n{emails[0]} {emails[0]}.org")
        log.close()
        erase(store, person.email, NOW, config.outbox, config.log_path)
        assert store.suppressions.all() == {}
        kept = [email for email in emails if store.suppressions.why_suppressed(email)]
        assert kept == (emails[-1:] if suppressed else [])
    files = [path for path in root.rglob("*") if path.is_file()]
    assert {"newsletter.db", "events.log"} <= {path.name for path in files}
    others = f"n{emails[0]} {emails[0]}.org".encode()  # addresses of other people
    assert others in (root / "events.log").read_bytes()
    for path in files:
        content = path.read_bytes()
        for email in emails:
            for spelling in {email, email_key(email), wire_address(email)}:
                assert spelling.encode() not in content.replace(others, b""), path
    assert "grace@site.example" in (root / "events.log").read_text(encoding="utf-8")
    assert all(json.loads(line) for line in (root / "events.log").read_text(encoding="utf-8").splitlines())

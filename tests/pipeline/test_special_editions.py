from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from newsletter.config.model import InDoubtPolicy
from newsletter.errors import RequestError, StoreError
from newsletter.models import EditionState, Style
from newsletter.pipeline import special_editions
from newsletter.pipeline.edition_state import Action, change_state
from newsletter.pipeline.next_mail import why_nothing_text
from newsletter.pipeline.special_editions import (
    Audience,
    Group,
    queue_special,
    read_audience,
    recipients,
    special_edition,
)
from newsletter.store.deliveries import Deliveries
from newsletter.subscribers.privacy import erase
from newsletter.subscribers.subscriptions import pause, unsubscribe
from newsletter.subscribers.tags import add_tags
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite, outcomes_of
from tests.smtpd import Server, serving

EVERYBODY = (Audience(Group.ALL),)
NOTE = "# Summer school\n\nCome to **the** school.\n"
KEY = "special-2026-05-08-summer-school"


def queue(site: SendingSite, *audiences: str, at: datetime | None = None, note: str = NOTE) -> int:
    to = [read_audience(text) for text in audiences or ("all",)]
    return queue_special(site.store, special_edition(note, None, to, at or site.now), to, site.config.sender, site.now)


def mails(server: Server) -> dict[str, list[EmailMessage]]:
    found: dict[str, list[EmailMessage]] = {}
    for recipient, content in server.accepted:
        found.setdefault(recipient.partition("@")[0], []).append(message_from_bytes(content, policy=default))
    return found


@pytest.fixture
def people(site: SendingSite) -> SendingSite:
    """Three subscribers on pears and robots, whose hour is past."""
    site.add_subscriber("ada@example.org", "pears")
    site.add_subscriber("bob@example.org", "robots", style=Style.PLAIN, language="de")
    site.add_subscriber("eve@example.org", "pears", "robots")
    add_tags(site.store, ["ada@example.org"], ["lab"])
    return site


def test_a_note_is_mailed_once_to_everybody_with_the_headers_of_list_mail(people: SendingSite) -> None:
    assert queue(people) == 3

    with serving(Server()) as server:
        report = people.send_to(server)
        people.send_to(server)

    assert report.is_clean
    assert {name: len(found) for name, found in mails(server).items()} == {"ada": 1, "bob": 1, "eve": 1}
    (ada,), (bob,) = mails(server)["ada"], mails(server)["bob"]
    assert (ada["Subject"], ada["Message-ID"].startswith(f"<{KEY}.")) == ("Summer school", True)
    assert ada["List-Unsubscribe"]
    assert ada["Feedback-ID"].strip().startswith(KEY)
    html, text = ada.get_body(("html",)), bob.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "Come to <strong>the</strong> school." in html.get_content()
    assert "Come to **the** school." in text.get_content()
    assert "Nothing new" not in html.get_content() + text.get_content()
    assert bob.get_body(("html",)) is None


def test_audiences_are_tags_and_topics_and_nobody_is_in_two(people: SendingSite) -> None:
    names = {one.id: one.email.partition("@")[0] for one in people.store.subscribers.all()}

    def of(*texts: str) -> set[str]:
        return {names[number] for number in recipients(people.store, [read_audience(text) for text in texts])}

    assert of("all") == {"ada", "bob", "eve"}
    assert of("tag:LAB") == {"ada"}
    assert of("topic: Robots ") == {"bob", "eve"}
    assert of("tag:lab", "topic:robots", "all") == {"ada", "bob", "eve"}
    with pytest.raises(RequestError, match=r"topic:kettles: no active subscriber has this topic"):
        of("topic:kettles")


@pytest.mark.parametrize("text", ["", "everybody", "tag:", "tag:a,b", "all:lab", "topic: ", "lab"])
def test_what_is_no_audience_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"is no (audience|tag)"):
        read_audience(text)


@pytest.mark.parametrize(
    ("note", "subject", "error"),
    [
        ("Come.", None, "no subject"),
        ("# Only a title", None, "the note is empty"),
        ("Come.", "x" * 201, "the subject is too long"),
        ("x" * 100_000, "Long", "the note is too long"),
        ("## Two\nCome.", None, "no subject"),
    ],
)
def test_a_note_without_text_or_subject_is_refused(note: str, subject: str | None, error: str) -> None:
    with pytest.raises(RequestError, match=error):
        special_edition(note, subject, EVERYBODY, NOW)


def test_a_subject_is_the_first_heading_or_given() -> None:
    made = special_edition("\n# Été à *Paris* #\n\nCome.", None, EVERYBODY, NOW)
    assert (made.subject, made.note, made.key) == ("Été à *Paris*", "\nCome.", "special-2026-05-08-ete-a-paris")
    given = special_edition(NOTE, "Another\r\nBcc: x@example.org", EVERYBODY, NOW)
    assert (given.subject, given.note) == ("Another Bcc: x@example.org", NOTE)
    assert special_edition("Text", "夏の学校", EVERYBODY, NOW).key.startswith("special-2026-05-08-note-")


def test_unsubscribed_paused_suppressed_and_erased_people_are_not_mailed(people: SendingSite) -> None:
    people.add_subscriber("former@example.org", "pears")
    unsubscribe(people.store, "former@example.org", people.now)
    queue(people)
    unsubscribe(people.store, "ada@example.org", people.now)
    pause(people.store, "bob@example.org", people.now, None)
    erase(people.store, "eve@example.org", people.now)

    with serving(Server()) as server:
        report = people.send_to(server)

    assert server.accepted == []
    skipped = {email: detail for email, (status, detail) in outcomes_of(report).items() if status == "skipped"}
    assert skipped.keys() == {"ada@example.org", "bob@example.org"}


def test_it_comes_beside_the_digest_of_the_day_and_changes_none(people: SendingSite) -> None:
    people.add_paper("Pears in Winter", 1)
    queue(people, "tag:lab")
    with serving(Server()) as server:
        people.send_to(server)
        people.wait(hours=1)
        people.add_paper("Pears in Spring", 2)
        queue(people, "tag:lab", note="# Another\n\nToo.")
        people.send_to(server)
        people.wait(days=1)
        people.send_to(server)

    subjects = [str(mail["Subject"]) for mail in mails(server)["ada"]]
    assert Counter("Pears in" in subject for subject in subjects) == {True: 2, False: 2}
    assert sum("Winter" in subject for subject in subjects) == 1
    assert sum("Spring" in subject for subject in subjects) == 1


def test_it_waits_for_its_time_and_is_not_stale_then(people: SendingSite) -> None:
    queue(people, at=people.now + timedelta(days=9))
    with serving(Server()) as server:
        people.send_to(server)
        people.wait(days=8)
        people.send_to(server)
        assert server.accepted == []
        people.wait(days=1)
        people.send_to(server)
    assert len(server.accepted) == 3


def test_a_cancelled_one_takes_no_day_from_the_digest(people: SendingSite) -> None:
    people.add_paper("Pears in Winter", 1)
    queue(people, at=people.now + timedelta(hours=2))
    change_state(people.store, KEY, Action.CANCEL, people.now)
    with serving(Server()) as server:
        people.send_to(server)
    assert "Pears in Winter" in str(mails(server)["ada"][0]["Subject"])
    ada = people.store.subscribers.get("ada@example.org")
    assert why_nothing_text(people.store, ada, NOW.date(), people.now).startswith("daily-2026-05-08 sent")


def test_it_can_be_paused_resumed_and_cancelled(people: SendingSite) -> None:
    queue(people)
    change_state(people.store, KEY, Action.PAUSE, people.now)
    with serving(Server()) as server:
        people.send_to(server)
        assert (server.accepted, people.store.editions.states()) == ([], {KEY: EditionState.PAUSED})
        change_state(people.store, KEY, Action.RESUME, people.now)
        assert change_state(people.store, KEY, Action.CANCEL, people.now) == 3
        people.send_to(server)
    assert server.accepted == []


def test_the_same_edition_is_queued_once_and_not_for_nobody(people: SendingSite) -> None:
    queue(people, "tag:lab")
    with pytest.raises(RequestError, match=f"{KEY} exists already"):
        queue(people)
    with pytest.raises(RequestError, match="more than a year ahead"):
        queue(people, note="# Far\n\nx", at=datetime(2030, 1, 1, tzinfo=UTC))
    for one in people.store.subscribers.all():
        unsubscribe(people.store, one.email, people.now)
    with pytest.raises(RequestError, match="nobody would get it"):
        queue(people, note="# Empty\n\nx")
    assert people.store.editions.find("special-2026-05-08-empty") is None


def test_a_crash_while_it_is_queued_leaves_a_draft_that_the_same_note_continues(
    people: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Deliveries.queue_many

    def killed(deliveries: Deliveries, rows: Sequence[tuple[str, int, int, str]], *rest: datetime) -> int:
        if len(people.store.deliveries.open()) > 1:
            raise StoreError("killed")
        return plain(deliveries, rows, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(special_editions, "_BATCH", 1)
        patched.setattr(Deliveries, "queue_many", killed)
        with pytest.raises(StoreError, match="killed"):
            queue(people)
    with serving(Server()) as server:
        people.send_to(server)
        assert (server.accepted, people.store.editions.states()) == ([], {KEY: EditionState.DRAFT})
        with pytest.raises(RequestError, match=f"{KEY} exists already"):
            queue(people, "tag:lab")
        assert queue(people) == 3
        people.send_to(server)
    assert len({*server.recipients}) == len(server.accepted) == 3


@pytest.mark.parametrize("policy", InDoubtPolicy)
def test_a_message_in_doubt_is_resent_under_its_name_or_held(people: SendingSite, policy: InDoubtPolicy) -> None:
    settings = dataclasses.replace(people.config.delivery, in_doubt=policy)
    people.config = replace(people.config, delivery=settings)
    queue(people, "tag:lab")
    (delivery,) = people.store.deliveries.open()
    assert people.store.deliveries.depart_special(delivery.id, people.now)  # and the process dies

    with serving(Server()) as server:
        people.send_to(server)

    sent = [mail["Message-ID"] for mail in mails(server).get("ada", [])]
    assert sent == ([delivery.message_id] if policy is InDoubtPolicy.RESEND else [])


def test_each_subject_has_a_key_of_its_own() -> None:
    long = "The summer school of robots and pears in Heidelberg: "
    subjects = [
        "Summer school",
        "日本語",
        "中文",
        "日本語 2",
        long + "registration",
        long + "programme",
        "Über uns",
        "!",
    ]
    keys = [special_edition("Text", one, EVERYBODY, NOW).key for one in subjects]
    assert len({*keys}) == len(keys)
    assert all(key.isascii() and len(key) < 80 for key in keys)
    assert (keys[0], keys[-2]) == (KEY, "special-2026-05-08-uber-uns")
    assert special_edition("Text", "SUMMER  school!", EVERYBODY, NOW).key == KEY

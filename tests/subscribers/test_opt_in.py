"""Asking to be mailed, and confirming it: who gets which mail, and what a link does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from newsletter import tokens
from newsletter.config.load import load_config
from newsletter.errors import ProfileError, StoreError, TransportError
from newsletter.models import Message, Status
from newsletter.pipeline.confirmations import NoticeSender
from newsletter.rendering.environment import make_environment
from newsletter.sending import Result, Transport, Verdict
from newsletter.site import Site
from newsletter.store import Store
from newsletter.subscribers.opt_in import confirm, request_address_change, request_link, request_subscription
from newsletter.subscribers.subscriptions import UNSUBSCRIBED, pause, unsubscribe
from tests.factories import NOW, make_profile

ADA = "ada@reader.example"
PREFERENCES = {"topics": ["pears"], "cadence": "weekly", "weekday": "friday"}


@dataclass
class Hand(Transport):
    """A transport whose server answers as it is told."""

    verdict: Verdict = Verdict.SENT
    error: TransportError | None = None
    taken: list[Message] = field(default_factory=list)

    def open(self) -> None:
        """There is nothing to open."""

    def send(self, messages, ledger, stopped=lambda: False) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
        for message in messages:
            if self.error:
                raise self.error
            ledger.commit([], [message])
            self.taken.append(message)
            ledger.commit([Result(message, self.verdict, "")], [])

    def close(self) -> None:
        """There is nothing to close."""


@dataclass
class Pages:
    """A site, its clock and its postman."""

    store: Store
    postman: NoticeSender
    hand: Hand
    now: datetime = NOW

    def mails(self) -> list[EmailMessage]:
        """Send what waits, and return it."""
        before = len(self.hand.taken)
        self.postman.send_waiting(self.store)
        new = self.hand.taken[before:]
        return [message_from_bytes(one.content, policy=default) for one in new]


@pytest.fixture
def pages(store: Store, tmp_path: Path) -> Pages:
    (tmp_path / "newsletter.toml").write_text('[site]\nurl = "https://papers.example"\n', encoding="utf-8")
    hand = Hand()
    config = load_config(Site(tmp_path), environ={})
    made = Pages(store, NoticeSender(config, make_environment(), hand, lambda: made.now), hand)
    return made


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def token_in(mail: EmailMessage) -> str:
    found = re.search(r"https://papers\.example/(?:confirm|preferences)/(\S+)", text_of(mail))
    assert found is not None
    return found[1]


def test_nobody_is_mailed_a_digest_before_they_confirm_and_twice_does_no_harm(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "Ada", PREFERENCES, NOW)
    assert pages.store.subscribers.find(ADA) is None

    (mail,) = pages.mails()
    assert (mail["To"], mail["Subject"]) == (ADA, "Please confirm your subscription to Daily Papers")
    assert mail["List-Unsubscribe"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert pages.mails() == []

    first, second = (confirm(pages.store, token_in(mail), NOW) for _ in range(2))
    assert first == second
    assert (first.status, first.name, first.origin) == (Status.ACTIVE, "Ada", "web")
    assert (first.profile.weekday, [topic.name for topic in first.profile.topics]) == (4, ["pears"])


def test_a_link_ends_and_what_was_not_confirmed_is_forgotten(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    (mail,) = pages.mails()
    pages.now = NOW + timedelta(days=4)
    with pytest.raises(StoreError, match="too old"):
        confirm(pages.store, token_in(mail), pages.now)
    pages.now = NOW + timedelta(days=8)
    pages.mails()
    assert pages.store.confirmations.count_since(ADA, NOW - timedelta(days=30)) == 0


@pytest.mark.parametrize("wrong", ["", "1", "1.2", "1.2.3", "x.y.z", "1.739999.", "\x00", "९.739999.abc"])
def test_a_link_that_is_not_ours_does_nothing(pages: Pages, wrong: str) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    with pytest.raises(StoreError, match="not whole"):
        confirm(pages.store, wrong, NOW)


def test_a_token_of_another_purpose_does_not_confirm(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    secret = pages.store.secret()
    day = NOW.date() + timedelta(days=1)
    for token in (tokens.sign(secret, tokens.UNSUBSCRIBE, 1), tokens.sign_until(secret, tokens.PREFERENCES, 1, day)):
        with pytest.raises(StoreError, match="not whole"):
            confirm(pages.store, token, NOW)


def test_who_is_subscribed_is_told_so_and_nothing_changes(pages: Pages) -> None:
    before = pages.store.subscribers.add(ADA, "Ada", make_profile(), "cli", NOW)
    request_subscription(pages.store, ADA.upper(), "Somebody else", PREFERENCES, NOW)

    (mail,) = pages.mails()

    assert mail["Subject"] == "You are subscribed to Daily Papers already"
    assert "/preferences/" in text_of(mail)
    assert "Somebody else" not in text_of(mail)
    assert pages.store.subscribers.get(ADA) == before


@pytest.mark.parametrize("end", [unsubscribe, pause])
def test_who_left_or_paused_comes_back_with_new_wishes(pages: Pages, end: object) -> None:
    pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    end(pages.store, ADA, NOW)  # type: ignore[operator]
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    (mail,) = pages.mails()

    known = confirm(pages.store, token_in(mail), NOW)

    assert (known.status, known.name, known.profile.cadence) == (Status.ACTIVE, "Ada", "weekly")
    assert pages.store.subscribers.why_suppressed(ADA) is None


def test_an_address_that_bounced_or_complained_is_not_written_to(pages: Pages) -> None:
    pages.store.subscribers.suppress(ADA, "complaint: abuse", NOW)
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    assert pages.mails() == []


def test_an_address_gets_three_such_mails_a_day(pages: Pages) -> None:
    for _ in range(10):
        request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    assert len(pages.mails()) == 3
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW + timedelta(days=1, seconds=1))
    assert len(pages.mails()) == 1


def test_a_new_address_is_confirmed_where_it_leads_to(pages: Pages) -> None:
    ada = pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    request_address_change(pages.store, ada, "new@reader.example", NOW)
    (mail,) = pages.mails()
    assert mail["To"] == "new@reader.example"
    assert pages.store.subscribers.get(ADA).email == ADA

    assert confirm(pages.store, token_in(mail), NOW).id == ada.id

    assert pages.store.subscribers.find(ADA) is None
    assert pages.store.subscribers.get("new@reader.example").profile == ada.profile


def test_who_confirms_a_new_address_wants_it_mailed_though_it_once_left(pages: Pages) -> None:
    ada = pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    pages.store.subscribers.suppress("new@reader.example", UNSUBSCRIBED, NOW)
    request_address_change(pages.store, ada, "new@reader.example", NOW)
    (mail,) = pages.mails()

    confirm(pages.store, token_in(mail), NOW)

    assert pages.store.subscribers.why_suppressed("new@reader.example") is None


def test_a_new_address_that_became_somebody_elses_stays_theirs(pages: Pages) -> None:
    ada = pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    request_address_change(pages.store, ada, "bob@reader.example", NOW)
    (mail,) = pages.mails()
    pages.store.subscribers.add("bob@reader.example", "Bob", make_profile(), "web", NOW)
    with pytest.raises(StoreError, match="a subscription of its own"):
        confirm(pages.store, token_in(mail), NOW)
    assert pages.store.subscribers.get(ADA).id == ada.id


def test_a_link_to_preferences_is_mailed_to_subscribers_alone(pages: Pages) -> None:
    pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    for email in (ADA, "nobody@reader.example"):
        request_link(pages.store, email, NOW)
    (mail,) = pages.mails()
    assert (mail["To"], mail["Subject"]) == (ADA, "Your preferences for Daily Papers")


def test_what_the_server_puts_off_is_sent_later_and_what_it_refuses_is_not(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    pages.hand.error = TransportError("no server")
    with pytest.raises(TransportError):
        pages.mails()
    pages.hand.error = None
    pages.hand.verdict = Verdict.DEFERRED
    assert len(pages.mails()) == 1
    pages.hand.verdict = Verdict.REFUSED
    assert len(pages.mails()) == 1
    assert pages.mails() == []


def test_it_is_in_the_readers_language(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES | {"language": "de"}, NOW)
    (mail,) = pages.mails()
    assert mail["Subject"] == "Bitte bestätige dein Abonnement von Daily Papers"


def test_wrong_wishes_are_refused_at_once(pages: Pages) -> None:
    for email, preferences in (("no address", PREFERENCES), (ADA, {"hour": 25}), (ADA, {"topics": ["("]})):
        with pytest.raises(ProfileError):
            request_subscription(pages.store, email, "", preferences, NOW)
    assert pages.mails() == []


def test_pauses_end_by_themselves(pages: Pages) -> None:
    ada = pages.store.subscribers.add(ADA, "", make_profile(), "web", NOW)
    later = NOW + timedelta(days=3)
    pages.store.subscribers.set_status(ada.id, Status.PAUSED, NOW, paused_until=later.date())
    assert pages.store.subscribers.wake(NOW) == 0
    assert pages.store.subscribers.wake(later) == 1
    assert pages.store.subscribers.get(ADA) == replace(ada, status_at=later)

"""Every message is signed, whichever process rendered it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import dkim
import pytest

from newsletter.config.model import DeliverySettings, DkimSettings
from newsletter.errors import ConfigError, TemplateError
from newsletter.models import Delivery, DeliveryStatus, Digest, Message
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.ledger import Claim
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.signing import SigningRenderer
from newsletter.rendering.message import _shared_head
from newsletter.sending import Ledger, Result, Transport, Verdict
from newsletter.sending.dkim import load_key, new_key
from newsletter.store import Store
from newsletter.subscribers.privacy import erase
from newsletter.subscribers.subscriptions import change_preferences, pause, unsubscribe
from tests.factories import NOW, make_subscriber
from tests.pipeline.conftest import SendingSite
from tests.sending.messages import transport_to
from tests.smtpd import Server, serving

MANY = 40


def add_subscribers(site: SendingSite, number: int) -> None:
    site.add_paper("Pears in Winter", 1)
    for at in range(number):
        site.add_subscriber(f"subscriber{at}@example.org", "pears")


@pytest.mark.parametrize("senders", [1, 2])
def test_each_message_has_two_valid_signatures(
    site: SendingSite, tmp_path: Path, senders: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.senders.MIN_FOR_SENDERS", 1)
    records = {}
    for kind, selector in (("rsa", "papers"), ("ed25519", "papers-ed")):
        pem, record = new_key(kind)
        (tmp_path / f"{kind}.pem").write_bytes(pem)
        records[f"{selector}._domainkey.newsletter.example."] = record.encode()
    keys = (("papers", tmp_path / "rsa.pem"), ("papers-ed", tmp_path / "ed25519.pem"))
    dkim_settings, delivery = DkimSettings("newsletter.example", keys), DeliverySettings(senders=senders)
    site.config = replace(site.config, dkim=dkim_settings, delivery=delivery)
    add_subscribers(site, MANY)

    with serving(Server()) as server:
        assert site.send_to(server, connections=2).is_clean

    assert len({recipient for recipient, _ in server.accepted}) == len(server.accepted) == MANY
    for _, content in server.accepted:
        mail = dkim.DKIM(content)
        assert all(mail.verify(idx=at, dnsfunc=lambda name, **_: records[name.decode()]) for at in (0, 1))


def test_a_missing_key_stops_a_run_before_anything_is_queued(site: SendingSite, tmp_path: Path) -> None:
    settings = DkimSettings("newsletter.example", (("papers", tmp_path / "no.pem"),))
    site.config = replace(site.config, dkim=settings)
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber("ada@example.org", "pears")

    with serving(Server()) as server, pytest.raises(ConfigError, match=r"no\.pem: no such file"):
        site.send_to(server)

    assert site.store.deliveries.counts() == {}


def test_the_messages_of_a_second_share_their_headers(site: SendingSite) -> None:
    """Also where the clock runs, as it does everywhere but in tests: to fold them costs as much as to sign."""
    add_subscribers(site, 10)
    moments = count()

    def clock() -> datetime:
        return site.now + timedelta(microseconds=next(moments))

    before = _shared_head.cache_info().misses
    with serving(Server()) as server:
        transport = transport_to(server)
        deliver(site.store, transport, site.config, site.environment, clock)
        transport.close()
    assert len(server.accepted) == 10
    assert _shared_head.cache_info().misses - before <= 1 + 1  # the templates are checked before


class Renderer(MessageRenderer):
    """Writes a message without a digest, or raises the error of a broken template; counts them."""

    def __init__(self, broken: int = -1) -> None:
        self.written, self._broken = 0, broken

    def prepare(self, digests: object) -> None:
        """Do nothing."""

    def write(self, *_: object) -> Message:
        if self.written == self._broken:
            raise TemplateError("digest.txt: unexpected end")
        self.written += 1
        content = b"From: papers@newsletter.example\r\n\r\n%d\r\n" % self.written
        return Message(message_id=f"<{self.written}@x>", sender="", recipient="", subject="", content=content)


class Unread(SigningRenderer):
    """Signs messages of claims whose digests are never read."""

    def prepare(self, claims: object) -> None:
        """Do nothing."""

    def digest(self, digest_id: int) -> Digest:
        return None  # type: ignore[return-value]


def unread(messages: Renderer, tmp_path: Path, store: Store) -> Iterator[Message]:
    """Return the messages of a hundred claims, signed as they are wanted."""
    path = tmp_path / "key.pem"
    path.write_bytes(new_key("ed25519")[0])
    path.chmod(0o600)
    key = load_key(path, "newsletter.example", "papers")
    delivery = Delivery(
        id=1, edition_key="daily-2026-05-08", subscriber_id=1, digest_id=1, message_id="<1@x>",
        status=DeliveryStatus.QUEUED, attempts=0, detail="", next_attempt_at=None, updated_at=NOW, planned_at=NOW,
    )  # fmt: skip
    claim = Claim(delivery, make_subscriber(), None)
    return Unread(store, messages, (key,)).render([claim] * 100, lambda: NOW)


def test_messages_taken_fast_are_signed_some_at_a_time(
    site: SendingSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.signing.time.monotonic", lambda: 0.0)
    messages = Renderer()
    taken = unread(messages, tmp_path, site.store)

    ahead = [messages.written - number for number, _ in enumerate(taken, start=1)]

    assert ahead[:7] == [0, 1, 0, 3, 2, 1, 0]
    assert max(ahead) == 15


def test_messages_taken_slowly_are_signed_when_they_are_wanted(
    site: SendingSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = count()
    monkeypatch.setattr("newsletter.pipeline.signing.time.monotonic", lambda: float(next(moments)))
    messages = Renderer()
    taken = unread(messages, tmp_path, site.store)

    assert [messages.written for _ in taken] == list(range(1, 101))


class OneByOne(Transport):
    """Takes one message after the other; `meanwhile` is called when so many messages are taken."""

    def __init__(self, meanwhile: Mapping[int, Callable[[], object]]) -> None:
        self._meanwhile = meanwhile
        self.sent: list[str] = []

    def open(self, *_: object) -> None:
        """Need nothing."""
        return

    def close(self) -> None:
        """Keep nothing."""
        return

    def send(self, messages: Iterator[Message], ledger: Ledger, *_: object) -> None:
        """Send each that may leave."""
        for taken, message in enumerate(messages, start=1):
            self._meanwhile.get(taken, list)()
            if ledger.commit([], [message]):
                self.sent.append(message.recipient)
                ledger.commit([Result(message, Verdict.SENT, "250 ok")], [])


def test_who_unsubscribes_while_messages_are_signed_ahead_is_not_mailed(
    site: SendingSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.signing.time.monotonic", lambda: 0.0)
    (tmp_path / "key.pem").write_bytes(new_key("ed25519")[0])
    (tmp_path / "key.pem").chmod(0o600)
    site.config = replace(site.config, dkim=DkimSettings("newsletter.example", (("papers", tmp_path / "key.pem"),)))
    add_subscribers(site, MANY)
    everybody = sorted(f"subscriber{at}@example.org" for at in range(MANY))  # as they are mailed

    def unsubscribe_some() -> None:  # their messages are signed already, as all up to the 31st
        unsubscribe(site.store, everybody[16], site.now)
        pause(site.store, everybody[17], site.now)
        site.store.suppressions.suppress(everybody[18], "complaint", site.now)
        erase(site.store, everybody[19], site.now)
        change_preferences(site.store, everybody[20], None, {"hour": 23}, site.now)

    transport = OneByOne({17: unsubscribe_some})
    site.send(transport)

    assert transport.sent == everybody[:16] + everybody[21:]


def test_what_comes_before_a_broken_template_is_signed(
    site: SendingSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.signing.time.monotonic", lambda: 0.0)
    taken = unread(Renderer(broken=20), tmp_path, site.store)

    assert [next(taken).message_id for _ in range(20)] == [f"<{number}@x>" for number in range(1, 21)]
    with pytest.raises(TemplateError, match="unexpected end"):
        next(taken)

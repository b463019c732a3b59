"""Every message is signed, whichever process rendered it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import dkim
import pytest

from newsletter.config.model import DeliverySettings, DkimSettings
from newsletter.errors import ConfigError
from newsletter.pipeline.deliver import deliver
from newsletter.rendering.message import _shared_head
from newsletter.sending.dkim import new_key
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

"""That what a site sends is signed, whichever thread signed it, and in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from newsletter.config import DkimSettings
from newsletter.errors import ConfigError
from newsletter.models import Message
from newsletter.sending.dkim import DkimKey, new_key
from newsletter.sending.signing import signed
from tests.factories import NOW
from tests.pipeline.conftest import Street
from tests.smtpd import Server, serving


@pytest.mark.parametrize("threads", [1, 2])
def test_each_letter_that_arrives_has_two_good_signatures(street: Street, tmp_path: Path, threads: int) -> None:
    records = {}
    for kind, selector in (("rsa", "papers"), ("ed25519", "papers-ed")):
        pem, record = new_key(kind)
        (tmp_path / f"{kind}.pem").write_bytes(pem)
        records[f"{selector}._domainkey.newsletter.example."] = record.encode()
    keys = (("papers", tmp_path / "rsa.pem"), ("papers-ed", tmp_path / "ed25519.pem"))
    street.config = replace(street.config, dkim=DkimSettings("newsletter.example", keys, threads))
    street.add_paper("Pears in Winter", 1)
    for number in range(12):
        street.add_reader(f"reader{number}@example.org", "pears")

    with serving(Server()) as server:
        assert street.send_to(server).is_clean

    assert len({recipient for recipient, _ in server.accepted}) == 12
    for _, content in server.accepted:
        mail = dkim.DKIM(content)
        assert all(mail.verify(idx=at, dnsfunc=lambda name, **_: records[name.decode()]) for at in (0, 1))


def test_a_key_that_is_not_there_stops_a_run_before_anything_is_planned(street: Street, tmp_path: Path) -> None:
    settings = DkimSettings("newsletter.example", (("papers", tmp_path / "no.pem"),))
    street.config = replace(street.config, dkim=settings)
    street.add_paper("Pears in Winter", 1)
    street.add_reader("ada@example.org", "pears")

    with serving(Server()) as server, pytest.raises(ConfigError, match=r"no\.pem: no such file"):
        street.send_to(server)

    assert street.store.deliveries.counts() == {}


def test_messages_are_signed_a_few_ahead_and_come_in_their_order() -> None:
    pem, _ = new_key("ed25519")
    key = DkimKey("newsletter.example", "s1", load_pem_private_key(pem, None))  # type: ignore[arg-type]
    letters = [
        Message(
            message_id=f"<{at}@a.example>", sender="a@a.example", recipient=f"r{at}@b.example", subject="One",
            content=b"From: a@a.example\r\n\r\nOne.\r\n",
        )
        for at in range(100)
    ]  # fmt: skip
    remaining = iter(letters)

    stream = signed(remaining, (key,), 2, lambda: NOW)
    first = next(stream)

    assert first.content.startswith(b"DKIM-Signature:")
    assert next(remaining) is letters[32]
    assert [one.message_id for one in (first, *stream)] == [one.message_id for one in letters if one is not letters[32]]

"""That what a site sends is signed, whichever process wrote it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import dkim
import pytest

from newsletter.config.model import DeliverySettings, DkimSettings
from newsletter.errors import ConfigError
from newsletter.pipeline.deliver import Outcome
from newsletter.rendering.environment import make_environment
from newsletter.sending.dkim import new_key
from tests.pipeline.conftest import Street
from tests.smtpd import Server, serving


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes beside this one write even small editions."""
    monkeypatch.setattr("newsletter.pipeline.deliver._WORTH_WORKERS", 1)


def add_readers(street: Street, number: int) -> None:
    street.add_paper("Pears in Winter", 1)
    for at in range(number):
        street.add_reader(f"reader{at}@example.org", "pears")


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("workers", [1, 2])
def test_each_letter_that_arrives_has_two_good_signatures(street: Street, tmp_path: Path, workers: int) -> None:
    records = {}
    for kind, selector in (("rsa", "papers"), ("ed25519", "papers-ed")):
        pem, record = new_key(kind)
        (tmp_path / f"{kind}.pem").write_bytes(pem)
        records[f"{selector}._domainkey.newsletter.example."] = record.encode()
    keys = (("papers", tmp_path / "rsa.pem"), ("papers-ed", tmp_path / "ed25519.pem"))
    dkim_settings, delivery = DkimSettings("newsletter.example", keys), DeliverySettings(workers=workers)
    street.config = replace(street.config, dkim=dkim_settings, delivery=delivery)
    add_readers(street, 150)

    with serving(Server()) as server:
        assert street.send_to(server).is_clean

    assert len({recipient for recipient, _ in server.accepted}) == len(server.accepted) == 150
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


@pytest.mark.usefixtures("beside")
def test_a_letter_that_is_too_large_to_be_handed_over_is_written_by_who_sends(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.workers._ROOM", 50_000)
    street.config = replace(street.config, delivery=DeliverySettings(workers=2))
    add_readers(street, 40)
    with serving(Server()) as server:
        assert street.send_to(server).is_clean
    assert len({recipient for recipient, _ in server.accepted}) == 40


@pytest.mark.usefixtures("beside")
def test_a_process_that_dies_is_told_of_and_the_rest_waits_for_the_next_run(street: Street) -> None:
    street.config = replace(street.config, delivery=DeliverySettings(workers=2))
    add_readers(street, 200)

    def kill_one(_outcome: Outcome) -> None:
        for process in multiprocessing.active_children()[:1]:
            os.kill(process.pid or 0, signal.SIGKILL)

    with serving(Server()) as server:
        report = street.send_to(server, watch=kill_one)
        assert str(report.error) == (
            "a process that writes letters ended (was there memory enough? delivery.workers = 1 needs less)"
        )
        assert 0 < len(server.accepted) < 200
        street.config = replace(street.config, delivery=DeliverySettings())
        assert street.send_to(server).is_clean
    assert len({recipient for recipient, _ in server.accepted}) == len(server.accepted) == 200
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("beside")
def test_a_template_that_breaks_for_one_reader_is_told_in_the_words_of_who_sends(street: Street) -> None:
    street.config = replace(street.config, delivery=DeliverySettings(workers=2))
    add_readers(street, 1)
    street.add_paper("Plums", 2)
    street.add_reader("bob@example.org", "plums")
    folder = street.config.site.templates
    (folder / "email").mkdir(parents=True)
    breaking = "{{ 1 / 0 if mail.top == 'Pears in Winter' else mail.top }}"
    (folder / "email/subject.txt").write_text(breaking, encoding="utf-8")
    street.environment = make_environment(folder)
    with serving(Server()) as server:
        report = street.send_to(server)
    assert "subject.txt, line 1: division by zero" in str(report.error)
    assert [recipient for recipient, _ in server.accepted] == ["bob@example.org"]

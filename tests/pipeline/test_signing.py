"""Every message is signed, whichever process rendered it."""

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
from tests.pipeline.conftest import SendingSite
from tests.smtpd import Server, serving

#: Five requests to workers, of which two hold four at once.
MANY = 80


@pytest.fixture
def small_editions_in_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use worker processes even for small editions."""
    monkeypatch.setattr("newsletter.pipeline.delivery_run._MIN_FOR_WORKERS", 1)


def add_subscribers(site: SendingSite, number: int) -> None:
    site.add_paper("Pears in Winter", 1)
    for at in range(number):
        site.add_subscriber(f"subscriber{at}@example.org", "pears")


@pytest.mark.usefixtures("small_editions_in_workers")
@pytest.mark.parametrize("workers", [1, 2])
def test_each_message_has_two_valid_signatures(site: SendingSite, tmp_path: Path, workers: int) -> None:
    records = {}
    for kind, selector in (("rsa", "papers"), ("ed25519", "papers-ed")):
        pem, record = new_key(kind)
        (tmp_path / f"{kind}.pem").write_bytes(pem)
        records[f"{selector}._domainkey.newsletter.example."] = record.encode()
    keys = (("papers", tmp_path / "rsa.pem"), ("papers-ed", tmp_path / "ed25519.pem"))
    dkim_settings, delivery = DkimSettings("newsletter.example", keys), DeliverySettings(workers=workers)
    site.config = replace(site.config, dkim=dkim_settings, delivery=delivery)
    add_subscribers(site, MANY)

    with serving(Server()) as server:
        assert site.send_to(server).is_clean

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


@pytest.mark.usefixtures("small_editions_in_workers")
def test_a_message_too_large_for_shared_memory_is_rendered_by_the_main_process(
    site: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.pipeline.workers._BUFFER_B", 50_000)
    site.config = replace(site.config, delivery=DeliverySettings(workers=2))
    add_subscribers(site, 40)
    with serving(Server()) as server:
        assert site.send_to(server).is_clean
    assert len({recipient for recipient, _ in server.accepted}) == 40


@pytest.mark.usefixtures("small_editions_in_workers")
def test_a_worker_that_dies_is_reported_and_the_rest_waits_for_the_next_run(site: SendingSite) -> None:
    site.config = replace(site.config, delivery=DeliverySettings(workers=2))
    add_subscribers(site, 200)

    def kill_one(_outcome: Outcome) -> None:
        for process in multiprocessing.active_children()[:1]:
            os.kill(process.pid or 0, signal.SIGKILL)

    with serving(Server()) as server:
        report = site.send_to(server, watch=kill_one)
        assert str(report.error) == (
            "a worker process ended unexpectedly (out of memory? delivery.workers = 1 needs less)"
        )
        assert 0 < len(server.accepted) < 200
        site.config = replace(site.config, delivery=DeliverySettings())
        assert site.send_to(server).is_clean
    assert len({recipient for recipient, _ in server.accepted}) == len(server.accepted) == 200
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("small_editions_in_workers")
def test_a_template_error_in_a_worker_is_reported_with_its_place(site: SendingSite) -> None:
    site.config = replace(site.config, delivery=DeliverySettings(workers=2))
    add_subscribers(site, 1)
    site.add_paper("Plums", 2)
    site.add_subscriber("bob@example.org", "plums")
    folder = site.config.site.templates
    (folder / "email").mkdir(parents=True)
    breaking = "{{ 1 / 0 if mail.top == 'Pears in Winter' else mail.top }}"
    (folder / "email/subject.txt").write_text(breaking, encoding="utf-8")
    site.environment = make_environment(folder)
    with serving(Server()) as server:
        report = site.send_to(server)
    assert "subject.txt, line 1: division by zero" in str(report.error)
    assert [recipient for recipient, _ in server.accepted] == ["bob@example.org"]

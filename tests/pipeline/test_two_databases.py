"""A site on PostgreSQL plans, composes, sends and records what the same site in a file does, byte for byte."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import forkserver
from pathlib import Path
from typing import NamedTuple

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import DeliverySettings
from newsletter.config.signing_keys import signing_keys
from newsletter.files.site import Site, default_subscribers, samples
from newsletter.models import Delivery
from newsletter.pipeline.pull import pull_files
from newsletter.sources import HttpClient, find_source
from newsletter.store import open_store
from newsletter.store.filters import Limits, Order
from newsletter.subscribers.sync import sync
from newsletter.topics.query import parse
from tests.factories import make_profile, make_topic
from tests.pipeline.conftest import SendingSite
from tests.postgresql import emptied_store
from tests.program import PROCESSES, ROOT
from tests.smtpd import Server, serving

_CLOCK = datetime(2026, 5, 8, 21, 0, tzinfo=UTC)
_SAMPLES = (("huggingface", "huggingface-2026-05-08.json"), ("page", "daily-papers-2026-05-08.txt"))
_QUERIES = ("agents", '"language models" OR robot*', "title:video", "org:lab* OR author:chen", "cat:cs.* -robots")


class Sent(NamedTuple):
    """What left, what the ledger says, and what searches find."""

    messages: list[tuple[str, bytes]]
    ledger: list[Delivery]
    found: list[set[str]]
    newest: list[str]


def two_days_of(folder: Path, url: str | None) -> Sent:
    """Make a site, pull the sample papers, and send the editions of two days."""
    folder.mkdir()
    database = f'\n[database]\nurl = "{url}"\n' if url else ""
    (folder / "newsletter.toml").write_text(f'[site]\nsecret = "{"x" * 40}"\n{database}', encoding="utf-8")
    config = load_config(Site(folder), environ={})
    server = Server()
    with serving(server), open_store(config.store, lambda: signing_keys(config)) as store, HttpClient() as client:
        sync(store, default_subscribers(), _CLOCK)
        for kind, file in _SAMPLES:
            pull_files(store, find_source(kind)(), [str(samples() / file)], None, _CLOCK, client)
        for number in range(30):
            topics = (make_topic("Video", ("video",)), make_topic(f"Own {number}", (f"agents OR {'ab'[number % 2]}*",)))
            profile = make_profile(topics=topics, style=("cards", "compact", "plain")[number % 3], serendipity=True)
            store.subscribers.add(f"reader{number}@example.org", "", profile, "cli", _CLOCK - timedelta(days=1))
        site = SendingSite(store, config, _CLOCK)
        site.send_to(server)
        site.wait(days=1)
        store.subscribers.set_status(3, store.subscribers.find_by_id(4).status, site.now)  # type: ignore[union-attr]
        site.add_paper("Agents that watch video", 7, categories=("cs.CL", "cs.AI"))
        site.send_to(server)
        hits = (store.archive.search(parse(query), limit=100).hits for query in _QUERIES)
        return Sent(
            sorted(server.accepted),
            [one for number in sorted(store.subscribers.ids()) for one in store.deliveries.of_subscriber(number)],
            [{hit.paper.key for hit in one} for one in hits],
            [hit.paper.key for hit in store.archive.search(None, Limits(), order=Order.NEWEST, limit=100).hits],
        )


def test_two_days_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    in_file = two_days_of(tmp_path / "file", None)
    on_server = two_days_of(tmp_path / "server", emptied_store().text)
    assert len(in_file.messages) > 50
    assert all(in_file.found)
    assert on_server.newest == in_file.newest
    assert on_server.found == in_file.found
    assert on_server.ledger == in_file.ledger
    assert [to for to, _ in on_server.messages] == [to for to, _ in in_file.messages]
    assert on_server.messages == in_file.messages


def test_two_senders_share_an_edition_on_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with chdir(ROOT):
        forkserver.ensure_running()
    monkeypatch.setattr("newsletter.pipeline.senders.PROCESSES", PROCESSES)
    monkeypatch.setattr("newsletter.pipeline.senders.MIN_FOR_SENDERS", 1)
    (tmp_path / "newsletter.toml").write_text(f'[database]\nurl = "{emptied_store().text}"\n', encoding="utf-8")
    config = replace(load_config(Site(tmp_path), environ={}), delivery=DeliverySettings(senders=2))
    server = Server()
    with serving(server), open_store(config.store) as store:
        site = SendingSite(store, config, _CLOCK)
        site.add_paper("Pears in Winter", 1)
        for at in range(40):
            site.add_subscriber(f"subscriber{at}@example.org", "pears")
        assert site.send_to(server, connections=2).is_clean
        assert site.send_to(server, connections=2).is_clean
        assert sorted(server.recipients) == sorted(f"subscriber{at}@example.org" for at in range(40))
        assert (store.deliveries.counts(), store.shards.count()) == ({"sent": 40}, 0)

"""A site with papers, two readers who were written to, and the studio that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from starlette.testclient import TestClient

from newsletter.cli.init import make_site
from newsletter.config.load import load_config
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.pull import pull_files
from newsletter.rendering.environment import make_environment
from newsletter.sending.maildir import MaildirTransport
from newsletter.site import Site, samples
from newsletter.sources import HttpClient, find_source
from newsletter.store import open_store
from newsletter.subscribers.sync import sync
from newsletter.web.http.server import listen
from newsletter.web.studio.app import make_studio, make_studio_server
from tests.factories import NOW
from tests.smtpd import Server
from tests.smtpd import serving as serving_mail
from tests.web.site import SITE_URL, Asked


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site as the demonstration makes it, two days before anybody looks at it."""
    make_site(tmp_path)
    made = Site(tmp_path)
    with open_store(made.store) as store, HttpClient() as client:
        sync(store, made.subscribers, NOW)
        file = samples() / "huggingface-2026-05-08.json"
        pull_files(store, find_source("huggingface")(), [str(file)], None, NOW, client)
    return made


@pytest.fixture
def sent(site: Site) -> Site:
    """The same, when both readers have had their first edition."""
    config = load_config(site, environ={})
    with open_store(site.store) as store:
        deliver(
            store,
            MaildirTransport(config.outbox),
            config,
            make_environment(site.templates),
            lambda: NOW + timedelta(minutes=1),
        )
    return site


def _two_days_later() -> datetime:
    return NOW + timedelta(days=2)


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """Where the studio is served for real."""
    with listen("127.0.0.1", 0) as listening:
        server = make_studio_server(site, _two_days_later)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()


@pytest.fixture
def studio(site: Site) -> Iterator[TestClient]:
    """Asks the studio as a browser on the same machine does."""
    with TestClient(
        make_studio(site, _two_days_later), base_url="http://localhost:8400", raise_server_exceptions=False
    ) as client:
        yield client


@pytest.fixture
def asked(site: Site) -> Iterator[Asked]:
    """The site's pages, with nobody subscribed yet."""
    for file in site.subscribers.glob("*.toml"):
        file.unlink()
    with open_store(site.store) as store, store.transaction():
        for known in store.subscribers.all():
            store.subscribers.erase(known.id, known.email)
    config = load_config(site, environ={"NEWSLETTER_SITE_URL": SITE_URL})
    with serving_mail(Server()) as server:
        yield Asked(config, server)

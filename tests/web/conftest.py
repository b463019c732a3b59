"""A site with papers, the studio that previews it, and its public pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.cli.demo import copy_examples
from newsletter.cli.init import make_site
from newsletter.config.load import load_config
from newsletter.files.site import Site, samples
from newsletter.models import Status
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.pull import pull_files
from newsletter.rendering.environment import make_environment
from newsletter.sending.maildir import MaildirTransport
from newsletter.sources import HttpClient, find_source
from newsletter.store import open_store
from newsletter.subscribers.sync import sync
from tests.factories import NOW, make_profile
from tests.sending.bounces.webhook_calls import basic
from tests.smtpd import Server
from tests.smtpd import serving as serving_mail
from tests.web.live_site import ADA, BOB, SITE_URL, LiveSite


@pytest.fixture(scope="session")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `site` is a copy of: making one takes longer than most tests."""
    made = Site(tmp_path_factory.mktemp("pulled"))
    make_site(made.root)
    copy_examples(made.subscribers)
    with open_store(made.store) as store, HttpClient() as client:
        sync(store, made.subscribers, NOW)
        file = samples() / "huggingface-2026-05-08.json"
        pull_files(store, find_source("huggingface")(), [str(file)], None, NOW, client)
    return made.root


@pytest.fixture
def site(pulled: Path, tmp_path: Path) -> Site:
    """The demonstration's site: two subscribers, and the sample papers pulled now."""
    shutil.copytree(pulled, tmp_path, dirs_exist_ok=True)
    return Site(tmp_path)


@pytest.fixture(scope="session")
def delivered(pulled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `sent` is a copy of."""
    site = Site(tmp_path_factory.mktemp("delivered") / "site")
    shutil.copytree(pulled, site.root)
    config = load_config(site, environ={})
    with open_store(site.store) as store:
        deliver(
            store,
            MaildirTransport(config.outbox),
            config,
            make_environment(site.templates),
            lambda: NOW + timedelta(hours=12),  # after the hours of both
        )
    return site.root


@pytest.fixture
def sent(site: Site, delivered: Path) -> Site:
    """The same site after both subscribers got their first edition, in its outbox."""
    shutil.copytree(delivered, site.root, dirs_exist_ok=True)
    return site


@contextmanager
def serving(site: Site, password: str = "") -> Iterator[LiveSite]:
    """Serve the public pages of a site, whose mail goes to a server of its own."""
    config = load_config(site, environ={"NEWSLETTER_SITE_URL": SITE_URL})
    with serving_mail(Server()) as server:
        yield LiveSite(replace(config, web_password=password) if password else config, server)


@pytest.fixture(scope="session")
def empty(pulled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `live` is a copy of."""
    site = Site(tmp_path_factory.mktemp("empty") / "site")
    shutil.copytree(pulled, site.root)
    for file in site.subscribers.glob("*.toml"):
        file.unlink()
    with open_store(site.store) as store, store.transaction():
        for subscriber in store.subscribers.all():
            store.subscribers.erase(subscriber)
    return site.root


@pytest.fixture
def live(site: Site, empty: Path) -> Iterator[LiveSite]:
    """The public pages of a site without subscribers."""
    shutil.rmtree(site.subscribers)
    shutil.copytree(empty, site.root, dirs_exist_ok=True)
    with serving(site) as made:
        yield made


@pytest.fixture
def ada(live: LiveSite) -> LiveSite:
    """The public pages of a site with one subscriber, Ada."""
    with live.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    return live


@pytest.fixture(scope="session")
def mailed(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, bytes]]]:
    """The site that `operated` is a copy of, and what its mail server accepted."""
    site = Site(tmp_path_factory.mktemp("mailed") / "site")
    shutil.copytree(empty, site.root)
    with serving(site) as live:
        with live.store() as store, store.transaction():
            store.subscribers.add(ADA, "Ada", make_profile(hour=0), "web", NOW)
            unsubscribed = store.subscribers.add(BOB, "", make_profile(), "web", NOW - timedelta(days=5))
            store.subscribers.set_status(unsubscribed.id, Status.UNSUBSCRIBED, NOW)
        live.send()
        return site.root, live.accepted


@pytest.fixture
def operated(site: Site, mailed: tuple[Path, list[tuple[str, bytes]]]) -> Iterator[LiveSite]:
    """A site with a password, a subscriber, an unsubscribed one, and an edition; the client knows the password."""
    root, accepted = mailed
    shutil.rmtree(site.subscribers)
    shutil.copytree(root, site.root, dirs_exist_ok=True)
    with serving(site, "sesame") as made:
        made.server.accepted.extend(accepted)
        made.client.headers.update(basic("anybody", "sesame"))
        yield made

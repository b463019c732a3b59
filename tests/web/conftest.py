"""A site with papers, the studio that previews it, and its public pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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


@pytest.fixture
def live(site: Site) -> Iterator[LiveSite]:
    """The public pages of a site without subscribers."""
    for file in site.subscribers.glob("*.toml"):
        file.unlink()
    with open_store(site.store) as store, store.transaction():
        for subscriber in store.subscribers.all():
            store.subscribers.erase(subscriber)
    config = load_config(site, environ={"NEWSLETTER_SITE_URL": SITE_URL})
    with serving_mail(Server()) as server:
        yield LiveSite(config, server)


@pytest.fixture
def ada(live: LiveSite) -> LiveSite:
    """The public pages of a site with one subscriber, Ada."""
    with live.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    return live


@pytest.fixture
def operated(live: LiveSite) -> LiveSite:
    """A site with a password, a subscriber, an unsubscribed one, and an edition; the client knows the password."""
    with live.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(hour=0), "web", NOW)
        unsubscribed = store.subscribers.add(BOB, "", make_profile(), "web", NOW - timedelta(days=5))
        store.subscribers.set_status(unsubscribed.id, Status.UNSUBSCRIBED, NOW)
    site = LiveSite(replace(live.config, web_password="sesame"), live.server)
    site.send()
    site.client.headers.update(basic("anybody", "sesame"))
    return site

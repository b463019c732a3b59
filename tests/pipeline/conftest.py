"""A site with subscribers, whose editions are sent to real servers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.site import Site
from newsletter.models import Topic
from newsletter.pipeline.deliver import DeliveryReport, deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending import Transport
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.smtpd import Server, serving


@dataclass
class SendingSite:
    """A store, its settings, and a clock that only `wait` moves."""

    store: Store
    config: Config
    now: datetime = NOW
    environment: Environment = field(default_factory=make_environment)

    def add_paper(self, title: str, number: int, **facts: object) -> None:
        """Add a paper, first seen now."""
        entry = replace(make_entry(title=title, abstract="", arxiv_id=f"2605.{number:05}"), **facts)  # type: ignore[arg-type]
        self.store.papers.add(entry, self.now)

    def add_subscriber(self, email: str, *topics: str, **preferences: object) -> None:
        """Add a subscriber who follows these topics."""
        follows: tuple[Topic, ...] = tuple(make_topic(topic, (topic,)) for topic in topics)
        profile = make_profile(topics=follows, **preferences)
        self.store.subscribers.add(email, "", profile, "cli", self.now)

    def send_to(self, server: Server, connections: int = 1, **options: object) -> DeliveryReport:
        """Send what is due to a real server."""
        transport = SmtpTransport(
            SmtpSettings(server.host, server.port, security=Security.NONE, timeout_s=5, connections=connections)
        )
        try:
            return self.send(transport, **options)
        finally:
            transport.close()

    def send(self, transport: Transport | None, **options: object) -> DeliveryReport:
        """Send what is due."""
        return deliver(
            self.store,
            transport,
            self.config,
            self.environment,
            lambda: self.now,
            **options,  # type: ignore[arg-type]
        )

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


def outcomes_of(report: DeliveryReport) -> dict[str, tuple[str, str]]:
    """Return (status, detail) by address."""
    return {outcome.email: (outcome.status, outcome.detail) for outcome in report.outcomes}


@pytest.fixture
def site(store: Store, tmp_path: Path) -> SendingSite:
    """A site with its store."""
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    return SendingSite(store, load_config(Site(tmp_path), environ={}))


@pytest.fixture
def two_subscribers(site: SendingSite) -> SendingSite:
    """A site with two subscribers, and a paper for each."""
    site.add_paper("Pears in Winter", 1)
    site.add_paper("Robots in Spring", 2)
    site.add_subscriber("ada@example.org", "pears")
    site.add_subscriber("bob@example.org", "robots")
    return site


def plan_without_sending(site: SendingSite, **options: object) -> None:
    """Queue everything, and stop the run before the first message."""
    with serving(Server(on_mail=lambda _address, _seen: "550 5.7.1 not you")) as server:
        site.send_to(server, **options)  # type: ignore[arg-type]

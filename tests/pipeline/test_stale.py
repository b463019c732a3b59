"""A delivery that waited too long is no longer news."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.pipeline.deliver import DeliveryReport, deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile
from tests.smtpd import Server, serving


def test_a_delivery_that_waited_longer_than_max_age_hours_is_skipped(store: Store, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("[delivery]\nmax_age_hours = 2\n", encoding="utf-8")
    config = load_config(Site(tmp_path), environ={})
    store.papers.add(make_entry(), NOW)
    store.subscribers.add("ada@example.org", "", make_profile(topics=()), "cli", NOW)

    def send_to(server: Server, now: datetime) -> DeliveryReport:
        transport = SmtpTransport(
            SmtpSettings(server.host, server.port, security=Security.NONE, timeout_s=5, connections=1)
        )
        try:
            return deliver(store, transport, config, make_environment(), lambda: now)
        finally:
            transport.close()

    with serving(Server(on_rcpt=lambda _address, _seen: "450 4.2.0 later")) as server:
        deferred = send_to(server, NOW)
    with serving(Server()) as server:
        late = send_to(server, NOW + timedelta(hours=3))

    assert deferred.counts["deferred"] == 1
    assert late.counts["skipped"] == 1
    assert server.recipients == []

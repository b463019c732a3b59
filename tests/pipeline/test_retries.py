"""Deferred messages are tried again at their own time, by a clock that only waiting moves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.pipeline.ports import Ports
from newsletter.pipeline.retries import next_attempt, retry_until
from newsletter.pipeline.run import deliver_due
from newsletter.rendering.environment import make_environment
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import open_store
from tests.pipeline.conftest import SendingSite
from tests.smtpd import Server, serving


def ports_of(site: SendingSite, server: Server, **others: object) -> Ports:
    settings = SmtpSettings(server.host, server.port, security=Security.NONE, timeout_s=5, connections=1)
    return Ports(
        open_store=lambda: open_store(site.config.site.store),
        open_transport=lambda: SmtpTransport(settings),
        make_environment=make_environment,
        clock=lambda: site.now,
        **others,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("refused", "minutes", "counts", "waits"),
    [
        (1, 60, {"sent": 2}, 1),
        (3, 60, {"sent": 2}, 3),
        (9, 12, {"sent": 1, "deferred": 1}, 1),  # the second attempt would come after the deadline
        (9, 0, {"sent": 1, "deferred": 1}, 0),
    ],
)
def test_each_attempt_comes_at_its_time_until_the_deadline(
    two_subscribers: SendingSite, refused: int, minutes: int, counts: dict[str, int], waits: int
) -> None:
    site, waited = two_subscribers, []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        site.wait(seconds=seconds)

    def greylist(address: str, seen: int) -> str | None:
        return "450 4.2.1 later" if "ada" in address and seen < refused else None

    with serving(Server(on_rcpt=greylist)) as server:
        ports = ports_of(site, server)
        deadline = site.now + timedelta(minutes=minutes)
        report = retry_until(site.config, ports, deliver_due(site.config, ports), deadline, wait)

    assert report.counts == counts
    assert len(waited) == waits
    assert (next_attempt(ports) is None) == ("deferred" not in counts)
    assert site.now <= deadline


def test_a_shutdown_ends_the_waiting(two_subscribers: SendingSite) -> None:
    asked: list[float] = []
    with serving(Server(on_rcpt=lambda _address, _seen: "450 4.2.1 later")) as server:
        ports = ports_of(two_subscribers, server, is_shutting_down=lambda: bool(asked))
        deadline = two_subscribers.now + timedelta(hours=9)
        report = deliver_due(two_subscribers.config, ports)

        assert retry_until(two_subscribers.config, ports, report, deadline, asked.append) is report
    assert len(asked) == 1


def test_who_was_suppressed_meanwhile_is_skipped(two_subscribers: SendingSite) -> None:
    site = two_subscribers
    with serving(Server(on_rcpt=lambda _address, seen: None if seen else "450 4.2.1 later")) as server:
        ports = ports_of(site, server)
        report = deliver_due(site.config, ports)
        with site.store.transaction():
            for email in ("ada@example.org", "bob@example.org"):
                site.store.suppressions.suppress(email, "test", site.now)
        deadline = site.now + timedelta(hours=9)

        last = retry_until(site.config, ports, report, deadline, lambda seconds: site.wait(seconds=seconds))

    assert last.counts == {"skipped": 2}

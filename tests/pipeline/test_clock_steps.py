"""The clock is stepped in the middle of a run: nobody is missed, and nobody gets an edition twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from newsletter.pipeline.deliver import deliver
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.pipeline.conftest import SendingSite
from tests.smtpd import Server, serving

SUBSCRIBERS = [f"subscriber{number:02}@example.org" for number in range(40)]
STEPS = {
    "an hour back": [timedelta(hours=-1)],
    "a day forward": [timedelta(days=1)],
    "a day forward, and back": [timedelta(days=1), timedelta(days=-1)],
    "back and forth": [timedelta(hours=-1), timedelta(hours=2), timedelta(hours=-3), timedelta(hours=2)],
    "a year back": [timedelta(days=-365), timedelta(days=365)],
    "a year forward, and back": [timedelta(days=365), timedelta(days=-365)],
}


def send_with(site: SendingSite, server: Server, steps: Iterable[timedelta]) -> None:
    """Send what is due; as messages are taken, the clock is stepped."""
    waiting = list(steps)

    def step(taken: int) -> None:
        if taken % 8 == 5 and waiting:
            site.now += waiting.pop(0)

    server.before_reply = step
    transport = SmtpTransport(
        SmtpSettings(server.host, server.port, security=Security.NONE, timeout_s=5, connections=2)
    )
    try:
        deliver(site.store, transport, site.config, site.environment, lambda: site.now)
    finally:
        transport.close()
    site.now += sum(waiting, timedelta())  # nothing leaves on another day, so that no reply was there to step it
    waiting.clear()


@pytest.mark.parametrize("step", STEPS)
def test_a_step_in_the_middle_of_a_run_misses_nobody_and_sends_nothing_twice(site: SendingSite, step: str) -> None:
    site.add_paper("Pears in Winter", 1)
    for email in SUBSCRIBERS:
        site.add_subscriber(email, "pears")
    began = site.now

    def greylist(address: str, seen: int) -> str | None:
        return "450 4.2.0 try again later" if seen == 0 and address.partition("@")[0][-1] in "37" else None

    with serving(Server(on_rcpt=greylist)) as server:
        send_with(site, server, STEPS[step])
        site.now = max(site.now, began)  # as NTP ends it
        for _ in range(6):
            site.wait(minutes=40)
            site.send_to(server)

    assert sorted(server.recipients) == SUBSCRIBERS

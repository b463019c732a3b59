"""Whatever hangs, a shutdown ends within 5 seconds, and the store says what became of what was in flight."""

from __future__ import annotations

import signal
import socket
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from newsletter.files.site import Site
from newsletter.models import DeliveryStatus, Entry
from newsletter.store import Store, open_store
from tests.factories import make_profile
from tests.program import Program
from tests.silent_server import Hang, Silent, silent_server

#: Five seconds are promised. A busy machine may take longer, but not as long as what hangs.
_LIMIT_S = 25
_SITE = """
[site]
url = "http://papers.example.org"
[sender]
address = "a@example.org"
[schedule]
cron = "0 0 1 1 *"
"""
_SMTP = '[smtp]\nhost = "{host}"\nport = {port}\nsecurity = "{security}"\n'
_IMAP = '[bounces]\nimap_host = "127.0.0.1"\nimap_port = {port}\nimap_username = "a"\nimap_password = "b"\n'
_FEED = '[[sources]]\nkind = "feed"\nfollow = ["http://127.0.0.1:{port}/feed"]\n'
_MODEL = '[summaries]\nbase_url = "http://127.0.0.1:{port}/v1"\nmodel = "m"\n'


@dataclass(frozen=True)
class Row:
    """A command, its settings, where it hangs, and the status in which deliveries are left."""

    command: str
    settings: str
    hang: Hang
    status: DeliveryStatus | None
    security: str = "none"
    host: str = "127.0.0.1"


ROWS = {
    "SMTP greeting": Row("send", _SMTP, Hang.SILENT, None),
    "SMTP greeting, a byte at a time": Row("send", _SMTP, Hang.DRIP, None),
    "TLS handshake": Row("send", _SMTP, Hang.SILENT, None, "tls"),
    "DNS": Row("send", _SMTP, Hang.SILENT, None, host="smtp.example.org"),
    "SMTP envelope": Row("send", _SMTP, Hang.SMTP_MAIL, DeliveryStatus.QUEUED),
    "SMTP end of data": Row("send", _SMTP, Hang.SMTP_END_OF_DATA, DeliveryStatus.DEFERRED),
    "IMAP": Row("run", _IMAP, Hang.SILENT, None),
    "HTTP headers": Row("pull", _FEED, Hang.SILENT, None),
    "HTTP body": Row("run", _FEED, Hang.HTTP_BODY, None),
    "model": Row("summarize", _MODEL, Hang.DRIP, None),
}


def make_site(root: Path, settings: str) -> Site:
    site = Site(root)
    site.config.write_text(_SITE + settings, encoding="utf-8")
    now = datetime.now(UTC)
    with open_store(site.store) as store, store.transaction():
        profile = make_profile(hour=0, cadence="daily")
        store.subscribers.add("ada@reader.example", "", profile, "web", now - timedelta(days=2))
        entry = Entry(
            title="In-context learning", abstract="About it.", arxiv_id="2605.00001", source="t", listed=now.date()
        )
        store.papers.add_all([entry], now - timedelta(hours=1))
    return site


def without_dns() -> None:
    """Let resolving a name take for ever; the first line says that it has begun."""

    def getaddrinfo(*_arguments: object, **_options: object) -> None:
        sys.stdout.write("reached\n")
        time.sleep(600)

    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]


def shut_down(process: Program) -> tuple[float, str]:
    """Send SIGTERM; return the seconds until the process has ended, and what it printed."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    printed, problems = process.communicate()
    return time.monotonic() - began, printed + problems


@pytest.mark.parametrize("name", ROWS)
def test_a_shutdown_ends_whatever_hangs(tmp_path: Path, name: str) -> None:
    row = ROWS[name]
    with silent_server(row.hang) as silent:
        settings = row.settings.format(port=silent.port, security=row.security, host=row.host)
        site = make_site(tmp_path, settings)
        with Program("--site", str(tmp_path), row.command, before=without_dns if name == "DNS" else None) as process:
            wait_until_it_hangs(process, silent, is_dns=name == "DNS")
            seconds, printed = shut_down(process)
    assert seconds < _LIMIT_S, printed
    assert process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM), printed
    assert "Traceback" not in printed
    with open_store(site.store) as store:
        assert statuses(store) == ([row.status] if row.status else []), printed


def wait_until_it_hangs(process: Program, silent: Silent, *, is_dns: bool) -> None:
    if is_dns:
        assert "reached" in process.stdout.readline()
    elif not silent.reached.wait(60):
        process.kill()
        pytest.fail("".join(process.communicate()))


def statuses(store: Store) -> list[DeliveryStatus]:
    return [one.status for one in store.deliveries.with_status(list(DeliveryStatus), None, 10)]


def test_the_pages_shut_down_while_the_mail_server_hangs_and_the_email_waits(tmp_path: Path) -> None:
    with silent_server(Hang.SILENT) as silent:
        site = make_site(tmp_path, _SMTP.format(port=silent.port, security="none", host="127.0.0.1"))
        with Program("--site", str(tmp_path), "serve", "--web", "0") as process:
            address = next(line.split()[-1] for line in process.stdout if line.startswith("pages at"))
            form = {"email": "bob@reader.example"}
            assert httpx.post(f"{address}subscribe", data=form, timeout=60).status_code == 303
            assert silent.reached.wait(60)
            with httpx.stream("GET", f"{address}topics", timeout=60) as response:
                assert response.status_code == 200
            seconds, printed = shut_down(process)
    assert seconds < _LIMIT_S, printed
    with open_store(site.store) as store:
        assert [request.email for request in store.confirmations.waiting(5)] == ["bob@reader.example"]

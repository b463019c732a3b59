"""Two web processes of a site on PostgreSQL: two applications that share nothing but the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.site import Site
from newsletter.limits.token_bucket import Count
from newsletter.models.database_url import DatabaseUrl
from newsletter.sending.maildir import MaildirTransport
from newsletter.store import Store, open_store
from newsletter.web.app import make_app
from newsletter.web.http.rate_limit import rate_limiter
from newsletter.web.shared_limits import SharedLimits
from newsletter.web.store_pool import Location
from tests.factories import NOW
from tests.postgresql import emptied_store
from tests.web.live_site import SITE_URL

OWN = {"Origin": SITE_URL}


@pytest.fixture(autouse=True)
def one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server's clock be this machine's: to ask for it takes long where much else is done."""
    monkeypatch.setattr(Store, "clock_ahead", lambda _store: timedelta())


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "newsletter.toml").write_text(f'[database]\nurl = "{emptied_store().text}"\n', encoding="utf-8")
    loaded = load_config(Site(tmp_path), environ={"NEWSLETTER_SITE_URL": SITE_URL})
    return replace(loaded, web_password="sesame", web_signups_per_hour=1000)


@contextmanager
def browsers(config: Config, *, client: str = "203.0.113.7", now: datetime = NOW) -> Iterator[list[TestClient]]:
    """A browser before each of two processes."""
    apps = [make_app(config, lambda: now, transport=lambda: MaildirTransport(config.outbox)) for _ in range(2)]
    try:
        yield [TestClient(app, base_url=SITE_URL, follow_redirects=False, client=(client, 1)) for app in apps]
    finally:
        for app in apps:
            app.state.close()


def sign_up(browser: TestClient, number: int) -> int:
    email = {"email": f"subscriber{number}@example.org"}
    return browser.post("/api/subscribe", json=email, headers=OWN).status_code


def log_in(browser: TestClient, password: str) -> Any:
    return browser.post("/operator/login", data={"password": password}, headers=OWN)


def test_sign_ups_of_a_network_are_counted_by_both(config: Config) -> None:
    with browsers(config) as two:
        assert [sign_up(two[number % 2], number) for number in range(20)] == [202] * 20
        assert [sign_up(one, 20) for one in two] == [429, 429]
    with browsers(config) as restarted:
        assert sign_up(restarted[0], 20) == 429
    with browsers(config, client="198.51.100.7") as others:
        assert sign_up(others[0], 21) == 202


def test_so_are_those_of_the_site(config: Config) -> None:
    with browsers(replace(config, web_signups_per_hour=3)) as two:
        assert [sign_up(two[number % 2], number) for number in range(4)] == [202, 202, 202, 429]


def test_so_are_failed_logins_and_a_network_that_logged_in_is_known_to_both(config: Config) -> None:
    with browsers(config) as two:
        assert [log_in(two[number % 2], "open").status_code for number in range(7)] == [403] * 5 + [429] * 2
        refused = log_in(two[0], "sesame")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    with browsers(config, now=NOW + timedelta(seconds=3)) as later:
        assert log_in(later[1], "sesame").status_code == 303
        assert [log_in(later[number % 2], "open").status_code for number in range(6)] == [403] * 5 + [429]


def test_so_are_previews_searches_and_forms(config: Config) -> None:
    with browsers(config) as two:
        drafts = [two[number % 2].get("/subscribe/preview").status_code for number in range(42)]
        assert (set(drafts[:40]), drafts[40:]) == ({200}, [429, 429])
        searches = [two[number % 2].get(f"/search?q=clouds{number}").status_code for number in range(32)]
        assert (set(searches[:30]), searches[30:]) == ({200}, [429, 429])
        forms = [two[number % 2].post("/preferences", headers=OWN).status_code for number in range(32)]
        assert (429 in forms[:30], forms[30:]) == (False, [429, 429])


def test_a_session_is_known_to_both_and_ended_for_both(config: Config) -> None:
    with browsers(config) as two:
        session = {"Cookie": f"operator={log_in(two[0], 'sesame').cookies['operator']}"}
        pages = [one.get("/operator", headers=session) for one in two]
        assert [page.status_code for page in pages] == [200, 200]
        (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', pages[0].text))
        form = {"csrf_token": token}
        assert two[1].post("/operator/logout", data=form, headers=OWN | session).status_code == 303
        assert [one.get("/operator", headers=session).status_code for one in two] == [303, 303]


# -- what is counted ----------------------------------------------------------------------------------


def limits_of(url: DatabaseUrl, now: datetime = NOW) -> SharedLimits:
    def opened(where: Location) -> Store:
        return open_store(where)

    return SharedLimits(url, opened, lambda: now)


def test_requests_at_once_are_counted_one_by_one() -> None:
    url = emptied_store()
    shared = [limits_of(url) for _ in range(2)]
    limiters = [rate_limiter("forms", 9, 1, one.counts) for one in shared]
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda number: limiters[number % 2].take("203.0.113.7"), range(30)))
    assert waits.count(0.0) == 9
    for one in shared:
        one.close()


def test_addresses_are_not_stored_and_clients_are_forgotten() -> None:
    url = emptied_store()
    for limits in (limits_of(url), limits_of(url, NOW + timedelta(hours=1))):
        limits.counts("forms", 60).change("203.0.113.7", lambda known, now: (Count(1, now), float(known is not None)))
        limits.close()
        with psycopg.connect(url.text) as connection:
            rows = connection.execute("SELECT * FROM request_limits").fetchall()
        assert len(rows) == 1
        assert "203.0.113.7" not in str(rows)


def test_a_process_that_cannot_ask_counts_by_itself() -> None:
    limits = limits_of(DatabaseUrl("postgresql:///nowhere?host=/nowhere"))
    counts = limits.counts("forms", 60)
    limiter = rate_limiter("forms", 2, 1, lambda _name, _keep_s: counts)
    assert [limiter.take("203.0.113.7") > 0 for _ in range(3)] == [False, False, True]

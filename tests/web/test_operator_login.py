"""Who may see the operator's page: the login, its limits, and its session."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from newsletter.config.passwords import hash_password
from newsletter.web.app import make_app
from newsletter.web.http.login_limit import own_login_limit
from tests.factories import NOW
from tests.sending.bounces.webhook_calls import basic
from tests.web.live_site import SITE_URL, LiveSite

OWN = {"Origin": SITE_URL}


@pytest.fixture
def operated(live: LiveSite) -> LiveSite:
    """A site whose password is `sesame`, given as a hash."""
    return LiveSite(replace(live.config, web_password=hash_password("sesame")), live.server)


def log_in(client: TestClient, password: str = "sesame") -> Any:  # noqa: S107 - only for these tests
    return client.post("/operator/login", data={"password": password}, headers=OWN)


def client_from(site: LiveSite, address: str) -> TestClient:
    return TestClient(site.client.app, base_url=SITE_URL, follow_redirects=False, client=(address, 1))


def test_only_the_password_opens_it(operated: LiveSite) -> None:
    refused = operated.client.get("/operator")
    assert (refused.status_code, refused.headers["location"]) == (303, "/operator/login")
    assert "<form" in operated.client.get("/operator/login").text
    for wrong in ("", "Sesame", "sesame ", "x" * 5000):
        assert log_in(operated.client, wrong).status_code == 403
        assert operated.client.get("/operator").status_code == 303
    assert log_in(operated.client).headers["location"] == "/operator"
    assert operated.client.get("/operator").status_code == 200


@pytest.mark.parametrize("configured", ["sesame", hash_password("sesame")], ids=["plain", "hashed"])
def test_scripts_send_the_password_with_each_request(live: LiveSite, configured: str) -> None:
    site = LiveSite(replace(live.config, web_password=configured), live.server)
    assert site.client.get("/operator", headers=basic("anybody", "sesame")).status_code == 200
    refused = site.client.get("/operator", headers=basic("x", "open"))
    assert (refused.status_code, "Basic" in refused.headers["www-authenticate"]) == (401, True)
    assert site.client.get("/operator", headers={"Authorization": "Basic !"}).status_code == 401


def test_after_500_wrong_passwords_the_right_one_has_to_wait_from_the_same_address_only(operated: LiveSite) -> None:
    now = [1000.0]
    limit = own_login_limit(lambda: now[0])
    site = operated
    app = make_app(site.config, lambda: site.now, login_limit=limit)
    site.client = TestClient(app, base_url=SITE_URL, follow_redirects=False)
    codes = Counter(site.client.get("/operator", headers=basic("x", f"wrong{at}")).status_code for at in range(500))
    assert codes == {401: 5, 429: 495}
    refused = log_in(site.client)
    assert refused.status_code == 429
    assert log_in(client_from(site, "198.51.100.7")).status_code == 303
    now[0] += int(refused.headers["retry-after"]) - 0.5
    assert log_in(site.client).status_code in (303, 429)
    now[0] += 1
    assert log_in(site.client).status_code == 303


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(operated: LiveSite) -> None:
    (cookie,) = log_in(operated.client).headers.get_list("set-cookie")
    for attribute in ("HttpOnly", "SameSite=strict", "Secure", "Path=/operator", "Max-Age=28800"):
        assert attribute in cookie
    assert log_in(operated.client, "sesame").status_code == 303
    foreign = {"Origin": "https://evil.example"}
    assert operated.client.post("/operator/login", data={"password": "sesame"}, headers=foreign).status_code == 403


def test_a_session_ends_by_itself_by_logging_out_and_with_the_password(operated: LiveSite) -> None:
    log_in(operated.client)
    operated.now += timedelta(hours=7, minutes=59)
    assert operated.client.get("/operator").status_code == 200
    changed = LiveSite(replace(operated.config, web_password="other"), operated.server, operated.now)
    changed.client.cookies = operated.client.cookies
    assert changed.client.get("/operator").status_code == 303
    operated.now += timedelta(minutes=2)
    assert operated.client.get("/operator").status_code == 303

    log_in(operated.client)
    (copy,) = [cookie.value for cookie in operated.client.cookies.jar]
    (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', operated.client.get("/operator").text))
    assert operated.client.post("/operator/logout", data={"csrf_token": "x"}, headers=OWN).status_code == 403
    assert operated.client.post("/operator/logout", data={"csrf_token": token}, headers=OWN).status_code == 303
    assert not list(operated.client.cookies.jar)
    assert operated.client.get("/operator", headers={"Cookie": f"operator={copy}"}).status_code == 303


@pytest.mark.parametrize("forged", ["", "1.2.3", "1." + str(int(NOW.timestamp()) // 60 + 10**6) + "." + "A" * 20, "é"])
def test_no_forged_session_is_valid(operated: LiveSite, forged: str) -> None:
    headers = {b"Cookie": f"operator={forged}".encode("latin-1")}
    assert operated.client.get("/operator", headers=headers).status_code == 303

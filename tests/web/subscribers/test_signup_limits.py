"""How many sign-ups are accepted, per network, mailbox and site."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from starlette.testclient import TestClient

from tests.web.live_site import SIGNUP_FORM, SITE_URL, LiveSite


def sign_up(site: LiveSite, email: str, host: str, **fields: object) -> int:
    client = TestClient(site.client.app, base_url=SITE_URL, follow_redirects=False, client=(host, 1))
    return client.post("/subscribe", data=SIGNUP_FORM | {"email": email} | fields).status_code


def waiting(site: LiveSite) -> int:
    assert site.outgoing.wait_until_idle(60)
    return len(site.server.accepted)


def test_tags_and_dots_of_a_mailbox_count_as_one_and_nobody_can_tell(live: LiveSite) -> None:
    addresses = ["a.da@gmail.com", "ada+1@googlemail.com", "AdA@gmail.com", "ad.a+x@gmail.com", "ada@gmail.com"]
    for number, address in enumerate(addresses):
        assert sign_up(live, address, f"198.51.{number}.1") == 303
        assert sign_up(live, address, f"198.51.{number}.1", topic=["no such"]) in (303, 422)
    assert waiting(live) == 3
    live.now += timedelta(hours=9)
    sign_up(live, addresses[0], "198.51.200.1")
    assert waiting(live) == 4


def test_a_network_is_a_24_or_a_48(live: LiveSite) -> None:
    for base in ("198.51.100.{}", "2001:db8:1:{}::1"):
        codes = [sign_up(live, f"r{at}-{base[0]}@reader.example", base.format(at)) for at in range(22)]
        assert codes == [303] * 20 + [429] * 2
    assert sign_up(live, "x@reader.example", "198.51.101.1") == 303
    live.now += timedelta(minutes=4)
    assert sign_up(live, "y@reader.example", "198.51.100.99") == 303


def test_a_site_accepts_so_many_an_hour(live: LiveSite) -> None:
    site = LiveSite(replace(live.config, web_signups_per_hour=4), live.server)
    codes = [sign_up(site, f"r{at}@reader.example", f"10.0.{at}.1") for at in range(6)]
    assert codes == [303] * 4 + [429] * 2
    assert site.client.post("/api/subscribe", json={"email": "z@reader.example"}).status_code == 429
    site.now += timedelta(minutes=16)
    assert sign_up(site, "late@reader.example", "10.0.99.1") == 303


def test_the_honeypot_needs_no_script_and_stores_nothing(live: LiveSite) -> None:
    assert 'name="website"' in live.client.get("/subscribe").text
    assert sign_up(live, "bot@reader.example", "10.0.0.1", website="https://spam.example") == 303
    assert waiting(live) == 0

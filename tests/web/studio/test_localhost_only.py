"""The studio is for this machine only: hosts, cross-site requests, methods, and Content-Security-Policy."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.web.studio.client import ADA, PATHS


@pytest.mark.parametrize("host", ["localhost", "localhost:8400", "127.0.0.1:1", "[::1]:8400", "LOCALHOST"])
def test_names_of_this_machine_are_allowed(studio: TestClient, host: str) -> None:
    assert studio.get("/version", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8400", "[::1].evil.example", "192.0.2.1", ""],
)
def test_other_hosts_are_refused(studio: TestClient, host: str) -> None:
    responses = [studio.get(path, headers={"host": host}) for path in PATHS]

    assert {response.status_code for response in responses} == {421}
    assert not any("ada" in response.text for response in responses)


def test_cross_site_requests_are_refused_but_links_can_be_followed(studio: TestClient) -> None:
    for origin in ("cross-site", "same-site"):
        headers = {"sec-fetch-site": origin, "sec-fetch-mode": "no-cors"}
        assert studio.get("/digest.json", headers=headers).status_code == 403
        assert studio.get("/", headers=headers | {"sec-fetch-mode": "navigate"}).status_code == 200
    assert studio.get("/digest.json", headers={"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_the_studio_is_read_only(studio: TestClient, method: str) -> None:
    assert {studio.request(method, path).status_code for path in PATHS} == {405}


def test_every_response_has_security_headers(studio: TestClient) -> None:
    for path in (*PATHS, "/nothing", "/inbox/nothing.html"):
        headers = studio.get(path).headers
        policy = headers["content-security-policy"]

        assert policy.startswith(("default-src 'self'", "default-src 'none'"))
        assert "unsafe-eval" not in policy
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_a_message_may_load_nothing_but_images(studio: TestClient) -> None:
    policies = [
        studio.get("/digest.html", params=ADA | images).headers["content-security-policy"]
        for images in ({}, {"images": "off"})
    ]

    assert all(
        policy.startswith("default-src 'none'; style-src 'unsafe-inline'; ") and "sandbox" in policy
        for policy in policies
    )
    assert "img-src https: data:;" in policies[0]
    assert "img-src 'none';" in policies[1]

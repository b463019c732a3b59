"""Health checks, of a site whose pages run in process."""

from __future__ import annotations

from starlette.testclient import TestClient

from newsletter.web.app import make_app
from tests.factories import NOW
from tests.web.live_site import LiveSite


def test_a_site_that_is_well_is_alive_and_ready(live: LiveSite) -> None:
    assert live.client.get("/healthz").text == "ok\n"
    response = live.client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "checks": {"store": "ok"}})
    assert response.headers["Cache-Control"] == "no-store"
    assert live.client.head("/readyz").status_code == 200
    assert live.client.post("/readyz").status_code in (403, 405)


def test_health_checks_may_name_any_host_and_no_page_may(live: LiveSite) -> None:
    for path, status in (("/healthz", 200), ("/readyz", 200), ("/", 421)):
        assert live.client.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == status


def test_a_site_without_a_store_is_alive_but_not_ready(live: LiveSite) -> None:
    live.config.site.store.write_bytes(b"no database at all" * 100)
    assert live.client.get("/healthz").status_code == 200
    response = live.client.get("/readyz")
    assert (response.status_code, response.json()["checks"]) == (503, {"store": "failed"})
    assert str(live.config.site.root) not in response.text


def test_a_stalled_scheduler_is_not_ready(live: LiveSite) -> None:
    stalled = False
    client = TestClient(make_app(live.config, lambda: NOW, is_stalled=lambda: stalled))
    assert client.get("/readyz").json()["checks"] == {"store": "ok", "scheduler": "ok"}
    stalled = True
    response = client.get("/readyz")
    assert (response.status_code, response.json()["checks"]["scheduler"]) == (503, "stalled")
    assert client.get("/healthz").status_code == 200

"""The studio of a site, in process and on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Thread

import pytest
from starlette.testclient import TestClient

from newsletter.files.site import Site
from newsletter.web.http.server import listen
from newsletter.web.studio.app import make_studio, make_studio_server
from tests.factories import NOW
from tests.web.studio.client import TOKEN


def _two_days_later() -> datetime:
    return NOW + timedelta(days=2)


@pytest.fixture
def studio(site: Site) -> Iterator[TestClient]:
    """A client of the studio on the same machine, two days after the last pull."""
    with TestClient(
        make_studio(site, _two_days_later, token=TOKEN), base_url="http://localhost:8400", raise_server_exceptions=False
    ) as client:
        assert client.get("/version", params={"token": TOKEN}).status_code == 200
        yield client


@pytest.fixture
def studio_url(site: Site) -> Iterator[str]:
    """The URL of the studio, served by uvicorn."""
    with listen("127.0.0.1", 0) as listening:
        server = make_studio_server(site, _two_days_later, token=TOKEN)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()

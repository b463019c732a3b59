"""What tests of the studio request of it."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

#: The token of the studio.
TOKEN = "a-token-of-tests"  # noqa: S105 - of these tests only
#: The query that selects the demonstration's first subscriber.
ADA = {"subscriber": "ada@example.org"}
MESSAGE_PATHS = ("/digest.json", "/digest.html", "/digest.txt", "/digest.eml")
PATHS = ("/", *MESSAGE_PATHS, "/inbox", "/topic.json?q=a", "/version", "/studio.js")
HOSTILE = '<script>alert("x")</script> </pre> "quoted" & <img src=x onerror=alert(1)>'


def get_preview(studio: TestClient, **selection: Any) -> Any:
    """Return the JSON of a selection's preview."""
    return studio.get("/digest.json", params=selection).json()

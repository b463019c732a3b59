"""The JSON endpoints keep to their OpenAPI description."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from newsletter.web.http.rate_limit import RateLimiter
from newsletter.web.subscribers.outgoing import Outgoing
from tests.web.live_site import LiveSite

HOST = {"Host": "localhost"}


def test_the_endpoints_keep_to_their_description(live: LiveSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RateLimiter, "take", lambda _limiter, _host: 0.0)  # hundreds of requests follow
    monkeypatch.setattr(Outgoing, "wake", lambda _outgoing: None)
    described = schemathesis.openapi.from_asgi("/api/openapi.json", live.client.app, headers=HOST)
    operations: list[Any] = [found.ok() for found in described.get_all_operations()]  # type: ignore[union-attr]
    assert len(operations) == 2
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(suppress_health_check=list(HealthCheck))
        def keeps_to_description(case: Any) -> None:
            # Addresses and queries have grammars that a schema cannot express.
            case.call_and_validate(headers=HOST, excluded_checks=[positive_data_acceptance])

        keeps_to_description()

"""A site with an edition in its archive."""

from __future__ import annotations

import pytest

from tests.factories import NOW, make_profile
from tests.web.live_site import ADA, LiveSite


@pytest.fixture
def with_edition(live: LiveSite) -> LiveSite:
    """The public pages of a site that sent an edition to Ada."""
    with live.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(hour=0), "web", NOW)
    live.send()
    return live

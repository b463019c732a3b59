from __future__ import annotations

from newsletter.operations.asked_trigger import AskedTrigger
from tests.factories import NOW


def test_it_never_fires_by_itself_and_is_never_over() -> None:
    assert AskedTrigger().get_next_fire_time(NOW, NOW).year == 9999

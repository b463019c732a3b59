from __future__ import annotations

import gc

from newsletter.pipeline.garbage_collection import without_older_objects


def is_looked_at(thing: object) -> bool:
    return any(one is thing for one in gc.get_objects())


def test_what_exists_is_spared_for_a_while() -> None:
    older: list[object] = [[]]
    assert is_looked_at(older)
    with without_older_objects():
        newer: list[object] = [[]]
        assert not is_looked_at(older)
        assert is_looked_at(newer)
    assert is_looked_at(older)

from __future__ import annotations

import pytest
from lxml import html

from newsletter.rendering.client_support import ENHANCEMENTS, load_support, missing_support
from newsletter.rendering.features import Use


def test_the_clients_that_most_people_use_are_known() -> None:
    support = load_support()

    families = ("Gmail", "Outlook", "Apple Mail", "Samsung Email", "Yahoo Mail")
    assert [name for name in families if not any(client.startswith(name) for client in support.clients)] == []
    assert {len(marks) for marks in support.features.values()} == {len(support.clients)}
    assert set("".join(support.features.values())) <= set("yanu")
    assert ENHANCEMENTS.keys() <= support.features.keys()


@pytest.mark.parametrize(
    ("use", "client", "is_missing"),
    [
        (Use("css-opacity", ""), "Outlook for Windows", True),
        (Use("css-opacity", "", ("css-at-media",)), "Outlook for Windows", False),  # it does not get there
        (Use("css-color", ""), "Gmail", False),
        (Use("css-that-nobody-knows", ""), "Gmail", False),
    ],
)
def test_who_does_not_support_a_feature_is_named(use: Use, client: str, is_missing: bool) -> None:
    assert (client in load_support().unsupported(use)) is is_missing


def test_features_without_a_fallback_are_reported_once() -> None:
    page = '<div style="position: fixed; border-radius: 4px"></div><div style="position: fixed"></div>'

    assert [use.example for use, _ in missing_support(html.document_fromstring(page))] == ["position: fixed"]

"""How moments are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.rendering.language import language
from newsletter.web.operator_moments import Moments

AT = datetime(2026, 5, 8, 22, 30, tzinfo=UTC)


def in_berlin(code: str = "en") -> Moments:
    return Moments(language(code).locale, ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("code", "text"), [("en", "9 May 2026, 00:30"), ("de", "09.05.2026, 00:30"), ("zh", "2026年5月9日 00:30")]
)
def test_a_moment_is_written_in_the_language_and_by_the_clock_of_the_site(code: str, text: str) -> None:
    assert in_berlin(code).text(AT) == text
    assert in_berlin(code).element(AT) == f'<time datetime="2026-05-09T00:30+0200">{text}</time>'


def test_a_local_moment_keeps_its_clock() -> None:
    assert in_berlin().local_text(AT) == "8 May 2026, 22:30"


def test_a_span_names_its_day_once() -> None:
    moments = in_berlin()
    assert str(moments.span(AT, AT + timedelta(minutes=9))).endswith("9 May 2026, 00:30</time> – 00:39")
    assert moments.span(AT, AT + timedelta(seconds=9)) == moments.element(AT)
    assert "<br>" in moments.span(AT, AT + timedelta(days=2))


def test_decimals_are_those_of_the_language() -> None:
    assert (in_berlin().decimal(29.5), in_berlin("de").decimal(29.5)) == ("29.5", "29,5")

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from newsletter.sources.formats.records import entry_from
from tests.factories import TODAY


@pytest.mark.parametrize(
    ("record", "day"),
    [
        ({"date": "2026-05-06"}, date(2026, 5, 6)),
        ({"published": "2026-05-06T23:59:59Z", "date": "2026"}, date(2026, 5, 6)),
        ({"published": "2025", "date": "2025-03-04"}, date(2025, 3, 4)),
        ({"publication_date": "2026/05/06"}, date(2026, 5, 6)),
        ({"DA": "2026/05/06/", "PY": "2026"}, date(2026, 5, 6)),
        ({"PY": "2025/03//spring"}, date(2025, 3, 31)),
        ({"Y1": "2026/05/06/"}, date(2026, 5, 6)),
        ({"year": "2025", "month": "mar", "day": "4"}, date(2025, 3, 4)),
        ({"year": 2025, "month": 3, "day": 4}, date(2025, 3, 4)),
        ({"year": 2025, "month": "March"}, date(2025, 3, 31)),
        ({"year": "2025", "month": "8 May"}, date(2025, 5, 8)),
        ({"year": "2025", "month": "May-June"}, date(2025, 12, 31)),
        ({"year": "2025", "month": 13, "day": 1}, date(2025, 12, 31)),
        ({"year": "2025", "day": 4}, date(2025, 12, 31)),
        ({"year": "2026"}, TODAY),  # the last day that it may be by now
        ({"year": "2026", "month": "may"}, TODAY),
        ({"Publication Year": "2025", "Date": "2025-03"}, date(2025, 3, 31)),
        ({"date": "4 March 2025"}, date(2025, 3, 4)),
        ({"date": "March 4, 2025"}, date(2025, 3, 4)),
        ({"date": "Mar 2025"}, date(2025, 3, 31)),
        ({"date": "Tue, 04 Mar 2025 23:30:00 -0500"}, date(2025, 3, 4)),
        ({"date": "03/04/2025"}, date(2025, 12, 31)),  # the day or the month first: who knows
        ({"date": 2025}, date(2025, 12, 31)),
        ({"issued": {"date-parts": [[2025, 3]]}}, date(2025, 3, 31)),
        ({"issued": {"date-parts": [[None]]}}, None),
        ({"issued": {"date-parts": []}}, None),
        ({"issued": {"raw": "March 2025"}}, date(2025, 3, 31)),
        ({"issued": {"date-parts": [["2025", "3", "4"]]}}, date(2025, 3, 4)),
        ({"date": "2025-02-30"}, None),
        ({"date": "soon"}, None),
        ({"date": ["2025"]}, None),
        ({"date": True}, None),
        ({"date": 17468352000}, None),
        ({"year": "19999"}, None),
        ({"year": "9" * 5000, "month": "9" * 5000, "day": "9" * 5000}, None),
    ],
)
def test_the_most_precise_date_of_a_record_wins(record: dict[str, Any], day: date | None) -> None:
    assert entry_from({"title": "Clouds", **record}, TODAY).published == day

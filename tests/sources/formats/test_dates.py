from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from newsletter.models import PartialDate, StatedDate
from newsletter.sources.formats.records import entry_from


@pytest.mark.parametrize(
    ("record", "day"),
    [
        ({"date": "2026-05-06"}, date(2026, 5, 6)),
        ({"published": "2026-05-06T23:59:59Z", "date": "2026"}, date(2026, 5, 6)),
        ({"published": "2025", "date": "2025-03-04"}, date(2025, 3, 4)),
        ({"publication_date": "2026/05/06"}, date(2026, 5, 6)),
        ({"DA": "2026/05/06/", "PY": "2026"}, date(2026, 5, 6)),
        ({"PY": "2025/03//spring"}, PartialDate(2025, 3)),
        ({"Y1": "2026/05/06/"}, date(2026, 5, 6)),
        ({"year": "2025", "month": "mar", "day": "4"}, date(2025, 3, 4)),
        ({"year": 2025, "month": 3, "day": 4}, date(2025, 3, 4)),
        ({"year": 2025, "month": "March"}, PartialDate(2025, 3)),
        ({"year": "2025", "month": "8 May"}, date(2025, 5, 8)),
        ({"year": "2025", "month": "May-June"}, PartialDate(2025)),
        ({"year": "2025", "month": 13, "day": 1}, PartialDate(2025)),
        ({"year": "2025", "day": 4}, PartialDate(2025)),
        ({"year": "2026"}, PartialDate(2026)),
        ({"year": "2026", "month": "may"}, PartialDate(2026, 5)),
        ({"date": "2026 May 8"}, date(2026, 5, 8)),  # PubMed
        ({"date": "2026 May"}, PartialDate(2026, 5)),
        ({"date": "2026 May-Jun"}, PartialDate(2026)),
        ({"date": "2012-22"}, PartialDate(2012)),  # biblatex's summer
        ({"date": "2020-05/2021-06"}, PartialDate(2020, 5)),
        ({"date": "2020/2021"}, PartialDate(2020)),
        ({"date": "2004-06-XX"}, PartialDate(2004)),
        ({"Publication Year": "2025", "Date": "2025-03"}, PartialDate(2025, 3)),
        ({"date": "4 March 2025"}, date(2025, 3, 4)),
        ({"date": "March 4, 2025"}, date(2025, 3, 4)),
        ({"date": "Mar 2025"}, PartialDate(2025, 3)),
        ({"date": "Tue, 04 Mar 2025 23:30:00 -0500"}, date(2025, 3, 4)),
        ({"date": "03/04/2025"}, PartialDate(2025)),  # the day or the month first: who knows
        ({"date": 2025}, PartialDate(2025)),
        ({"issued": {"date-parts": [[2025, 3]]}}, PartialDate(2025, 3)),
        ({"issued": {"date-parts": [[None]]}}, None),
        ({"issued": {"date-parts": []}}, None),
        ({"issued": {"raw": "March 2025"}}, PartialDate(2025, 3)),
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
def test_the_most_precise_date_of_a_record_wins(record: dict[str, Any], day: StatedDate | None) -> None:
    assert entry_from({"title": "Clouds", **record}).published == day

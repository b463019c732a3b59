from __future__ import annotations

import io

from newsletter.sources.formats.endnote import read_endnote_xml, read_refer
from newsletter.sources.formats.tables import Broken, Raw


def stream(text: str) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(text.encode()))


def test_a_date_without_its_year_is_a_month_and_day() -> None:
    (one,) = read_refer(stream("%0 Journal Article\n%T Clouds\n%A Doe, Ann\n%D 2026\n%8 May 8\n"))
    assert isinstance(one, Raw)
    assert (one.record["year"], one.record["month"]) == ("2026", "May 8")


def test_broken_xml_is_refused_from_there_on() -> None:
    record = "<record><titles><title><style>Clouds</style></title></titles></record>"
    first, second = read_endnote_xml(stream(f"<xml><records>{record}<record><titles></records></xml>"))
    assert isinstance(first, Raw)
    assert first.record["title"] == "Clouds"
    assert isinstance(second, Broken)


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa">]><xml><records><record><titles><title>&a;</title></titles></record>'
    assert "aaaaaaaaaa" not in str(list(read_endnote_xml(stream(f"{bomb}</records></xml>"))))

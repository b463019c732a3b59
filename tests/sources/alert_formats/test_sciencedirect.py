from __future__ import annotations

from datetime import date

from newsletter.models import Entry, PartialDate
from newsletter.sources.alert_formats.message import AlertMail
from newsletter.sources.alert_formats.sciencedirect import entries
from tests.sources.alert_formats import mails


def parse(html: str) -> list[object]:
    return list(entries(AlertMail("", "", "", html)))


def test_the_papers_of_an_alert_are_read_once_each() -> None:
    assert parse(mails.ELSEVIER_HTML) == [
        Entry(
            source="alerts", title="Counting Clouds in CO2", authors=("Ada Example", "Ben Sample", "Dee Doe"),
            published=PartialDate(2026, 5), venue="Journal of Clouds",
            url="https://www.sciencedirect.com/science/article/pii/S0123456789012345",
        ),
        Entry(
            source="alerts", title="Kettles That Know When to Whistle", authors=("Cy Specimen",),
            published=date(2026, 5, 7), venue="Journal of Kettles",
            url="https://www.sciencedirect.com/science/article/pii/S0999999999000001",
        ),
    ]  # fmt: skip


def test_without_a_reference_a_paper_has_its_title_and_link() -> None:
    link = "https://www.sciencedirect.com/science/article/pii/S0123456789012345"
    html = f'<h2><a href="{link}">On Clouds</a></h2><p>News</p>'
    (entry,) = parse(html)
    assert isinstance(entry, Entry)
    assert (entry.title, entry.authors, entry.venue, entry.published) == ("On Clouds", (), None, None)


def test_other_links_are_no_papers() -> None:
    assert parse('<a href="https://www.sciencedirect.com/journal/clouds">Journal of Clouds</a>') == []

from __future__ import annotations

from datetime import date

from newsletter.models import Entry, PartialDate
from newsletter.sources.alert_formats.message import AlertMail
from newsletter.sources.alert_formats.my_ncbi import entries
from tests.sources.alert_formats import mails

KETTLES = Entry(
    source="alerts", title="Do kettles know?", authors=("Specimen C",), published=PartialDate(2026, 4),
    venue="Kettles (Basel)", url="https://pubmed.ncbi.nlm.nih.gov/41234568/",
)  # fmt: skip


def test_the_articles_of_a_mail_in_html_are_read_once_each() -> None:
    assert list(entries(AlertMail("", "", "", mails.NCBI_HTML))) == [
        Entry(
            source="alerts", title="Counting clouds in H2O", authors=("Example A", "Sample BC Jr", "Doe D"),
            doi="10.1000/clouds", published=date(2026, 5, 7), venue="J Clouds",
            url="https://pubmed.ncbi.nlm.nih.gov/41234567/",
        ),
        KETTLES,
    ]  # fmt: skip


def test_the_articles_of_a_mail_in_text_are_read() -> None:
    assert list(entries(AlertMail("", "", "", text=mails.NCBI_TEXT))) == [
        Entry(
            source="alerts", title="Counting clouds. A study of weather", authors=("Example A", "Sample BC"),
            doi="10.1000/clouds", published=date(2026, 5, 7), venue="J Clouds",
            url="https://pubmed.ncbi.nlm.nih.gov/41234567/",
        ),
        KETTLES,
    ]  # fmt: skip


def test_a_mail_in_pubmeds_own_format_is_read() -> None:
    (entry,) = entries(AlertMail("", "", "", text=mails.NCBI_MEDLINE))
    assert isinstance(entry, Entry)
    assert (entry.title, entry.doi, entry.source) == ("Counting clouds", "10.1000/clouds", "alerts")


def test_a_mail_without_results_has_no_articles() -> None:
    assert (
        list(entries(AlertMail("", "", "", text="My NCBI: there are no new results.\n\n1. Look again tomorrow."))) == []
    )

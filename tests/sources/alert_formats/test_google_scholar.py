from __future__ import annotations

from newsletter.models import Entry, PartialDate, Refusal
from newsletter.sources.alert_formats.google_scholar import entries
from newsletter.sources.alert_formats.message import AlertMail, read_mail
from tests.sources.alert_formats import mails


def parse(html: str) -> list[Entry | Refusal]:
    return list(entries(AlertMail("", "", "", html)))


def test_the_papers_of_an_alert_are_read_with_their_redirects_taken_off() -> None:
    mail = read_mail(mails.SCHOLAR)
    assert mail is not None
    assert list(entries(mail)) == [
        Entry(
            source="alerts", title="Counting Clouds with Small Language Models",
            abstract="We teach a small language model to count clouds. It counts well on …",
            authors=("A Example", "BC Sample"), arxiv_id="2605.01234", published=PartialDate(2026),
        ),
        Entry(
            source="alerts", title="Kettles That Know When to Whistle", authors=("C Specimen",),
            published=PartialDate(2025), venue="Journal of Kettles", url="https://clouds.example/kettles?id=7",
        ),
        Entry(
            source="alerts", title="On Spoons", authors=("D Doe",), doi="10.1000/spoons", published=PartialDate(2026),
        ),
    ]  # fmt: skip


def test_a_link_to_scholar_itself_and_a_title_without_text_are_no_papers() -> None:
    link = '<a class="gse_alrt_title" href="https://scholar.google.com/scholar_url?url=https://clouds.example/">{}</a>'
    assert parse(link.format("<img src='x'>")) == []
    assert parse('<a href="https://scholar.google.com/scholar?q=clouds">More results</a>') == []
    assert parse(link.format("[PDF]")) == [Refusal("entry 1", "no title")]


def test_a_paper_without_a_byline_has_its_title_and_link() -> None:
    html = '<h3><a class="gse_alrt_title" href="https://clouds.example/a">On Clouds</a></h3>'
    assert parse(html) == [Entry(source="alerts", title="On Clouds", url="https://clouds.example/a")]
    html += "<div>Something else that is no byline</div>"
    assert parse(html) == [Entry(source="alerts", title="On Clouds", url="https://clouds.example/a")]


def test_an_address_that_is_none_is_not_kept() -> None:
    html = (
        '<a class="gse_alrt_title" href="https://scholar.google.com/scholar_url?url=javascript:alert(1)">On Clouds</a>'
    )
    assert parse(html) == [Entry(source="alerts", title="On Clouds")]

from __future__ import annotations

from newsletter.models import Entry
from newsletter.sources.alert_formats.message import AlertMail
from newsletter.sources.alert_formats.semantic_scholar import entries
from tests.sources.alert_formats import mails

CLOUDS = Entry(
    source="alerts", title="Counting Clouds with Small Language Models",
    abstract="We teach a small language model to count clouds.", authors=("Ada Example", "Ben Sample"),
    venue="Journal of Clouds", summary="A small model counts clouds.",
    url=f"https://www.semanticscholar.org/paper/{mails.SEMANTIC_ID}",
)  # fmt: skip


def parse(html: str) -> list[object]:
    return list(entries(AlertMail("", "", "", html)))


def test_the_papers_of_an_alert_are_read_once_each() -> None:
    assert parse(mails.SEMANTIC_HTML) == [CLOUDS]
    assert parse(mails.SEMANTIC_HTML * 2) == [CLOUDS]


def test_without_its_class_a_title_is_a_link_that_is_no_button() -> None:
    assert parse(mails.SEMANTIC_HTML.replace("paper-link title", "")) == [CLOUDS]


def test_other_links_are_no_papers() -> None:
    assert parse('<a href="https://www.semanticscholar.org/author/12">Ada</a>') == []
    assert parse('<a class="paper-link" href="https://www.semanticscholar.org/paper/short">x</a>') == []

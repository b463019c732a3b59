from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.huggingface_page import Page
from tests.factories import TODAY

BANNER = """\
new

Get trending papers in your email inbox!

Subscribe

Daily Papers

byAK and the research community

May 8

"""
CLOUDS = """\
Counting Clouds with Small Language Models

We teach a small model to count clouds. It counts well on clear days.

  • 3 authors
·
Apr 15

"""
PUDDLES = """\
A Cartography of Puddles: Where Water Rests

Puddles form where rain stays. We map them, and return a day later.

puddle-lab The Puddle Laboratory
·
Oct 21, 2025 2

"""
KETTLES = """\
Kettles That Know When to Whistle

A kettle should whistle neither early nor late. Ours asks first.

  • 1 author
·
May 9 14

"""
SPOONS = """\
On the Shape of Spoons

Spoons are round. We ask why they are not square, and find no answer.
"""
PAGE = BANNER + CLOUDS + PUDDLES + KETTLES + SPOONS

CLOUDS_ENTRY = Entry(
    source="page",
    title="Counting Clouds with Small Language Models",
    abstract="We teach a small model to count clouds. It counts well on clear days.",
    author_count=3,
    published=date(2026, 4, 15),
    listed=TODAY,
)
PUDDLES_ENTRY = Entry(
    source="page",
    title="A Cartography of Puddles: Where Water Rests",
    abstract="Puddles form where rain stays. We map them, and return a day later.",
    organization="The Puddle Laboratory",
    published=date(2025, 10, 21),
    listed=TODAY,
    comments=2,
)
KETTLES_ENTRY = Entry(
    source="page",
    title="Kettles That Know When to Whistle",
    abstract="A kettle should whistle neither early nor late. Ours asks first.",
    author_count=1,
    published=date(2025, 5, 9),  # the day after the page's: a year before
    listed=TODAY,
    comments=14,
)
SPOONS_ENTRY = Entry(
    source="page",
    title="On the Shape of Spoons",
    abstract="Spoons are round. We ask why they are not square, and find no answer.",
    listed=TODAY,
)
ENTRIES = [CLOUDS_ENTRY, PUDDLES_ENTRY, KETTLES_ENTRY, SPOONS_ENTRY]


def parse(text: str | bytes, day: date | None = None, today: date = TODAY) -> list[Entry | Refusal]:
    content = text.encode() if isinstance(text, str) else text
    return list(Page().parse(Document("saved.txt", content, day), today))


def entries(text: str, day: date | None = None, today: date = TODAY) -> list[Entry]:
    return [entry for entry in parse(text, day, today) if isinstance(entry, Entry)]


ODD_SHAPES = {
    "as the site gives it": PAGE,
    "CRLF": PAGE.replace("\n", "\r\n"),
    "lone CR": PAGE.replace("\n", "\r"),
    "line separators": PAGE.replace("\n", "\u2028"),
    "form feeds between cards": PAGE.replace("\n\n", "\x0c\x0c"),
    "non-breaking spaces": PAGE.replace(" ", "\u00a0"),
    "tabs and trailing spaces": PAGE.replace(" ", "\t").replace("\n", "  \n"),
    "no blank lines": re.sub(r"\n+", "\n", PAGE),
    "doubled blank lines": PAGE.replace("\n\n", "\n\n\n"),
    "blank lines that hold a space": PAGE.replace("\n\n", "\n \n"),
    "no line end at the end": PAGE.rstrip(),
    "blank lines around it": f"\n\n{PAGE}\n\n\n",
    "byte-order mark": f"\ufeff{PAGE}",
    "zero-width spaces": PAGE.replace(" ", " \u200b"),
    "banner with spaces": PAGE.replace("byAK and", "by AK and"),
    "banner with navigation": "Hugging Face\nModels\nDatasets\nSpaces\nDocs\nPricing\nLog In\nSign Up\n" + PAGE,
    "banner with previous and next": PAGE.replace("May 8\n", "Previous\nMay 8\nNext\n"),
    "banner without furniture": "May 8\n\n" + PAGE.removeprefix(BANNER),
    "banner date with its year": PAGE.replace("May 8\n", "May 8, 2026\n"),
    "site footer": PAGE + "\nPrevious\n\nNext\n\nCompany\nTOS\nPrivacy\nAbout\nCareers\n",
    "byline and date on one line": re.sub(r"\n·\n", " · ", PAGE),
    "date beside the separator": PAGE.replace("·\n", "· "),
    "separator beside the byline": PAGE.replace("\n·", " ·"),
    "separator missing": re.sub(r"(authors?)\n·", r"\1", PAGE),
    "comments on their own line": re.sub(r"^(Oct 21, 2025|May 9) (\d+)$", r"\1\n\2", PAGE, flags=re.MULTILINE),
    "bullets without a space": PAGE.replace("  • ", "•"),
    "no bullets": PAGE.replace("  • ", ""),
    "bullets as hyphens": PAGE.replace("  • ", "- "),
    "capitals": PAGE.replace("authors", "Authors").replace("Apr 15", "APR 15"),
    "whole month names": PAGE.replace("Apr 15", "April 15").replace("Oct 21", "October 21"),
    "month with a point": PAGE.replace("Apr 15", "Apr. 15"),
    "wrapped abstracts": PAGE.replace("It counts", "It\ncounts").replace("and return", "and\nreturn"),
    "wrapped titles": PAGE.replace("Clouds with", "Clouds\nwith").replace("Shape of", "Shape\nof"),
    "abstract in two paragraphs": PAGE.replace("clouds. It", "clouds.\n\nIt").replace("stays. We", "stays.\n\nWe"),
}  # fmt: skip


@pytest.mark.parametrize("text", ODD_SHAPES.values(), ids=ODD_SHAPES)
def test_the_text_of_every_browser_gives_the_same_entries(text: str) -> None:
    assert parse(text, today=date(2026, 5, 20)) == ENTRIES


def test_utf_16_is_read() -> None:
    assert parse(PAGE.encode("utf-16")) == ENTRIES


def test_utf_16_big_endian_is_read() -> None:
    assert parse(b"\xfe\xff" + PAGE.encode("utf-16-be")) == ENTRIES


def test_a_page_without_banner_has_the_requested_day() -> None:
    assert parse(PAGE.removeprefix(BANNER), day=TODAY) == ENTRIES


def test_a_page_without_banner_has_todays_date_if_the_years_agree() -> None:
    assert parse(CLOUDS + PUDDLES, today=TODAY) == [CLOUDS_ENTRY, PUDDLES_ENTRY]


def test_a_page_without_banner_or_years_has_todays_date() -> None:
    assert parse(CLOUDS, today=date(2027, 1, 2)) == [
        replace(CLOUDS_ENTRY, listed=date(2027, 1, 2), published=date(2026, 4, 15))
    ]


def test_the_abstract_may_be_missing() -> None:
    text = BANNER + CLOUDS.replace("We teach a small model to count clouds. It counts well on clear days.\n\n", "")
    assert parse(text) == [replace(CLOUDS_ENTRY, abstract="")]


@pytest.mark.parametrize(
    ("byline", "organization"),
    [
        ("Puddle-Lab Puddle-Lab", "Puddle-Lab"),
        ("puddlelab The Puddle Laboratory", "The Puddle Laboratory"),
        ("puddles Puddles", "Puddles"),
        ("puddles 水たまり研究所", "水たまり研究所"),
        ("puddles", "puddles"),
    ],
)
def test_a_byline_without_an_author_count_is_an_organisation(byline: str, organization: str) -> None:
    text = BANNER + PUDDLES.replace("puddle-lab The Puddle Laboratory", byline)
    assert parse(text) == [replace(PUDDLES_ENTRY, organization=organization)]


def test_a_card_without_byline_keeps_its_date() -> None:
    assert parse(BANNER + CLOUDS.replace("  • 3 authors\n", "")) == [replace(CLOUDS_ENTRY, author_count=None)]


def test_a_separator_inside_a_title_or_an_abstract_does_not_end_the_card() -> None:
    text = BANNER + CLOUDS.replace("Counting Clouds", "Counting · Clouds").replace("small model", "small · model")
    assert parse(text) == [
        replace(
            CLOUDS_ENTRY,
            title="Counting · Clouds with Small Language Models",
            abstract="We teach a small · model to count clouds. It counts well on clear days.",
        )
    ]


def test_a_card_without_footer_between_others_is_a_card_of_its_own() -> None:
    assert parse(BANNER + CLOUDS + SPOONS + "\n" + PUDDLES) == [CLOUDS_ENTRY, SPOONS_ENTRY, PUDDLES_ENTRY]


def test_the_first_card_may_lack_its_footer() -> None:
    assert parse(BANNER + SPOONS + "\n" + CLOUDS) == [SPOONS_ENTRY, CLOUDS_ENTRY]


def test_two_last_cards_may_lack_their_footers() -> None:
    other = replace(SPOONS_ENTRY, title="On the Shape of Forks")
    assert parse(PAGE + "\n" + SPOONS.replace("of Spoons", "of Forks")) == [*ENTRIES, other]


def test_a_page_of_cards_without_footers_needs_its_banner() -> None:
    assert parse(BANNER + SPOONS) == [SPOONS_ENTRY]


# -- days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("banner", "stated", "asked", "today", "expected"),
    [
        ("May 8", "2023", date(2024, 1, 1), TODAY, date(2024, 5, 8)),  # the asked year, the banner's day
        ("May 8, 2025", "2023", date(2024, 1, 1), TODAY, date(2025, 5, 8)),  # the banner's own year
        ("May 8", "2023", None, TODAY, date(2024, 5, 8)),  # the year after the newest stated
        ("May 8", None, None, date(2027, 6, 1), date(2027, 5, 8)),  # today's, as the last resort
        ("", "2023", None, TODAY, date(2024, 12, 31)),  # no banner: the last day the page can be of
        ("", "2025", None, TODAY, TODAY),
        ("", "2023", date(2024, 1, 1), TODAY, date(2024, 1, 1)),
        ("Feb 29", "2023", None, TODAY, date(2024, 2, 29)),
        ("Feb 29", "2024", None, date(2025, 3, 1), date(2025, 3, 1)),  # there was none: today
        ("May 8, 2024", None, None, TODAY, date(2024, 5, 8)),
        ("May 8", "1999", None, TODAY, date(2000, 5, 8)),
        ("May 8, 0000", "2025", None, TODAY, TODAY),  # no year at all
    ],
)
def test_the_day_of_a_page(banner: str, stated: str | None, asked: date | None, today: date, expected: date) -> None:
    card = CLOUDS.replace("Apr 15", f"Apr 15, {stated}" if stated else "Apr 15")
    assert [entry.listed for entry in entries(f"Daily Papers\n\n{banner}\n\n{card}", asked, today)] == [expected]


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("May 8", date(2026, 5, 8)),
        ("May 9", date(2025, 5, 9)),
        ("Dec 31", date(2025, 12, 31)),
        ("Jan 1", date(2026, 1, 1)),
        ("Feb 29", date(2024, 2, 29)),
        ("Feb 29, 2024", date(2024, 2, 29)),
        ("Feb 29, 2025", None),
        ("May 9, 2026", date(2026, 5, 9)),  # a stated year is taken as it is
        ("Jun 1, 1999", date(1999, 6, 1)),
    ],
)
def test_the_day_of_a_card(written: str, published: date | None) -> None:
    text = BANNER.replace("May 8", "May 8, 2026") + CLOUDS.replace("Apr 15", written)
    assert parse(text) == [replace(CLOUDS_ENTRY, published=published)]


def test_29_february_is_found_across_a_century_without_one() -> None:
    text = BANNER + CLOUDS.replace("Apr 15", "Feb 29")
    assert [entry.published for entry in entries(text, date(2103, 1, 1))] == [date(2096, 2, 29)]


def test_the_requested_year_decides_the_year_of_a_page() -> None:
    text = BANNER + CLOUDS
    days = [(entry.listed, entry.published) for year in (2024, 2030) for entry in entries(text, date(year, 1, 1))]
    assert days == [(date(2024, 5, 8), date(2024, 4, 15)), (date(2030, 5, 8), date(2030, 4, 15))]


# -- not a page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n \n",
        "Dear all,\n\nthe kettle is broken again.\n\nAda\n",
        "<!doctype html><html><body><p>Hello</p></body></html>",
        '[{"paper": {"id": "2605.01234"}}]',
        "·\n·\n·\n",
        "\x00\x01\x02",
        "May 8\n",
        "Counting · Clouds\n",
    ],
)
def test_text_of_another_kind_is_an_error_that_names_the_file(text: str) -> None:
    with pytest.raises(SourceError, match=r"^saved\.txt: not a Daily Papers page"):
        parse(text)


def test_a_banner_without_cards_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"^saved\.txt: no papers on this Daily Papers page$"):
        parse(BANNER)


def test_fetching_a_page_is_an_error() -> None:
    with HttpClient() as client, pytest.raises(SourceError, match="no file given"):
        Page().fetch(Span(TODAY, TODAY), client)


# -- properties ---------------------------------------------------------------------------------------

PIECES = st.sampled_from([
    *BANNER.splitlines(), *CLOUDS.splitlines(), *PUDDLES.splitlines(), "·", "• 3 authors · Apr 15", "Feb 29", "Feb 30",
    "May 8, 0000", "May 8, 9999", "Apr 15, 0000 999999", "99999 authors", "x · Jan 1", "A sentence.", "\x85", "\ud800",
])  # fmt: skip


def only_entries(content: bytes, day: date | None, today: date) -> bool:
    """Whether parsing gives entries with a title and a day, or a SourceError in one line, and nothing else."""
    try:
        found = parse(content, day, today)
    except SourceError as error:
        return "\n" not in str(error)
    return bool(found) and all(isinstance(one, Entry) and one.title and one.listed for one in found)


@example(b"", None, TODAY)
@example(b"\xff\xfe", None, TODAY)
@example(b"\xfe\xff\xd8", None, TODAY)
@given(st.binary(), st.none() | st.dates(), st.dates())
def test_any_bytes_give_entries_or_one_error(content: bytes, day: date | None, today: date) -> None:
    assert only_entries(content, day, today)


@given(st.lists(PIECES, max_size=25), st.sampled_from(["\n", "\r\n", "\n\n", " "]), st.none() | st.dates(), st.dates())
def test_any_order_of_a_pages_lines_gives_entries_or_one_error(
    pieces: list[str], line_end: str, day: date | None, today: date
) -> None:
    assert only_entries(line_end.join(pieces).encode("utf-8", "surrogatepass"), day, today)


# -- the real page ------------------------------------------------------------------------------------


def test_a_saved_page_is_read_whole(shared: Path) -> None:
    path = shared / "daily-papers-2026-05-08.txt"
    found = list(Page().parse(Document(str(path), path.read_bytes()), today=date(2026, 11, 23)))
    cards = [one for one in found if isinstance(one, Entry)]
    assert len(found) == len(cards) == 46
    assert len([card for card in cards if card.organization]) == 3
    assert len([card for card in cards if card.author_count]) == 42
    assert {card.published.year for card in cards if card.published} == {2021, 2022, 2023, 2024, 2025, 2026}
    assert {card.listed for card in cards} == {date(2026, 5, 8)}
    assert [card.title for card in cards if card.published is None] == [cards[-1].title]
    assert (cards[-1].author_count, cards[-1].organization, cards[-1].comments) == (None, None, None)
    assert min(len(card.abstract) for card in cards) > 300
    assert max(len(card.title) for card in cards) < 200


@pytest.mark.parametrize("odd", ["\r\n", "\r", "\n\n"])
def test_a_saved_page_with_other_line_ends_gives_the_same_entries(shared: Path, odd: str) -> None:
    text = (shared / "daily-papers-2026-05-08.txt").read_text(encoding="utf-8")
    assert parse(text.replace("\n", odd)) == parse(text)


def test_a_saved_page_without_blank_lines_gives_the_same_entries(shared: Path) -> None:
    text = (shared / "daily-papers-2026-05-08.txt").read_text(encoding="utf-8")
    assert parse(re.sub(r"\n\s*\n", "\n", text)) == parse(text)


def test_a_wrapped_title_keeps_a_word_that_is_also_a_link_of_the_site() -> None:
    wrapped = CLOUDS.replace("Counting", "A\nModels\nCounting")

    _, entry = entries(f"{BANNER}{CLOUDS}\n{wrapped}\n\nCompany\nModels\n")

    assert entry.title.startswith("A Models Counting")

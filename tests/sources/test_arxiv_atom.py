from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document
from newsletter.sources.arxiv import Arxiv
from tests.factories import TODAY

RECORDING = (Path(__file__).parent / "recordings/arxiv.xml").read_bytes()
ATOM = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'


def parse(content: bytes | str, **settings: Any) -> list[Entry | Refusal]:
    content = content.encode() if isinstance(content, str) else content
    return list(Arxiv(**settings).parse(Document("x", content), TODAY))


def entry(inside: str) -> Entry:
    (found,) = parse(
        f"<feed {ATOM}><entry><title>Clouds</title><id>http://arxiv.org/abs/2605.00001v1</id>{inside}</entry></feed>"
    )
    assert isinstance(found, Entry)
    return found


def code_url(comment: str, abstract: str = "") -> str | None:
    return entry(f"<arxiv:comment>{comment}</arxiv:comment><summary>{abstract}</summary>").code_url


def announced(kind: str, number: int = 1) -> str:
    return f"""<entry><id>oai:arXiv.org:2605.0000{number}v{number}</id><title>Clouds {number}</title>
        <summary>arXiv:2605.0000{number}v{number} Announce Type: {kind} \nAbstract: We count.</summary>
        <category term="cs.CL"/><published>2026-05-08T00:00:00-04:00</published>
        <arxiv:announce_type>{kind}</arxiv:announce_type><dc:creator>Jos\\'e Example, Ben Sample</dc:creator></entry>"""


# -- parsing ------------------------------------------------------------------------------------------


def test_a_response_of_the_api_is_parsed_with_all_its_facts() -> None:
    found = parse(RECORDING)
    assert found == [
        Entry(
            source="arxiv", title="Counting Clouds with Small Language Models",
            abstract="We teach a small language model to count n clouds. It counts well on clear days.",
            authors=("Ada Example", "Ben Sample"), arxiv_id="2605.01234", version=2, doi="10.1000/clouds",
            published=date(2026, 5, 6), categories=("cs.CL", "cs.LG"), venue="Journal of Clouds 1 (2026)",
        ),
        Entry(
            source="arxiv", title="Spoons of the Second Kind", abstract="A spoon is a spoon.", authors=("Cy Specimen",),
            arxiv_id="cs/0601001", version=1, published=date(2006, 1, 1), categories=("cs.AI",), withdrawn=True,
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


def test_an_announcement_is_parsed_with_its_day_and_all_its_authors() -> None:
    (found,) = parse(f"<feed {ATOM}>{announced('new')}</feed>")
    assert found == Entry(
        source="arxiv", title="Clouds 1", abstract="We count.", authors=("José Example", "Ben Sample"), version=1,
        arxiv_id="2605.00001", listed=TODAY, categories=("cs.CL",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("announce", "kept"), [(("new", "cross"), [1, 2]), (("new",), [1]), (("replace", "replace-cross"), [3, 4])]
)
def test_only_the_selected_announce_types_are_kept(announce: tuple[str, ...], kept: list[int]) -> None:
    kinds = ("new", "cross", "replace", "replace-cross")
    feed = "".join(announced(kind, number) for number, kind in enumerate(kinds, start=1))
    found = [one for one in parse(f"<feed {ATOM}>{feed}</feed>", announce=announce) if isinstance(one, Entry)]
    assert [one.version for one in found] == kept
    assert {one.listed for one in found} == ({TODAY} if kept[0] < 3 else {None})


def test_the_rss_and_atom_feeds_give_the_same_entries() -> None:
    rss = """<rss version="2.0" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel><title>cs.CL updates on arXiv.org</title><item><title>Clouds 1</title>
      <link>https://arxiv.org/abs/2605.00001</link><guid isPermaLink="false">oai:arXiv.org:2605.00001v1</guid>
      <description>arXiv:2605.00001v1 Announce Type: new \nAbstract: We count.</description><category>cs.CL</category>
      <pubDate>Fri, 08 May 2026 00:00:00 -0400</pubDate><arxiv:announce_type>new</arxiv:announce_type>
      <dc:creator>Jos\\'e Example, Ben Sample</dc:creator></item></channel></rss>"""
    assert parse(rss) == parse(f"<feed {ATOM}>{announced('new')}</feed>")


def rss_1(title: str) -> list[Entry | Refusal]:
    return parse(
        f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
          xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><dc:date>2023-05-08T20:30:00-05:00</dc:date></channel>
          <item rdf:about="http://arxiv.org/abs/2305.00001"><title>{title}</title>
          <link>http://arxiv.org/abs/2305.00001</link><description>&lt;p&gt;We count.&lt;/p&gt;</description>
          <dc:creator>&lt;a href="http://arxiv.org/find/cs/1/au:+E_A/0/1"&gt;Ada Example&lt;/a&gt; (Lab, Town),
          &lt;a href="http://arxiv.org/find/cs/1/au:+S_B/0/1"&gt;B&amp;#xe9;n Sample&lt;/a&gt;</dc:creator>
          </item></rdf:RDF>""",
        announce=("new", "cross", "replace"),
    )


def test_the_rss_1_feed_has_the_id_and_announce_type_in_the_title() -> None:
    new = Entry(
        source="arxiv", title="Clouds", abstract="We count.", authors=("Ada Example", "Bén Sample"),
        arxiv_id="2305.00001", version=1, listed=date(2023, 5, 8), categories=("cs.CL",),
    )  # fmt: skip
    assert rss_1("Clouds. (arXiv:2305.00001v1 [cs.CL])") == [new]
    assert rss_1("Clouds. (arXiv:2305.00001v1 [cs.CL] CROSS LISTED)") == [new]
    assert rss_1("Clouds. (arXiv:2305.00001v4 [cs.CL] UPDATED)") == [replace(new, version=4, listed=None)]
    assert [one.title for one in rss_1("On (arXiv: a study)") if isinstance(one, Entry)] == ["On (arXiv: a study)"]


def test_the_announce_type_is_found_in_the_text_if_it_has_no_element() -> None:
    feed = re.sub("<arxiv:announce_type>.*</arxiv:announce_type>", "", announced("replace"))
    assert parse(f"<feed {ATOM}>{feed}</feed>") == []
    assert len(parse(f"<feed {ATOM}>{feed}</feed>", announce=("replace",))) == 1


def test_an_unknown_announce_type_is_skipped() -> None:
    assert parse(f"<feed {ATOM}>{announced('absonly')}</feed>") == []


def test_an_announcement_without_a_day_has_the_day_of_its_feed() -> None:
    (found,) = parse(
        f"""<rss {ATOM}><channel><pubDate>Fri, 08 May 2026 00:00:00 -0400</pubDate><item><title>Clouds</title>
        <guid>oai:arXiv.org:2605.00001v1</guid><arxiv:announce_type>new</arxiv:announce_type></item></channel></rss>"""
    )
    assert isinstance(found, Entry)
    assert found.listed == TODAY


def test_results_of_the_api_are_kept_for_all_announce_types() -> None:
    assert len(parse(RECORDING, announce=("replace",))) == 3


def test_an_empty_feed_is_not_an_error() -> None:
    assert parse(f"<feed {ATOM}/>") == parse("<rss><channel/></rss>") == []


@pytest.mark.parametrize(
    ("inside", "authors"),
    [
        ("<author><name>Ada Example</name><arxiv:affiliation>Lab</arxiv:affiliation></author>", ("Ada Example",)),
        ("<author><name>Cloud Team</name></author><author><name>:</name></author><author><name>Li</name></author>",
         ("Cloud Team", "Li")),
        ("<author/><author>Ada</author><author><name> </name></author>", ()),
        ("<dc:creator>Ada Example (Lab, Town), Ben Sample III</dc:creator>", ("Ada Example", "Ben Sample III")),
        ("<dc:creator>Plato, Ben Sample</dc:creator>", ("Plato", "Ben Sample")),
        ("<dc:creator>Ada Example</dc:creator>", ("Ada Example",)),
        ("<dc:creator/>", ()),
    ],
)  # fmt: skip
def test_authors_are_parsed_from_elements_and_lines(inside: str, authors: tuple[str, ...]) -> None:
    assert entry(inside).authors == authors


@pytest.mark.parametrize(
    ("inside", "categories"),
    [
        ('<category term="cs.LG"/><arxiv:primary_category term="hep-th"/>', ("hep-th", "cs.LG")),
        (
            '<category term="cond-mat.str-el"/><category term="68T50"/><category term="I.2.7, H.3"/>',
            ("cond-mat.str-el",),
        ),
        ("<category/><arxiv:primary_category/>", ()),
    ],
)
def test_categories_are_arxivs_own_with_the_primary_one_first(inside: str, categories: tuple[str, ...]) -> None:
    assert entry(inside).categories == categories


NOTICES = {
    "This paper has been withdrawn by the authors": True,
    "12 pages, 3 figures. This article was temporarily withdrawn due to an error in (3)": True,
    "withdrawn by arXiv administrators due to overlap": True,
    "arXiv admin note: submission has been withdrawn by arXiv administrators": True,
    "Withdrawn": True,
    "8 pages. Withdrawn.": True,
    "8 pages - withdrawn by arXiv": True,
    "Submitted to CLOUDS 2026 (withdrawn)": False,
    "Submitted to CLOUDS 2026, withdrawn": False,
    "The authors have withdrawn this paper": True,
    "Paper withdrawn": True,
    "This paper has been withdrawn from arXiv": True,
    "This paper was withdrawn from the Workshop on Clouds": False,
    "Replaces arXiv:2605.00002, which has been withdrawn by the authors": False,
    "An earlier version of this paper has been withdrawn": False,
    "12 pages": False,
}


@pytest.mark.parametrize(
    ("inside", "withdrawn"),
    [
        *((f"<arxiv:comment>{comment}</arxiv:comment>", withdrawn) for comment, withdrawn in NOTICES.items()),
        ("<summary>This submission has been withdrawn as it was wrong.</summary>", True),
        ("<summary>The paper is withdrawn.</summary>", True),
        ("<summary>  This paper\nhas been\nwithdrawn.</summary>", True),
        ("<summary>We study how often, over many years and fields, this paper has been withdrawn.</summary>", False),
        ("<summary>We count. This paper has been withdrawn, we found.</summary>", False),
        ("<summary>Withdrawn patients are rarely counted.</summary>", False),
        ("<summary>Patients who withdrew are withdrawn.</summary>", False),
    ],
)
def test_a_withdrawn_paper_is_recognised(inside: str, withdrawn: bool) -> None:
    assert entry(inside).withdrawn is withdrawn


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Code: https://github.com/ada/clouds", "https://github.com/ada/clouds"),
        ("12 pages; our code will be at http://www.github.com/ada/clouds.git.", "https://github.com/ada/clouds"),
        ("The implementation (https://gitlab.com/ada/clouds/) is free.", "https://gitlab.com/ada/clouds"),
        (r"Code is at \url{https://github.com/ada/small\_clouds}.", "https://github.com/ada/small_clouds"),
        ("Code: https://github.com/ada/all/tree/main/clouds.", "https://github.com/ada/all/tree/main/clouds"),
        (
            "Our code: https://github.com/ada/clouds (see https://github.com/Ada/Clouds)",
            "https://github.com/ada/clouds",
        ),
        ("Code: https://github.com/ada/clouds, https://github.com/ben/spoons", None),
        ("Project page: https://github.com/ada/clouds", None),
        ("We publish code. Data: https://github.com/ada/clouds", None),
        ("Data: https://github.com/ada/code", None),
        ("Code: https://github.com/ada", None),
        ("Code: https://ada.example/clouds", None),
        ("Code: https://github.com.example/ada/clouds", None),
        ("", None),
    ],
)
def test_the_only_repository_that_a_sentence_calls_the_code_is_the_code(sentence: str, expected: str | None) -> None:
    assert code_url(sentence) == code_url("", sentence) == expected


def test_another_repository_in_the_abstract_makes_the_code_uncertain() -> None:
    assert code_url("Code: https://github.com/ada/clouds", "After https://github.com/ben/spoons we count.") is None


@pytest.mark.parametrize(
    ("doi", "expected"),
    [
        ("10.1000/ABC", "10.1000/abc"),
        ("https://doi.org/10.1000/abc", "10.1000/abc"),
        ("10.1000/abc 10.1000/def", "10.1000/abc"),
        ("10.48550/arXiv.2605.00001", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_doi_is_that_of_the_journal(doi: str, expected: str | None) -> None:
    assert entry(f"<arxiv:doi>{doi}</arxiv:doi>").doi == entry(f"<arxiv:DOI>{doi}</arxiv:DOI>").doi == expected


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<id>http://arxiv.org/abs/2605.00001v1</id>", "no title"),
        ("<id>http://arxiv.org/abs/2605.00001v1</id><title> \n </title>", "no title"),
        ("<title>Clouds</title>", "no arXiv id"),
        ("<title>Clouds</title><id>10.1000/182</id><link href='https://clouds.example/1'/>", "no arXiv id"),
    ],
)
def test_an_invalid_entry_alone_is_refused_with_its_number_and_the_reason(inside: str, why: str) -> None:
    good = "<entry><title>Clouds</title><id>http://arxiv.org/abs/2605.00001v1</id></entry>"
    found = parse(f"<feed {ATOM}>{good}<entry>{inside}</entry>{good}</feed>")
    assert found == [entry(""), Refusal("x, entry 2", why), entry("")]


def test_the_id_is_found_in_the_link_as_a_last_resort() -> None:
    (found,) = parse(
        f"<feed {ATOM}><entry><title>A</title><link href='https://arxiv.org/abs/math/0601001v2'/></entry></feed>"
    )
    assert found == Entry(source="arxiv", title="A", arxiv_id="math/0601001", version=2)


def test_error_messages_of_the_api_are_quoted() -> None:
    feed = f"""<feed {ATOM}><entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>
        <summary>incorrect id format for abc</summary></entry></feed>"""
    with pytest.raises(SourceError, match=r"^x: arXiv error: incorrect id format for abc$"):
        parse(feed)


FEED_ERROR = f"""<feed {ATOM}><title>Feed error for query: https://rss.example/atom/cs.XX</title>
    <subtitle>Bad subject class 'XX'.</subtitle></feed>"""


def test_error_messages_of_the_feeds_are_quoted() -> None:
    rss = "<channel><title>Feed error for query: x</title><description>Bad archive 'x'.</description></channel>"
    for feed, words in ((FEED_ERROR, "Bad subject class 'XX'."), (f"<rss>{rss}</rss>", "Bad archive 'x'.")):
        with pytest.raises(SourceError) as caught:
            parse(feed)
        assert str(caught.value) == f"x: arXiv error: {words}"


@pytest.mark.parametrize("content", ["Rate exceeded.", "<html><body/></html>", "", "<feed", "<a/>"])
def test_an_unexpected_response_is_an_error(content: str) -> None:
    with pytest.raises(SourceError, match=r"^x: (?:not |unexpected response from arXiv: )"):
        parse(content)


# -- properties ---------------------------------------------------------------------------------------


def only_entries_and_refusals(content: bytes) -> bool:
    """Whether parsing gives well-formed entries and one-line refusals, or a `SourceError`, and nothing else."""
    try:
        found = parse(content, announce=("new", "cross", "replace", "replace-cross"))
    except SourceError as error:
        return str(error).startswith("x: ") and "\n" not in str(error)
    return all(bool(one.title and one.arxiv_id) if isinstance(one, Entry) else "\n" not in str(one) for one in found)


@example(b"<feed/>")
@example(b"<rss><channel><item><title>(arXiv:</title></item></channel></rss>")
@given(st.binary())
def test_any_bytes_give_entries_refusals_or_one_error(content: bytes) -> None:
    assert only_entries_and_refusals(content)


NAMES = ("entry", "item", "id", "title", "summary", "author", "name", "category", "comment", "doi", "published",
         "announce_type", "creator", "channel", "pubDate", "link", "guid")  # fmt: skip
WORDS = st.sampled_from(
    ["http://arxiv.org/abs/2605.00001v2", "Clouds", "new", "2026-05-08", "2026-99-99", "10.1000/1", "Error", ",;()",
     "A (arXiv:2605.00001v1 [cs.CL])", "(arXiv:x [y])", "Code: https://github.com/a/b", "/api/errors"]
) | st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="<&"), max_size=9)  # fmt: skip
ELEMENTS = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda name, insides: f"<{name} term='cs.CL' href='x'>{''.join(insides)}</{name}>",
        st.sampled_from(NAMES),
        st.lists(inner, max_size=5),
    ),
    max_leaves=12,
)


@given(st.lists(ELEMENTS, max_size=6), st.sampled_from(["feed", "rss", "RDF"]))
def test_any_elements_in_any_order_give_entries_refusals_or_one_error(insides: list[str], top: str) -> None:
    assert only_entries_and_refusals(f"<{top}><entry>{''.join(insides)}</entry></{top}>".encode())


@pytest.mark.parametrize(
    "piece", ["(arXiv:", "(arXiv: [", "Withdrawn ", "https://github.com/a/", "Code. ", ". the paper "]
)
def test_long_texts_are_parsed_in_linear_time(piece: str) -> None:
    long = piece * 20_000
    one = f"<entry><id>2605.00001</id><title>{long}</title><summary>{long}</summary><comment>{long}</comment></entry>"
    assert len(parse(f"<feed>{one}</feed>")) == 1

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Entry
from newsletter.sources.formats.records import entry_from, is_title
from tests.factories import TODAY

TITLE = "Counting Clouds with Small Language Models"


def entry(**record: Any) -> Entry:
    return entry_from({"title": TITLE, **record})


# -- whole records, as programs write them ------------------------------------------------------------


def test_a_row_of_an_arxiv_listing_is_converted() -> None:
    row = {
        "id": "2605.01234",
        "categories": ["cs.CL", "cs.LG", "I.2.7; I.2.1"],
        "pdf": "https://arxiv.org/pdf/2605.01234",
        "abs": "https://arxiv.org/abs/2605.01234",
        "authors": ["Ada Example", "Ben Sample"],
        "title": "Counting Clouds with\n  Small Language Models",
        "comment": "13 pages, 2 figures",
        "summary": "We teach a small model\nto count clouds.",
    }
    assert entry_from(row) == Entry(
        source="file",
        title=TITLE,
        abstract="We teach a small model to count clouds.",
        authors=("Ada Example", "Ben Sample"),
        arxiv_id="2605.01234",
        categories=("cs.CL", "cs.LG"),
    )


def test_a_row_of_a_zotero_table_is_converted() -> None:
    row = {
        "Key": "ABCD1234",
        "Item Type": "journalArticle",
        "Publication Year": "2026",
        "Author": "Example, Ada; van Sample, Ben",
        "Title": TITLE,
        "Publication Title": "Journal of Clouds",
        "DOI": "10.1000/Clouds.1",
        "Url": "https://clouds.example/1",
        "Abstract Note": "Abstract: We count.",
        "Date": "2026-05-06",
        "Date Added": "2026-05-08 10:00:00",
        "Manual Tags": "clouds; counting",
        "Extra": "",
    }
    assert entry_from(row) == Entry(
        source="file",
        title=TITLE,
        abstract="We count.",
        authors=("Ada Example", "Ben van Sample"),
        doi="10.1000/clouds.1",
        published=date(2026, 5, 6),
        venue="Journal of Clouds",
        keywords=("clouds", "counting"),
        url="https://clouds.example/1",
    )


def test_an_object_of_csl_json_is_converted() -> None:
    item = {
        "id": "http://zotero.example/users/1/items/ABCD1234",
        "type": "article-journal",
        "title": TITLE,
        "container-title": "Journal of Clouds",
        "DOI": "10.1000/clouds.1",
        "URL": "https://doi.org/10.1000/clouds.1",
        "author": [
            {"family": "Example", "given": "Ada"},
            {"family": "Sample", "given": "Ben", "non-dropping-particle": "van", "suffix": "Jr."},
            {"literal": "Clouds, Inc."},
        ],
        "issued": {"date-parts": [["2026", 5, 6]]},
        "accessed": {"date-parts": [["2026", 5, 8]]},
    }
    assert entry_from(item) == Entry(
        source="file",
        title=TITLE,
        authors=("Ada Example", "Ben van Sample Jr.", "Clouds, Inc."),
        doi="10.1000/clouds.1",
        published=date(2026, 5, 6),
        venue="Journal of Clouds",
    )


def test_a_record_with_every_fact_is_converted() -> None:
    record = {
        "Title": TITLE,
        "Abstract": "We count.",
        "Authors": [{"name": "Ada Example"}, {"firstName": "Ben", "lastName": "Sample"}],
        "arXiv_ID": "arXiv:2605.01234v2",
        "doi": "https://doi.org/10.1000/Clouds.1",
        "url": "https://clouds.example/1",
        "pdf_url": "https://clouds.example/1.pdf",
        "categories": "cs.CL cs.LG",
        "keywords": ["clouds", {"name": "counting"}],
        "published": "2026-05-06T00:00:00Z",
        "journal": {"name": "Journal of Clouds"},
        "upvotes": 12,
        "comments": 3,
        "organization": {"fullname": "The Cloud Laboratory"},
        "github": "https://git.example/clouds",
        "projectPage": "https://clouds.example/",
        "thumbnail": "https://clouds.example/1.png",
    }
    assert entry_from(record, source="other", listed=TODAY) == Entry(
        source="other",
        title=TITLE,
        abstract="We count.",
        authors=("Ada Example", "Ben Sample"),
        arxiv_id="2605.01234",
        version=2,
        doi="10.1000/clouds.1",
        url="https://clouds.example/1",
        pdf_url="https://clouds.example/1.pdf",
        categories=("cs.CL", "cs.LG"),
        keywords=("clouds", "counting"),
        published=date(2026, 5, 6),
        listed=TODAY,
        venue="Journal of Clouds",
        upvotes=12,
        comments=3,
        organization="The Cloud Laboratory",
        code_url="https://git.example/clouds",
        project_url="https://clouds.example/",
        thumbnail_url="https://clouds.example/1.png",
    )


# -- names of fields ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["title", "Title", "TITLE", "TI", "T1", "name", "display_name", "display-name"])
def test_every_name_of_the_title_is_known(name: str) -> None:
    assert entry_from({name: TITLE}).title == TITLE
    assert is_title(name)


@pytest.mark.parametrize("name", ["subtitle", "Short Title", "author", ""])
def test_a_field_of_another_name_is_not_the_title(name: str) -> None:
    assert not is_title(name)
    with pytest.raises(ValueError, match="no title"):
        entry_from({name: TITLE})


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_listed_name_of_a_fact_wins_in_any_order(order: int) -> None:
    record = {"name": "a key", "title": TITLE, "T1": "another", "description": "short", "abstract": "We count."}
    found = entry_from(dict(list(record.items())[::order]))
    assert (found.title, found.abstract) == (TITLE, "We count.")


def test_an_empty_value_does_not_hide_one_of_another_name() -> None:
    assert entry_from({"title": "", "TI": None, "T1": TITLE}).title == TITLE


@pytest.mark.parametrize("record", [None, 3, "title", ["title"], [], True])
def test_a_record_that_is_not_an_object_is_refused(record: Any) -> None:
    with pytest.raises(ValueError, match="expected an object"):
        entry_from(record)


@pytest.mark.parametrize("title", [None, "", "  ", 3, [], {}, "\n"])
def test_a_record_without_a_title_is_refused(title: Any) -> None:
    with pytest.raises(ValueError, match="no title"):
        entry_from({"title": title, "id": "2605.01234"})


def test_a_title_may_be_the_first_item_of_a_list() -> None:
    assert entry_from({"title": ["", TITLE, "other"]}).title == TITLE


# -- identifiers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "identity", "version"),
    [
        ({"id": "2605.01234"}, "2605.01234", None),
        ({"id": "2605.01234v3"}, "2605.01234", 3),
        ({"id": "http://arxiv.org/abs/math.GT/0601001v1"}, "math.GT/0601001", 1),
        ({"id": "https://doi.org/10.48550/arXiv.2605.01234"}, "2605.01234", None),
        ({"arxiv": "2605.01234", "id": "9999.99999"}, "2605.01234", None),
        ({"arxiv_id": "2605.01234", "id": "17"}, "2605.01234", None),
        ({"eprint": "2605.01234v2", "archiveprefix": "arXiv"}, "2605.01234", 2),
        ({"DOI": "10.48550/ARXIV.2605.01234"}, "2605.01234", None),
        ({"url": "http://arxiv.org/abs/2605.01234v2"}, "2605.01234", 2),
        ({"link": ["https://clouds.example/", "https://arxiv.org/pdf/2605.01234.pdf"]}, "2605.01234", None),
        ({"pdf": "https://arxiv.org/pdf/2605.01234v4"}, "2605.01234", 4),
        ({"number": "arXiv:2605.01234"}, "2605.01234", None),
        ({"M1": "arXiv:2605.01234 [cs]"}, "2605.01234", None),
        ({"note": "arXiv:2605.01234 [cs]"}, "2605.01234", None),
        ({"Extra": "Code at git.example. arXiv: 2605.01234."}, "2605.01234", None),
        ({"journal": "arXiv preprint arXiv:2605.01234"}, "2605.01234", None),
        ({"id": "2605.01234", "version": 5}, "2605.01234", 5),
        ({"id": "2605.01234v3", "version": "v5"}, "2605.01234", 5),
        ({"id": "2605.01234", "version": "final"}, "2605.01234", None),
        ({"id": "2605.01234", "version": -1}, "2605.01234", None),
        ({"id": "17", "number": "4", "note": "arXiv: see there", "journal": "arxiv:"}, None, None),
        ({"id": 2605.01234}, None, None),
    ],
)
def test_an_arxiv_id_is_found_in_every_field(record: dict[str, Any], identity: str | None, version: int | None) -> None:
    found = entry(**record)
    assert (found.arxiv_id, found.version) == (identity, version)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"doi": "10.1000/Clouds.1"}, "10.1000/clouds.1"),
        ({"DO": "doi:10.1000/clouds.1"}, "10.1000/clouds.1"),
        ({"id": "https://doi.org/10.1000/clouds.1"}, "10.1000/clouds.1"),
        ({"UR": ["https://clouds.example/", "http://dx.doi.org/10.1000/clouds.1"]}, "10.1000/clouds.1"),
        ({"doi": "10.48550/arXiv.2605.01234"}, None),
        ({"doi": "none"}, None),
        ({"doi": 10.1}, None),
    ],
)
def test_a_doi_is_found_in_every_field(record: dict[str, Any], found: str | None) -> None:
    assert entry(**record).doi == found


@pytest.mark.parametrize(
    ("record", "url"),
    [
        ({"url": "https://clouds.example/1"}, "https://clouds.example/1"),
        ({"id": "2605.01234", "url": "https://arxiv.org/abs/2605.01234"}, None),
        ({"id": "2605.01234", "url": "http://arxiv.org/abs/2605.01234v1"}, None),
        ({"id": "2605.01234", "url": "https://clouds.example/2605.01234"}, "https://clouds.example/2605.01234"),
        ({"url": "https://doi.org/10.1000/clouds.1"}, None),
        ({"UR": ["javascript:alert(1)", "https://clouds.example/1"]}, "https://clouds.example/1"),
        ({"url": "file:///etc/passwd"}, None),
        ({"url": 3}, None),
        ({"url": {"a": 1}}, None),
    ],
)
def test_a_url_is_kept_unless_it_only_repeats_an_identifier(record: dict[str, Any], url: str | None) -> None:
    assert entry(**record).url == url


# -- people -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (["Ada Example", "Ben Sample"], ("Ada Example", "Ben Sample")),
        (["Example, Ada", " Ben  Sample ", "Ada Example", "others"], ("Ada Example", "Ben Sample", "Ada Example")),
        (["Zo\\'e Example", "J.-P. Sample", "Ren&eacute;e Case"], ("Zoé Example", "J.-P. Sample", "Renée Case")),
        ([{"name": "Ada Example"}, {"family": "Sample"}, {"given": "Nobody"}], ("Ada Example", "Sample")),
        ([3, None, [], {"name": 3}, {"family": 3}, {"literal": ""}], ()),
        ("Example, Ada; Sample, Ben", ("Ada Example", "Ben Sample")),
        ("Ada Example, Ben Sample, and Cy Case", ("Ada Example", "Ben Sample", "Cy Case")),
        ("Example, Ada and Sample, Ben", ("Ada Example", "Ben Sample")),
        ({"name": "Ada Example"}, ()),
        (7, ()),
    ],
)
def test_authors_are_parsed_in_every_form(value: Any, names: tuple[str, ...]) -> None:
    assert entry(authors=value).authors == names


# -- words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "categories"),
    [
        (["cs.CL", "cs.LG", "cs.CL"], ("cs.CL", "cs.LG")),
        (["cs.AI", "I.7.5; I.2.1; I.2.8"], ("cs.AI",)),
        (["math.CO", "68T07, 62M10", "Primary 05C10; Secondary 57M15", "35Q30"], ("math.CO",)),
        (["H.m", "cs.DB", "68Txx", "05-XX"], ("cs.DB",)),
        ("cs.CL cs.LG quant-ph cond-mat.dis-nn", ("cs.CL", "cs.LG", "quant-ph", "cond-mat.dis-nn")),
        ("cs.CL, cs.LG", ("cs.CL", "cs.LG")),
        ("Cell Biology; Neuroscience", ("Cell Biology", "Neuroscience")),
        ("computer vision", ("computer vision",)),
        ("3D Vision", ("3D Vision",)),
        ([3, None, {"a": 1}], ()),
        (3, ()),
    ],
)
def test_acm_and_msc_classes_are_not_categories(value: Any, categories: tuple[str, ...]) -> None:
    assert entry(categories=value).categories == categories


@pytest.mark.parametrize(
    ("value", "keywords"),
    [
        (["clouds", " small\nmodels", "clouds", 3], ("clouds", "small models")),
        ([{"tag": "clouds"}, {"name": "rain"}, {"id": "3"}], ("clouds", "rain")),
        ("clouds; small models", ("clouds", "small models")),
        ("clouds, small models", ("clouds", "small models")),
        ("clouds, rain; small models", ("clouds, rain", "small models")),
        ({"clouds": 1}, ()),
    ],
)
def test_keywords_are_parsed_from_a_list_or_a_line(value: Any, keywords: tuple[str, ...]) -> None:
    assert entry(keywords=value).keywords == keywords


@pytest.mark.parametrize(
    ("record", "venue"),
    [
        ({"journal": "Journal of Clouds"}, "Journal of Clouds"),
        ({"booktitle": "Proceedings on Clouds"}, "Proceedings on Clouds"),
        ({"T2": "Journal of Clouds", "JO": "J. Clouds"}, "Journal of Clouds"),
        ({"container-title": ["Journal of Clouds"]}, "Journal of Clouds"),
        ({"journal": "arXiv preprint arXiv:2605.01234"}, None),
        ({"journal": 3}, None),
    ],
)
def test_the_venue_is_found_in_every_field_but_is_not_arxiv(record: dict[str, Any], venue: str | None) -> None:
    assert entry(**record).venue == venue


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (12, 12),
        (0, 0),
        ("12", 12),
        (" 3 ", 3),
        ("many", None),
        (-1, None),
        (True, None),
        (2.5, None),
        ("9" * 5000, None),
    ],
)
def test_upvotes_are_parsed_from_a_number_or_digits(value: Any, count: int | None) -> None:
    assert entry(upvotes=value).upvotes == count


# -- withdrawn ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {"comment": "This paper has been withdrawn by the authors due to an error"},
        {"comment": "This article was\nwithdrawn"},
        {"comment": "withdrawn by the author"},
        {"comment": "Withdrawn by arXiv administrators"},
        {"comments": "This submission has been withdrawn"},
        {"note": ["12 pages", "This manuscript has been withdrawn."]},
        {"abstract": "This paper has been withdrawn by Ada Example."},
        {"withdrawn": True},
        {"withdrawn": "yes"},
        {"is_retracted": 1},
    ],
)
def test_a_withdrawn_paper_is_recognised(record: dict[str, Any]) -> None:
    assert entry(**record).withdrawn


@pytest.mark.parametrize(
    "record",
    [
        {"comment": "Not withdrawn by anyone"},
        {"comment": "We study why this paper has been withdrawn"},
        {"comment": "Withdrawn from a workshop, now in a journal"},
        {"abstract": "Clouds are withdrawn by the wind."},
        {"withdrawn": False},
        {"withdrawn": "no"},
        {"comment": 3},
        {"comments": 3},
    ],
)
def test_a_paper_about_withdrawals_is_not_withdrawn(record: dict[str, Any]) -> None:
    assert not entry(**record).withdrawn


# -- properties ---------------------------------------------------------------------------------------

_NAMES = st.sampled_from(
    [
        *("title", "abstract", "authors", "id", "arxiv", "doi", "url", "pdf", "categories", "keywords", "published"),
        *("date", "year", "month", "day", "journal", "note", "comments", "upvotes", "organization", "code", "project"),
        *("thumbnail", "version", "withdrawn", "issued", "number", "extra"),
    ]
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["2605.01234", "10.1/x", "2026"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text() | st.sampled_from(["name", "family", "date-parts", "raw", "literal"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(_NAMES | st.text(), _VALUES, max_size=12) | _VALUES)
def test_any_record_is_converted_or_refused(record: Any) -> None:
    try:
        found = entry_from(record)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
    else:
        assert found.title == " ".join(found.title.split()) != ""
        assert all(isinstance(name, str) and name for name in (*found.authors, *found.keywords, *found.categories))


@pytest.mark.parametrize(
    ("authors", "count"),
    [
        ("Doe, A. and Roe, B. and 3 others", 5),
        ("Ann Doe et al.", 2),
        (["Doe, Ann", "others"], 2),
        ("Wei Wang, Li Li, Wei Wang", None),  # as many as there are names
        ("", None),
    ],
)
def test_authors_who_are_not_named_count(authors: Any, count: int | None) -> None:
    assert entry_from({"title": "T", "authors": authors}).author_count == count


def test_a_number_of_authors_is_believed_if_it_is_larger_than_that_of_their_names() -> None:
    record = {"title": "T", "authors": "Ann Doe; John Smith"}
    counts = [entry_from({**record, "author_count": number}).author_count for number in ("12", 1, "x", -1, 10**9)]
    assert counts == [12, None, None, None, None]


@pytest.mark.parametrize(
    "record",
    [
        {"doi": "10/gf4qx9"},
        {"doi": "https://doi.org/10/GF4QX9"},
        {"shortdoi": "10/gf4qx9"},
        {"url": "https://doi.org/gf4qx9"},
        {"note": "PMID: 1\nshortDOI: 10/gf4qx9\ntex.x: y"},
    ],
)
def test_a_short_doi_is_kept(record: dict[str, str]) -> None:
    entry = entry_from({"title": "T", **record})
    assert (entry.doi, entry.short_doi) == (None, "10/gf4qx9")


def test_a_doi_and_a_short_doi_are_both_kept() -> None:
    entry = entry_from({"title": "T", "doi": "10.1000/182", "shortdoi": "10/gf4qx9"})
    assert (entry.doi, entry.short_doi) == ("10.1000/182", "10/gf4qx9")

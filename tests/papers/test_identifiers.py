from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.identifiers import arxiv_id, arxiv_version, doi, paper_name, short_doi


@pytest.mark.parametrize(
    ("text", "identity", "version"),
    [
        ("2605.01234", "2605.01234", None),
        ("0704.0001v12", "0704.0001", 12),
        ("arXiv:2605.01234v1", "2605.01234", 1),
        ("ARXIV: 2605.01234", "2605.01234", None),
        ("oai:arXiv.org:2605.01234v3", "2605.01234", 3),
        ("http://arxiv.org/abs/2605.01234v2", "2605.01234", 2),
        ("https://www.arxiv.org/abs/2605.01234", "2605.01234", None),
        ("https://export.arxiv.org/pdf/2605.01234v2.pdf", "2605.01234", 2),
        ("https://arxiv.org/html/2605.01234v1#S1", "2605.01234", 1),
        ("arxiv.org/abs/2605.01234?context=cs", "2605.01234", None),
        ("10.48550/arXiv.2605.01234", "2605.01234", None),
        ("https://doi.org/10.48550/arXiv.2605.01234", "2605.01234", None),
        ("math/0601001", "math/0601001", None),
        ("math.GT/0601001v2", "math.GT/0601001", 2),
        ("math.gt/0601001", "math.GT/0601001", None),
        ("http://arxiv.org/abs/cond-mat/0601001v1", "cond-mat/0601001", 1),
        ("2605.012345", None, None),
        ("2605.123", None, None),
        ("x2605.01234", None, None),
        ("2605.01234v0", None, None),
        ("10.1000/182", None, None),
        ("https://evil.example/abs/2605.01234", None, None),
        ("https://arxiv.org/a/author_1", None, None),
        ("", None, None),
        ("v1", None, None),
        ("2605.01234v", None, None),
        ("٢٦٠٥.٠١٢٣٤", None, None),
    ],
)
def test_arxiv_ids_are_recognised_in_every_spelling(text: str, identity: str | None, version: int | None) -> None:
    assert arxiv_version(text) == (identity, version)
    assert arxiv_id(f" {text}\n") == identity


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.1000/182", "10.1000/182"),
        ("doi:10.1000/ABC", "10.1000/abc"),
        ("DOI: 10.1000/182.", "10.1000/182"),
        ("https://doi.org/10.1093/OBO/978", "10.1093/obo/978"),
        ("http://dx.doi.org/10.1000/182", "10.1000/182"),
        ("info:doi/10.1000/182", "10.1000/182"),
        ("https://doi.org/10.1000%2F182", "10.1000/182"),
        ("10.1002/(SICI)1097<1::AID>3.0.CO;2-A", "10.1002/(sici)1097<1::aid>3.0.co;2-a"),
        ("10.48550/arXiv.2605.01234", None),
        ("10.1000/with space", None),
        ("10.12/182", None),
        ("11.1000/182", None),
        ("", None),
    ],
)
def test_dois_are_recognised_in_every_spelling(text: str, found: str | None) -> None:
    assert doi(text) == found


@given(st.text() | st.from_regex(r"(arxiv:|https?://arxiv.org/abs/)?[\d.a-z/-]{0,20}v?\d?"))
def test_an_identifier_found_in_any_text_is_found_in_itself(text: str) -> None:
    for read in (arxiv_id, doi):
        found = read(text)
        assert found is None or read(found) == found


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("10/gf4qx9", "10/gf4qx9"),
        ("10/GF4QX9", "10/gf4qx9"),
        ("https://doi.org/10/gf4qx9", "10/gf4qx9"),
        ("http://dx.doi.org/gf4qx9", "10/gf4qx9"),
        ("doi.org/gf4qx9", "10/gf4qx9"),
        ("https://shortdoi.org/gf4qx9", "10/gf4qx9"),
        ("doi:10/gf4qx9", "10/gf4qx9"),
        (" shortDOI: 10/aabbe ", "10/aabbe"),
        ("gf4qx9", None),
        ("10/", None),
        ("10.1000/182", None),
        ("https://doi.org/10.1000/182", None),
        ("https://www.doi.org/faq", None),
        ("https://doi.org/the-identifier", None),
        ("10/gf4qx9 and more", None),
    ],
)
def test_a_short_doi_is_an_id_of_its_own(text: str, short: str | None) -> None:
    assert short_doi(text) == short
    assert doi(text) is None or short is None


def test_a_paper_is_named_by_its_short_doi() -> None:
    assert paper_name("10/GF4QX9") == "shortdoi:10/gf4qx9"
    assert paper_name("10.1000/182") == "doi:10.1000/182"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://huggingface.co/papers/2605.01234", "arxiv:2605.01234"),
        ("https://huggingface.co/papers/2605.01234#community", "arxiv:2605.01234"),
        ("http://127.0.0.1:8000/papers/arxiv:2605.01234", "arxiv:2605.01234"),
        ("https://lab.example.org/daily/papers/doi:10.1000/182", "doi:10.1000/182"),
        ("https://huggingface.co/papers/date/2026-05-08", None),
        ("https://huggingface.co/papers", None),
    ],
)
def test_a_paper_is_named_by_the_address_of_a_page_about_it(address: str, name: str | None) -> None:
    assert paper_name(address) == name

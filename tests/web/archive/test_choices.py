"""What a request asks of a list, and the addresses of other choices."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.store.filters import Order
from newsletter.web.archive.choices import Choice, View, read_choice

ORDERS = (Order.UPVOTED, Order.NEWEST)


def choice_of(query: str, path: str = "/topics/X", *, is_search: bool = False, **path_params: str) -> Choice:
    request = Request(
        {"type": "http", "query_string": query.encode(), "headers": [], "path": path, "path_params": path_params}
    )
    return read_choice(request, path, ORDERS, is_search=is_search)


def test_the_usual_choice_needs_no_query() -> None:
    choice = choice_of("")
    assert (choice.order, choice.view, choice.page, choice.address) == (Order.UPVOTED, View.CARDS, 1, "/topics/X")
    assert not choice.is_narrowed
    assert choice.download("bib") == "/topics/X/papers.bib"
    assert choice_of("", "/", page="2").address == "/page/2"


def test_what_is_unknown_is_ignored() -> None:
    choice = choice_of("order=backwards&view=tiles&page=x&source=&colour=red&q=x")
    assert choice.address == "/topics/X"
    assert choice_of("order=new").order is Order.NEWEST, "its former name"


def test_filters_order_and_view_stay_together_and_begin_at_the_first_page() -> None:
    choice = choice_of("source=arxiv&order=newest&view=list", page="3")
    assert choice.address == "/topics/X/page/3?source=arxiv&order=newest&view=list"
    narrowed = choice.with_filter("topic", "LLM agents & more")
    assert narrowed.address == "/topics/X?source=arxiv&topic=LLM+agents+%26+more&order=newest&view=list"
    assert narrowed.without(["source"]).address == "/topics/X?topic=LLM+agents+%26+more&order=newest&view=list"
    assert choice.view.size > View.CARDS.size


@given(st.text(), st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["", "&view=list&order=newest"]))
def test_each_value_of_a_filter_has_the_address_of_a_choice_with_it(q: str, value: str, rest: str) -> None:
    query = f"{urlencode({'q': q}, errors='replace')}&source=%00{rest}"
    choice = choice_of(query, "/search", is_search=True)
    assert choice.narrowed("topic", [value]) == [choice.with_filter("topic", value).address]


def test_only_a_search_keeps_what_is_searched() -> None:
    choice = choice_of("q=clouds&since=2026-05-01", "/search", is_search=True)
    assert choice.without(["since"]).address == "/search?q=clouds"


@pytest.mark.parametrize("page", ["1" * 7, "9" * 5000])
def test_a_number_of_thousands_of_digits_is_refused(page: str) -> None:
    with pytest.raises(HTTPException):
        choice_of("", page=page)


@given(
    st.dictionaries(
        st.sampled_from(("topic", "source", "category", "organization", "code", "order", "view")), st.text()
    )
)
def test_an_address_leads_to_the_same_choice(params: dict[str, str]) -> None:
    from urllib.parse import urlencode

    choice = choice_of(urlencode(params, errors="replace"))
    address = urlsplit(choice.address)
    assert choice_of(address.query) == choice
    assert {"order", "view"}.isdisjoint(dict(parse_qsl(address.query)) if choice.query == "" else {})

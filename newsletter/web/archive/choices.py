"""What a request asks of a list of papers: filters, an order, a view and a page, and the addresses of other choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from urllib.parse import quote_plus, urlencode

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request

from newsletter.limits import PAGE_DIGITS, TAG
from newsletter.models import Topic
from newsletter.rendering.citations import FORMATS
from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.store.search import MOST_COUNTED
from newsletter.topics.query import parse

#: Number of papers on a page: of cards, and of a list with one line each.
PAGE_SIZE, LIST_SIZE = 30, 100
#: Filters by their names in a query string. "code" is either on or off.
FILTERS = ("topic", "source", "category", "organization", "code")
#: What the query string of a search has beside.
SEARCHED = ("q", "since", "until")
#: Former names of orders, in links that are out there.
_FORMER_ORDERS = {"new": Order.NEWEST}


class View(StrEnum):
    """How a list looks."""

    CARDS = "cards"
    #: One paper in two lines.
    LIST = "list"

    @property
    def size(self) -> int:
        """The number of papers on a page."""
        return PAGE_SIZE if self is View.CARDS else LIST_SIZE


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request asks of a list."""

    #: Path of the list, with the site's prefix.
    path: str
    #: The orders that the list has, the usual one first.
    orders: tuple[Order, ...]
    #: The filters that are set, by their names.
    filters: Mapping[str, str]
    order: Order
    view: View = View.CARDS
    page: int = 1
    #: The text and the days of a search.
    searched: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is set."""
        return bool(self.filters)

    @property
    def query(self) -> str:
        """The query string, with "?", of this choice without its page; "" for the usual one."""
        values = {**self.searched, **self.filters}
        if self.order is not self.orders[0]:
            values["order"] = self.order
        if self.view is not View.CARDS:
            values["view"] = self.view
        return f"?{urlencode(values)}" if values else ""

    @property
    def address(self) -> str:
        """The path and query string of this choice."""
        return self._below(f"/page/{self.page}" if self.page > 1 else "")

    def download(self, suffix: str) -> str:
        """Return the path and query string of the list as a file."""
        return self._below(f"/papers.{suffix}")

    def _below(self, rest: str) -> str:
        return f"{self.path.rstrip('/') if rest else self.path}{rest}{self.query}"

    def with_filter(self, name: str, value: str) -> Choice:
        """Return this choice with another filter, from its first page."""
        return replace(self, filters={**self.filters, name: value}, page=1)

    def narrowed(self, name: str, values: Iterable[str]) -> list[str]:
        """Return the address of this choice with another filter, for each of its values."""
        # Of all but the value, once: there may be forty. Behind it are only the order and the view.
        before, _, after = self.with_filter(name, "\0").address.rpartition("%00")
        return [f"{before}{quote_plus(value)}{after}" for value in values]

    def without(self, names: Iterable[str]) -> Choice:
        """Return this choice without some filters or parts of a search, from its first page."""
        gone = set(names)
        filters, searched = (
            {name: value for name, value in values.items() if name not in gone}
            for values in (self.filters, self.searched)
        )
        return replace(self, filters=filters, searched=searched, page=1)

    def limits(self, store: Store, base: Limits) -> Limits:
        """Return the filters with those that a list has of itself; those of an unknown topic find nothing."""
        chosen = self.filters
        limits = replace(
            base, source=chosen.get("source", ""), category=chosen.get("category", ""),
            organization=chosen.get("organization", ""), has_code="code" in chosen,
        )  # fmt: skip
        if topic := self.topic(store):
            return replace(limits, within=parse(topic.query))
        return replace(limits, until=date.min) if "topic" in chosen else limits

    def topic(self, store: Store) -> Topic | None:
        """Return the topic of the catalogue that the list is narrowed to, or None."""
        name = self.filters.get("topic")
        return store.topics.find(name) if name else None


def read_choice(request: Request, path: str, orders: tuple[Order, ...], *, is_search: bool = False) -> Choice:
    """Read what a request asks of the list at a path; what is unknown or malformed is ignored.

    Raises:
        HTTPException: The number of the page has too many digits (400).
    """
    params = {name: value.strip() for name, value in request.query_params.items()}
    filters = {name: value for name in FILTERS if (value := params.get(name, "")) and len(value) <= TAG}
    order, view = params.get("order", ""), params.get("view", "")
    known = {str(one): one for one in orders} | {old: new for old, new in _FORMER_ORDERS.items() if new in orders}
    return Choice(
        path=path,
        orders=orders,
        filters=filters,
        order=known.get(order, orders[0]),
        view=View(view) if view in list(View) else View.CARDS,
        page=page_of(request),
        searched={name: params[name] for name in SEARCHED if is_search and params.get(name)},
    )


def page_of(request: Request) -> int:
    """Return the number of the page requested, in its path or its query string; from 1.

    Raises:
        HTTPException: It has too many digits (400).
    """
    text = str(request.path_params.get("page") or request.query_params.get("page") or "1")
    if len(text) > PAGE_DIGITS:
        raise HTTPException(400)
    last = 1 + MOST_COUNTED // PAGE_SIZE
    return min(max(int(text), 1), last) if text.isascii() and text.isdecimal() else 1


class _Digits(Convertor[str]):
    """A number in a path, as it is written: converting thousands of digits is an error (see `page_of`)."""

    regex = "[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Format(_Digits):
    """The suffix of a file."""

    regex = "|".join(FORMATS)


register_url_convertor("digits", _Digits())
register_url_convertor("format", _Format())

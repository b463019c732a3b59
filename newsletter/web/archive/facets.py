"""Facets of a list: by what it may be narrowed, and how many of its papers would stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from newsletter.models import Topic
from newsletter.rendering.language import Language
from newsletter.store.search import Traits
from newsletter.web.archive.cards import source_name
from newsletter.web.archive.choices import Choice

#: Number of values of a facet that are shown, and that are offered in all.
SHOWN, _OFFERED = 8, 40


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet."""

    label: str
    #: Of the papers that were counted.
    papers: int
    url: str


@dataclass(frozen=True, slots=True)
class Facet:
    """What a list may be narrowed by: topic, source, category, organization, code."""

    name: str
    label: str
    #: The most frequent first.
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the list without it."""

    label: str
    value: str
    url: str


def facets_of(
    choice: Choice, traits: Iterable[Traits], topics: Mapping[int, tuple[Topic, ...]], language: Language
) -> list[Facet]:  # fmt: skip
    """Return the facets by which the list becomes shorter; those that are set already are left out."""
    papers = list(traits)
    counted = {
        "topic": Counter(topic.name for topic in chain.from_iterable(topics.values())),
        "source": Counter(chain.from_iterable(one.sources for one in papers)),
        "category": Counter(chain.from_iterable(one.categories for one in papers)),
        "organization": Counter(filter(None, (one.organization for one in papers))),
        "code": Counter("1" for one in papers if one.has_code),
    }
    labels = _labels(language)
    facets = []
    for name, counter in counted.items():
        offered = [(value, number) for value, number in counter.most_common() if number < len(papers)][:_OFFERED]
        if name not in choice.filters and offered:
            urls = choice.narrowed(name, (value for value, _ in offered))
            values = (
                Value(value_label(name, value, language), number, url)
                for (value, number), url in zip(offered, urls, strict=True)
            )
            facets.append(Facet(name, labels[name], tuple(values)))
    return facets


def chips_of(choice: Choice, language: Language) -> list[Chip]:
    """Return the filters that are set."""
    labels = _labels(language)
    return [
        Chip(labels[name], value_label(name, value, language), choice.without([name]).address)
        for name, value in (*choice.filters.items(), *choice.searched.items())
        if name != "q"
    ]


def value_label(name: str, value: str, language: Language) -> str:
    """Return what people call the value of a filter."""
    if name == "code":
        return language.gettext("With code")
    if name == "topic":
        return language.topic(value)
    return source_name(value) if name == "source" else value


def _labels(language: Language) -> dict[str, str]:
    _ = language.gettext
    return {
        "topic": _("Topic"), "source": _("Source"), "category": _("Category"), "organization": _("Organization"),
        "code": _("Code"), "since": _("From"), "until": _("To"),
    }  # fmt: skip

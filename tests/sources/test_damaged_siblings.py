"""Found = taken + refused, in every reader: a damaged entry is refused with its place, and costs no neighbour."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Entry, Refusal
from newsletter.sources import Document, find_source
from tests.factories import TODAY
from tests.sources.formats.test_no_silent_loss import WRITERS

RECORDINGS = Path(__file__).parent / "recordings"

# -- responses ----------------------------------------------------------------------------------------

#: What stands in the place of an entry in a list of JSON.
DAMAGED_JSON: st.SearchStrategy[Any] = st.sampled_from(
    [None, 7, "x", True, [], {}, [{}], {"title": None}, {"title": 7}, {"paper": {"id": 1}}]
)
#: Kind → the list of entries in its response, and the key of a title.
LISTS: dict[str, Callable[[Any], list[Any]]] = {
    "huggingface": lambda response: response,
    "biorxiv": lambda response: response["collection"],
    "openalex": lambda response: response["results"],
    "semanticscholar": lambda response: response["data"],
    "crossref": lambda response: response["message"]["items"],
}


def parse(kind: str, content: str | bytes) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else content.encode()
    return list(find_source(kind)().parse(Document("saved", body), TODAY))


@pytest.mark.parametrize("kind", LISTS)
@settings(max_examples=20, deadline=None)
@given(damaged=st.lists(DAMAGED_JSON, max_size=6), data=st.data())
def test_damaged_entries_of_an_api_are_refused_one_by_one(kind: str, damaged: list[Any], data: st.DataObject) -> None:
    response = json.loads((RECORDINGS / f"{kind}.json").read_bytes())
    rows = LISTS[kind](response)
    whole = parse(kind, json.dumps(response))  # without the items that are no papers by their kind
    titles = [one.title for one in whole if isinstance(one, Entry)]
    for one in damaged:
        rows.insert(data.draw(st.integers(0, len(rows))), one)
    found = parse(kind, json.dumps(response))
    assert len(found) == len(whole) + len(damaged)
    assert [one.title for one in found if isinstance(one, Entry)] == titles


#: Kind → the file, the end of an entry, and entries that are damaged.
DOCUMENTS = {
    "arxiv": ("arxiv.xml", "</entry>", ["<entry/>", "<entry><title/></entry>", "<entry><id>x</id></entry>"]),
    "feed": ("feed.xml", "</entry>", ["<entry/>", "<entry><title/></entry>", "<entry><title> </title><x/></entry>"]),
    "pubmed": (
        "pubmed.xml",
        "</PubmedArticle>",
        ["<PubmedArticle/>", "<PubmedBookArticle/>", "<PubmedArticle><MedlineCitation/></PubmedArticle>"],
    ),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_damaged_entries_of_xml_are_refused_one_by_one(kind: str, data: st.DataObject) -> None:
    name, end, kinds = DOCUMENTS[kind]
    text = (RECORDINGS / name).read_text(encoding="utf-8")
    whole = parse(kind, text)
    parts = text.split(end)
    damaged = [data.draw(st.lists(st.sampled_from(kinds), max_size=2)) for _ in parts[:-1]]
    text = "".join(part + end + "".join(more) for part, more in zip(parts, damaged, strict=False)) + parts[-1]
    found = parse(kind, text)
    assert len(found) == len(whole) + sum(map(len, damaged))
    assert [one for one in found if isinstance(one, Entry)] == [one for one in whole if isinstance(one, Entry)]


# -- files --------------------------------------------------------------------------------------------

MARK = "Damaged"
DAMAGE = st.sampled_from(
    ["{", "}", '"', '""', "\\", "\x01", "\n", "\n\n", "\r", "<", "&", "<![CDATA[", "é", ",", "=", "#"]
)
#: Formats of which one damaged character spoils all that follows: they say so in an error or a refusal.
FRAGILE = ("csl-json", "endnote xml")


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in FRAGILE])
@settings(max_examples=25, deadline=None)
@given(before=st.integers(1, 3), after=st.integers(1, 3), damage=st.lists(DAMAGE, min_size=1, max_size=4).map("".join))
def test_a_damaged_record_costs_no_neighbour(name: str, before: int, after: int, damage: str) -> None:
    titles = [f"Cloud {number}" for number in range(before + after)]
    records = [(title, ["We count."]) for title in titles]
    text = WRITERS[name]([*records[:before], (MARK, ["We count."]), *records[before:]])
    found = parse("file", text.replace(MARK, f"Some{damage}thing").encode("utf-8", "replace"))
    kept = [one.title for one in found if isinstance(one, Entry) and one.title in titles]
    assert kept == titles
    assert len(found) > len(titles)

from __future__ import annotations

import pytest

from newsletter.errors import RequestError
from newsletter.models import Entry, Refusal, Subscriber, tokens
from newsletter.store import Store
from newsletter.subscribers.feedback import (
    LibraryReport,
    find_paper,
    give_feedback,
    give_feedback_by_token,
    give_feedback_on_library,
)
from tests.factories import NOW, make_entry, make_profile


@pytest.fixture
def ada(store: Store) -> Subscriber:
    """A subscriber, and paper 1."""
    store.papers.add(make_entry(doi="10.1000/182"), NOW)
    return store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)


def test_feedback_is_stored_and_withdrawn(store: Store, ada: Subscriber) -> None:
    give_feedback(store, ada, "2605.01234", True, NOW)
    assert store.feedback.of(ada.id) == {1: True}
    give_feedback(store, ada, "2605.01234", None, NOW)
    assert store.feedback.of(ada.id) == {}


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("name", ["2605.01234", "arXiv:2605.01234v2", "https://doi.org/10.1000/182", "10.1000/182"])
def test_a_paper_is_found_by_its_ids_in_any_spelling(store: Store, name: str) -> None:
    assert find_paper(store, name).id == 1


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("name", ["2605.09999", "10.1000/999", "Counting Clouds", ""])
def test_an_unknown_paper_is_an_error(store: Store, name: str) -> None:
    with pytest.raises(RequestError, match="no paper with the id"):
        find_paper(store, name)


def test_the_token_of_a_link_gives_feedback(store: Store, ada: Subscriber) -> None:
    token = tokens.feedback_prefix(1, liked=False) + tokens.sign(store.secret(), tokens.FEEDBACK, ada.id)
    subscriber, paper, liked = give_feedback_by_token(store, token, NOW)
    assert (subscriber, paper.id, liked) == (ada, 1, False)
    assert store.feedback.of(ada.id) == {1: False}


def test_an_invalid_token_or_one_of_an_unknown_paper_is_an_error(store: Store, ada: Subscriber) -> None:
    signed = tokens.sign(store.secret(), tokens.FEEDBACK, ada.id)
    for token in ("", signed, "1.1.1.forged", tokens.feedback_prefix(99, liked=True) + signed):
        with pytest.raises(RequestError, match="not a valid feedback token"):
            give_feedback_by_token(store, token, NOW)
    assert store.feedback.of(ada.id) == {}


def test_papers_of_a_library_that_are_not_in_the_store_are_kept_as_examples(store: Store, ada: Subscriber) -> None:
    spoons = Entry(source="library", title="On Spoons", abstract="They stir.", doi="10.1000/spoons")
    refusal = Refusal("library.bib, entry 3", "no title")

    report = give_feedback_on_library(store, ada, [make_entry(source="library"), spoons, refusal], True, NOW)

    assert report == LibraryReport(known=1, others=1, refusals=(refusal,))
    assert store.feedback.of(ada.id) == {1: True}
    assert [example.key for example in store.feedback.examples(ada.id)] == ["doi:10.1000/spoons"]
    give_feedback_on_library(store, ada, [spoons], None, NOW)
    assert store.feedback.examples(ada.id) == []

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ProfileError
from newsletter.models import Topic
from newsletter.topics.topic import make_topic, read_topic_line, topic_line


@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("pears", Topic("pears", "pears")),
        ("in-context learning", Topic("in-context learning", "in-context learning")),
        ("pears -apples", Topic("pears -apples", "pears -apples")),
        ("Fruit = pears OR apples", Topic("Fruit", "pears OR apples")),
    ],
)
def test_a_topic_is_read_from_one_line_and_written_as_it(line: str, topic: Topic) -> None:
    fields = read_topic_line(line)
    made = make_topic(fields) if isinstance(fields, str) else make_topic(fields["name"], query=fields["query"])
    assert (made, topic_line(topic)) == (topic, line)


# Without "=": the notation has no escape for its separator.
@given(st.text('ab -"(', max_size=12), st.sampled_from(["pears", "a OR b", "a -b"]))
def test_any_topic_survives_the_notation_on_one_line(name: str, query: str) -> None:
    try:
        topic = make_topic(name, query=query)
    except ProfileError:
        return
    fields = read_topic_line(topic_line(topic))
    read = make_topic(fields) if isinstance(fields, str) else make_topic(fields["name"], query=fields["query"])
    assert read == topic


@pytest.mark.parametrize(
    ("name", "query", "message"),
    [
        ("", "", "topics: a topic has no name"),
        ("?!", "", "topics: '?!': column 1: '?!' has no letters or digits to search for"),
        ("Fruit", "(pears", "topics: 'Fruit': column 1: unclosed ( (add a ) at the end)"),
    ],
)
def test_an_invalid_topic_is_an_error_that_names_it(name: str, query: str, message: str) -> None:
    with pytest.raises(ProfileError) as caught:
        make_topic(name, query=query)
    assert str(caught.value) == message

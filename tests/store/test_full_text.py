"""Topic queries as SQL; what they find is tested in test_search.py."""

from __future__ import annotations

import pytest

from newsletter.store.full_text import condition_of, match_expression, split_query
from newsletter.topics.query import parse


@pytest.mark.parametrize(
    ("query", "match", "conditions"),
    [
        ("pears", '"pears"', 0),
        ("rob*", '"rob"*', 0),
        ("title:pears apples", '{title} : "pears" AND "apples"', 0),
        ("pears OR apples", '("pears" OR "apples")', 0),
        ("pears -apples", '("pears") NOT "apples"', 0),
        ("pears author:ada", '"pears"', 1),
        ("pears -author:ada", '"pears"', 1),
        ("pears OR author:ada", "", 1),
        ("author:ada -pears", "", 2),
        ("pears^3", '"pears"', 0),
    ],
)
def test_a_query_is_a_match_expression_and_conditions(query: str, match: str, conditions: int) -> None:
    expression, rest = split_query(parse(query))
    assert (expression, len(rest)) == (match, conditions)


def test_text_of_a_query_is_quoted_for_fts5() -> None:
    assert match_expression(parse('"a NEAR(b) *"')) == '"a NEAR(b) *"'
    assert match_expression(parse("author:ada")) is None


def test_a_condition_escapes_wildcards() -> None:
    condition = condition_of(parse(r"author:100%_a"))
    assert condition.text == "papers.authors LIKE ? ESCAPE '\\'"
    assert condition.values == (r"%100\%\_a%",)

"""Every mistake in a query has a sentence for whoever typed it; `tests/test_queries.py` sees them on the form."""

from __future__ import annotations

import pytest

from newsletter.errors import QueryError, QueryProblem
from newsletter.rendering.language import language
from newsletter.topics.query import parse
from newsletter.web.subscribers.query_problems import query_problem


@pytest.mark.parametrize("problem", QueryProblem)
def test_every_problem_has_a_sentence_without_columns(problem: QueryProblem) -> None:
    text = query_problem(QueryError("column 3: unclosed", problem=problem), language("en"))
    assert text[0].isupper()
    assert text.endswith((".", "”"))
    assert "column" not in text


def test_a_name_with_an_asterisk_goes_in_quotes() -> None:
    with pytest.raises(QueryError) as caught:
        parse("A* search")
    assert "Please put a name such as “A*” in quotation marks." in query_problem(caught.value, language("en"))
    parse('"A*" search')

"""Topic queries as SQL; that they find what the matcher finds is tested in tests/topics/test_evaluation.py."""

from __future__ import annotations

import pytest

from newsletter.store.full_text import Translator
from newsletter.topics.query import parse

DEFAULT = "{title keywords abstract} : "
INDEXED = {"pear", "apple", "multi", "agent", "multiagent"}


@pytest.mark.parametrize(
    ("query", "match", "conditions", "is_exact"),
    [
        ("pears", f'{DEFAULT}("pear" OR "+pear")', 0, True),
        ("rob*", f'{DEFAULT}"rob"*', 0, True),
        ("RAG", f'{DEFAULT}("=RAG")', 0, True),
        ('title:"multi-agent pear"', '{title} : ("multi agent pear" OR "multiagent pear")', 0, True),
        ("author:ada", '{authors} : ("+ada")', 0, True),
        ("pears AND cat:cs.*", f'{DEFAULT}("pear" OR "+pear")', 1, True),
        ("pears OR cat:cs.CL", "", 1, True),
        ("pears -apple", f'{DEFAULT}("pear" OR "+pear")', 1, True),
        ("pears -apples", f'{DEFAULT}("pear" OR "+pear")', 1, False),
        ("pears^3", f'{DEFAULT}("pear" OR "+pear")', 0, True),
        (
            "pear coding",
            f'{DEFAULT}(("pear coding" OR (("pear" OR "+pear" OR "pear"*) AND ("+coding" OR "cod"* OR "pearcod"*))))',
            0,
            False,
        ),
    ],
)
def test_a_query_is_a_match_expression_and_conditions(query: str, match: str, conditions: int, is_exact: bool) -> None:
    expression, rest = Translator(INDEXED.__contains__).split(parse(query))
    assert (expression.text, len(rest)) == (match, conditions)
    assert (expression.is_exact and all(one.is_exact for one in rest)) is is_exact


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("pears", f'{DEFAULT}("pear" OR "+pear")'),
        ("pear coding", f'{DEFAULT}(((("+pear" OR "pear"*) AND ("+coding" OR "cod"* OR "pearcod"*))))'),
        ('"pear coding"', f'{DEFAULT}("pear coding")'),
        (
            "multi agent pear",
            DEFAULT
            + '(("multiagent pear" OR (("+multi" OR "multi"*) AND ("+agent" OR "agent"* OR "multiagent"*) '
            + 'AND ("+pear" OR "pear"* OR "agentpear"*))))',
        ),
    ],
)
def test_where_papers_need_no_rank_what_other_parts_find_is_left_out(query: str, match: str) -> None:
    expression, _ = Translator(INDEXED.__contains__, is_ranked=False).split(parse(query))
    assert expression.text == match


def test_a_condition_escapes_wildcards() -> None:
    condition = Translator(INDEXED.__contains__).condition(parse(r"source:100%_a"))
    assert condition.values == (r"100\%\_a",)

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import QueryError
from newsletter.topics.query import (
    FIELDS,
    All,
    Any,
    Boost,
    Node,
    Not,
    Term,
    format_query,
    parse,
    phrase,
    query_of,
    wanted_terms,
)

A, B, C = Term("a"), Term("b"), Term("c")
AB = Term("a b", is_near=True)
#: Makes a term; of a tuple, `builds` would choose what is left out, too.
MADE = partial(Term)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        (" a  b ", AB),
        ("a b c", Term("a b c", is_near=True)),
        ("a AND b", All((A, B))),
        ("a AND b c", All((A, Term("b c", is_near=True)))),
        ("title:(a b)", Term("a b", "title", is_near=True)),
        ("title:a b", All((Term("a", "title"), B))),
        ('a "b" c', All((A, B, C))),
        ("a b -c", All((AB, Not(C)))),
        ("-(a b) c", All((Not(AB), C))),
        ("a & b, c!", Term("a b, c!", is_near=True)),
        ("retrieval: a", Term("retrieval: a", is_near=True)),
        ("(a b) c", All((AB, C))),
        ("\u201ca b\u201d c", All((Term("a b"), C))),
        # Signs as Chinese and Japanese keyboards and word processors make them.
        ("\u300ca b\u300d \uff08a\u3000OR b\uff09", All((Term("a b"), Any((A, B))))),
        ("title\uff1aa \uff0db", All((Term("a", "title"), Not(B)))),
        ("a \u2013b \u2212(c)", All((A, Not(B), Not(C)))),
        ("a \u2013 b", AB),
        ("a\u2013b", Term("a\u2013b")),
        ("keyword:a", Term("a", "keyword")),
        ("cat:q-bio.*", Term("q-bio.", "cat", is_prefix=True)),
        ("a not b", Term("a not b", is_near=True)),
        ("a OR b", Any((A, B))),
        ("a b OR c", Any((AB, C))),
        ("a (b OR c)", All((A, Any((B, C))))),
        ("a OR (b OR c)", Any((A, B, C))),
        ('"a  b" c', All((Term("a b"), C))),
        ("a -b", All((A, Not(B)))),
        ("a -(b OR c)", All((A, Not(Any((B, C)))))),
        ("transf*", Term("transf", None, is_prefix=True)),
        ("a^2 b^0.5", All((Boost(A, 2), Boost(B, 0.5)))),
        ("(a b)^3", Boost(AB, 3)),
        ("title:a", Term("a", "title")),
        ('Author:"Ada Example"', Term("Ada Example", "author")),
        ("title:(a OR org:b)", Any((Term("a", "title"), Term("b", "org")))),
        ("title:a^2", Boost(Term("a", "title"), 2)),
        ("in-context", Term("in-context")),
        ("cat:cs.*", Term("cs.", "cat", is_prefix=True)),
        ('C++ "or"', All((Term("C++"), Term("or")))),
        ("文脈 内", Term("文脈 内", is_near=True)),
    ],
)
def test_a_query_is_parsed(text: str, tree: Node) -> None:
    assert parse(text) == tree
    assert parse(format_query(tree)) == tree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: unexpected end of query: expected a word, a phrase or (…)"),
        ("a OR", "column 5: unexpected end of query: expected a word, a phrase or (…)"),
        ("OR a", "column 1: unexpected OR: expected a word, a phrase or (…)"),
        ("a OR OR b", "column 6: unexpected OR: expected a word, a phrase or (…)"),
        ("(a", "column 1: unclosed ( (add a ) at the end)"),
        ("a (b", "column 3: unclosed ( (add a ) at the end)"),
        (
            "a or b",
            "column 3: or is not an operator (to find either, write OR; to search for the word, put it in quotes)",
        ),
        (
            "a And b",
            "column 3: And is not an operator (to find both, write AND; to search for the word, put it in quotes)",
        ),
        (
            "a NOT b",
            "column 3: NOT is not an operator (to exclude a word, write -word; to search for it, put it in quotes)",
        ),
        ("a || b", "column 3: || is not an operator (to find either, write OR)"),
        ("a title:", "column 3: empty field title: (write title:word, without a space)"),
        ("title: a", "column 1: empty field title: (write title:word, without a space)"),
        ("tilte: a", "column 1: unknown field 'tilte' (did you mean title:word?)"),
        ("tilte:", "column 1: unknown field 'tilte' (did you mean title:word?)"),
        ("abs:a", "column 1: unknown field 'abs' (did you mean abstract:?)"),
        ("title:org:a", "column 7: two fields: title: and org:"),
        (
            "dc:a",
            f"column 1: unknown field 'dc' (known: {', '.join(FIELDS)}; text with a colon goes in quotes)",
        ),
        ("a " * 401, "query too long: more than 400 words (make two topics of it)"),
        ("a)", "column 2: unmatched ) (remove it, or add a ( before it)"),
        ("()", "column 2: unexpected ): expected a word, a phrase or (…)"),
        ('a "b', 'column 3: unclosed " (add a " at the end of the phrase)'),
        ('a ""', "column 3: '' has no letters or digits to search for"),
        ("a ^", "column 3: unexpected ^ (add a number after it, as in agents^2)"),
        ("a^x", "column 2: unexpected ^ (add a number after it, as in agents^2)"),
        ("?!", "column 1: '?!' has no letters or digits to search for"),
        (
            "a b*c d A*",
            (
                "column 9: invalid prefix 'A*' (expected two or more characters of one word, as in agent*; "
                "a name such as A* goes in quotes)"
            ),
        ),
        ("in-con*", "column 1: invalid prefix 'in-con*' (expected two or more characters of one word, as in agent*)"),
        ("titel:a", "column 1: unknown field 'titel' (did you mean title:?)"),
        ("-a", "empty query: only exclusions (add a word to search for, as in agents -survey)"),
        ("-a -b", "empty query: only exclusions (add a word to search for, as in agents -survey)"),
        ("a" * 2001, "query too long: 2001 characters (the maximum is 2000)"),
        ("(" * 40 + "a" + ")" * 40, "parentheses nested more than 30 deep"),
    ],
)
def test_an_invalid_query_is_an_error_that_names_the_column(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert str(caught.value) == message


TERMS = st.one_of(
    st.builds(MADE, st.sampled_from(["a", "OR", "AND", "or", "Not", "||1", "title:", "in-context", "two words", "-dash",
                                     "a:b", "x^2", "RAG", "文"]),
              st.none() | st.sampled_from(FIELDS)),
    st.builds(MADE, st.sampled_from(["a b", "in-context R&D: x", "not RAG"]), st.none() | st.sampled_from(FIELDS),
              is_near=st.just(value=True)),
    st.builds(MADE, st.sampled_from(["tr", "agent"]), st.none() | st.sampled_from(FIELDS), st.just(value=True)),
)  # fmt: skip


def joined(kind: type[All] | type[Any], parts: list[Node]) -> Node:
    """As reading does: no level between those of one kind."""
    return kind(tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))))


NODES: st.SearchStrategy[Node] = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: joined(All, parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: joined(Any, parts)),
        st.builds(Not, inner),
        st.builds(Boost, inner, st.sampled_from([0.5, 2.0, 10.0])),
    ),
    max_leaves=8,
)


@given(NODES.filter(lambda node: any(True for _ in wanted_terms(node))))
def test_a_formatted_query_parses_to_the_same_tree(node: Node) -> None:
    assert parse(format_query(node)) == node


@given(st.text(st.sampled_from('ab "()-^*:OR2.') | st.characters(), max_size=40))
@example('title:"')
def test_any_text_is_a_query_or_an_error_of_one_line(text: str) -> None:
    try:
        node = parse(text)
    except QueryError as error:
        problem = str(error)
    else:
        problem = ""
        assert parse(format_query(node)) == node
    assert len(problem.splitlines()) <= 1


def test_keywords_and_exclusions_make_a_query() -> None:
    assert query_of(["in-context learning", "ICL"], ["survey"]) == '("in-context learning" OR ICL) -survey'
    assert query_of(["pear"]) == "pear"
    assert query_of(['say "hi"', "OR"]) == '"say hi" OR "OR"'
    assert phrase("two  words") == Term("two words")
    with pytest.raises(QueryError, match="has no letters or digits"):
        query_of(["..."])

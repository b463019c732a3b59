from __future__ import annotations

import pytest

from newsletter.errors import StatementError
from newsletter.store.full_text import quoted
from newsletter.store.postgresql_match import tsquery

WHOLE = "{title keywords abstract} : "


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f'{WHOLE}"cloud"', "'cloud':ABC"),
        ('{title} : "Cloud cover"', "'cloud':A <-> 'cover':A"),
        ('{keywords} : "rain"*', "'rain':*B"),
        ('{authors} : ("ada lovelace")', "'@ada' <-> '@lovelace'"),
        ('{organization} : "deep"*', "'~deep':*"),
        (f'{WHOLE}("a" OR "b c") AND {{abstract}} : "d"', "(('a':ABC) | ('b':ABC <-> 'c':ABC)) & ('d':C)"),
        (f'{WHOLE}("a" AND ("b" OR "c"))', "('a':ABC) & (('b':ABC) | ('c':ABC))"),
        (f'{WHOLE}("gpt-4")', "'gpt':ABC <-> '4':ABC"),
        (f'{WHOLE}("it\'s")', "'it''s':ABC"),
        (f'{WHOLE}("ÀB")', "'Àb':ABC"),
        (f'{WHOLE}("a" OR "—")', "('a':ABC) | ('—':ABC)"),
        (f'{WHOLE}("a" OR "-")', "'a':ABC"),
        ('"a"', "('a') | ('@a') | ('~a')"),
        ('"-"', "' '"),
    ],
)
def test_an_expression_of_fts5_is_one_of_postgresql(expression: str, expected: str) -> None:
    assert tsquery(expression) == expected


@pytest.mark.parametrize("wrong", ["", "(", '("a"', '"a" AND', '{nothing} "a"', "a OR b", '"a" NOT "b"', '"a")'])
def test_any_other_expression_is_refused(wrong: str) -> None:
    with pytest.raises(StatementError, match="not a match expression"):
        tsquery(wrong)


def test_what_people_type_stays_in_its_quotes() -> None:
    typed = quoted(("\"' | !a:*",))
    assert tsquery(f"{{title}} : {typed}") == "'''':A <-> '|':A <-> 'a':A"

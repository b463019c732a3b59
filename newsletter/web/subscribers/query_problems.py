"""What is wrong with a query, in the language of whoever typed it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from newsletter.errors import QueryError, QueryProblem
from newsletter.models.languages import translatable
from newsletter.rendering.language import Language

_TEXTS: Mapping[QueryProblem, str] = {
    QueryProblem.TOO_LONG: translatable("This query is too long. Please make two topics of it."),
    QueryProblem.UNCLOSED_PHRASE: translatable("A quotation mark is missing at the end of a phrase."),
    QueryProblem.UNCLOSED_PARENTHESIS: translatable("A “)” is missing: each “(” needs one."),
    QueryProblem.UNMATCHED_PARENTHESIS: translatable("There is a “)” without a “(” before it."),
    QueryProblem.ONLY_EXCLUSIONS: translatable(
        "This query only says what to leave out. Please add a word to search for, as in “agents -survey”."
    ),
    QueryProblem.UNKNOWN_FIELD: translatable(
        "A word before a colon must be the name of a field, such as “title:” or “author:”, and be followed by a word "
        "without a space. Please put other text that has a colon in quotation marks."
    ),
    QueryProblem.INCOMPLETE: translatable("A word or a phrase is missing at the end, or between two operators."),
    QueryProblem.NOTHING_TO_FIND: translatable("A part of this query has no letters or digits to search for."),
    QueryProblem.NOT_AN_OPERATOR: translatable("Words are joined by OR and AND in capitals, and excluded by “-word”."),
    QueryProblem.SHORT_PREFIX: translatable(
        "A “*” needs a word of at least two letters before it, as in “robot*”. Please put a name such as “A*” in "
        "quotation marks."
    ),
    QueryProblem.UNKNOWN_TOPIC: translatable("There is no such topic."),
    QueryProblem.OTHER: translatable(
        "This query cannot be read. Please check its quotation marks, parentheses and operators."
    ),
}


def query_problem(error: QueryError, language: Language) -> str:
    """Return what is wrong with a query."""
    return language.gettext(_TEXTS[error.problem])


def query_refusal(error: QueryError, language: Language) -> JSONResponse:
    """Return the response of an address of JSON: the error as commands print it, and a sentence in a language."""
    return JSONResponse({"error": error.message, "hint": error.hint, "summary": query_problem(error, language)}, 422)

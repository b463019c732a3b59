"""The store's SQL for PostgreSQL: what differs between the two databases, in one place.

The statements are written in the SQL that both understand. A few things have another form here and are replaced,
outside of literals: placeholders (`?` and `:name` → `$1`), hints for SQLite's planner (`INDEXED BY`, `+column`,
`CROSS JOIN … ON`, which is kept as LATERAL where a list of ids is looked up), empty lists (`IN ()`), full-text search
(`MATCH`, `bm25`), comparisons that ignore case (`LIKE`, `COLLATE NOCASE`) and NULL-safe ones of rows (`IS NOT`).
Functions that SQLite has and PostgreSQL does not are in the database (`store.postgresql_functions`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from newsletter.store.database import Values

_LITERAL = re.compile(r"('(?:[^']|'')*')")
_PLACEHOLDER = re.compile(r"\?|(?<!:):([a-z_]+)")
#: Of a whole statement, in this order.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (r"[\w.]+ NOT IN \(\s*\)", "TRUE"),
        (r"[\w.]+ IN \(\s*\)", "FALSE"),
        (r"\bINDEXED BY \w+", ""),
        (r"(?<=[ (])\+(?=[a-z])", ""),
        (r"\bCROSS JOIN\b", "JOIN"),
        (r"\btemp\.", "pg_temp."),
        (r"\bAS INTEGER\)", "AS bigint)"),
        (r"\bINTEGER\b", "bigint"),
        (r"\blower\((\$\d+)\)", r'lower(\1 COLLATE "C")'),
        (r"\bvalue LIKE\b", 'value COLLATE "C" LIKE'),
        (r"\bLIKE\b", "ILIKE"),
        (r"(\w+) = (\$\d+) COLLATE NOCASE", r'lower(\1) = lower(\2 COLLATE "C")'),
        (r"(\w+) COLLATE NOCASE", r"lower(\1)"),
        (r"\) IS NOT \(", ") IS DISTINCT FROM ("),
        (r"\bjson_group_array\(json_array\(([^()]*)\)\)", r"coalesce(json_agg(json_build_array(\1)), '[]')::text"),
    )
)
#: A join whose order is given, and what may end its condition.
_IN_ORDER = re.compile(r"\bCROSS JOIN (?P<table>\w+(?: AS (?P<alias>\w+))?) ON ")
_CLAUSES = "CROSS|LEFT|INNER|JOIN|WHERE|GROUP|HAVING|ORDER|LIMIT|UNION|EXCEPT|RETURNING"
_END = re.compile(rf"'(?:[^']|'')*'|[()]|\s+(?:{_CLAUSES})\b")
_LISTED = re.compile(r"\bvalue\b")
_MATCH = re.compile(r"papers_fts MATCH (\$\d+)")
#: `filters.BM25`, in the terms of `ts_rank`: what D, C (abstract), B (keywords) and A (title) count.
_BM25 = re.compile(r"bm25\(papers_fts, [^)]*\)")
_RANK = "-ts_rank('{{0, 0.25, 0.5, 1}}', papers_fts.words, {}::tsquery)"


class Statement(NamedTuple):
    """A statement for PostgreSQL, and how its values are taken from those of ours."""

    text: str
    #: The names of placeholders in their order; () if they have none.
    names: tuple[str, ...]
    #: Whether it inserts rows.
    inserts: bool

    def values(self, values: Values) -> Sequence[Any]:
        """Return the values in the order of the placeholders."""
        if isinstance(values, Mapping):
            return [values[name] for name in self.names]
        return values


@lru_cache(maxsize=1024)
def translated(sql: str) -> Statement:
    """Return a statement of the store as PostgreSQL understands it."""
    names: list[str] = []
    number = _numbers(names)
    pieces = _LITERAL.split(sql)
    pieces[::2] = [_PLACEHOLDER.sub(number, piece) for piece in pieces[::2]]
    whole = "".join(pieces)
    if found := _MATCH.search(whole):
        whole = _BM25.sub(_RANK.format(found[1]), whole)
        whole = _MATCH.sub(r"papers_fts.words @@ \1::tsquery", whole)
    whole = _looked_up(whole)
    pieces = _LITERAL.split(whole)
    for pattern, form in _FORMS:
        pieces[::2] = [pattern.sub(form, piece) for piece in pieces[::2]]
    return Statement("".join(pieces), tuple(names), sql.lstrip().startswith("INSERT"))


def _looked_up(sql: str) -> str:
    """Return a statement in which what a list of ids names (`one.value`) is looked up one by one.

    So it is in SQLite, by CROSS JOIN. Else, while millions of deliveries are written, of which the server has no
    statistics yet, it would read all of them for each list: it takes them for a few.
    """
    pieces, at = [], 0
    for join in _IN_ORDER.finditer(sql):
        end = _end_of_condition(sql, join.end())
        condition = sql[join.end() : end]
        if not _LISTED.search(condition):
            continue
        name = join["alias"] or join["table"]
        found = f"SELECT * FROM {join['table']} WHERE {condition} OFFSET 0"  # which keeps it apart from the rest
        pieces += [sql[at : join.start()], f"INNER JOIN LATERAL ({found}) AS {name} ON TRUE"]
        at = end
    return "".join([*pieces, sql[at:]])


def _end_of_condition(sql: str, begin: int) -> int:
    depth = 0
    for one in _END.finditer(sql, begin):
        if one[0] == "(":
            depth += 1
        elif one[0] == ")":
            depth -= 1
        if depth < 0 or (depth == 0 and one[0].strip().isalpha()):
            return one.start()
    return len(sql)


def _numbers(names: list[str]) -> Callable[[re.Match[str]], str]:
    """Return what numbers the placeholders, equal names alike, and collects the names."""
    unnamed = 0

    def number(match: re.Match[str]) -> str:
        nonlocal unnamed
        if match[1] is None:
            unnamed += 1
            return f"${unnamed}"
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return number

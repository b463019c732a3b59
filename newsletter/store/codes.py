"""Categories and sources that a query asks for: few papers hold a rare one, and an index knows them."""

from __future__ import annotations

from newsletter.store.database import Database
from newsletter.store.full_text import Sql
from newsletter.topics.query import CODES, All, Any, Boost, Node, Term

#: Codes are rare if no more papers hold one of them; of more, the newest are looked at one by one.
_FEW = 5000
_ROWS = "SELECT paper_id FROM paper_codes WHERE field = ? AND code >= ? AND code < ?"
#: Follows every code that begins with what stands before it.
_LAST = chr(0x10FFFF)
#: Follows a code directly: codes have no control characters.
_NEXT = "\x01"


def codes_in(query: Node | None) -> tuple[Term, ...]:
    """Return terms for codes of which every paper that matches holds one; () if there are none such."""
    match query:
        case Term() if query.field in CODES and query.text.isascii():
            return (query,)
        case Boost():
            return codes_in(query.part)
        case All():
            return min(filter(None, map(codes_in, query.parts)), key=len, default=())
        case Any():
            each = [codes_in(part) for part in query.parts]
            return tuple(term for terms in each for term in terms) if all(each) else ()
    return ()


def holders(db: Database, terms: tuple[Term, ...]) -> Sql | None:
    """Return the condition that a paper holds one of some codes, or None if these are not rare."""
    values: list[str] = []
    for term in terms:
        code = term.text.lower()
        values += (str(term.field), code, code + (_LAST if term.is_prefix else _NEXT))
    rows = " UNION ALL ".join([_ROWS] * len(terms))
    count = f"SELECT count(*) FROM (SELECT 1 FROM ({rows}) AS found LIMIT {_FEW + 1}) AS few"
    (number,) = db.execute(count, values).fetchone()
    return Sql(f"traits.paper_id IN ({rows})", tuple(values)) if number <= _FEW else None

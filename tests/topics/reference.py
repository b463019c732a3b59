"""What a query means, said as plainly as possible: one paper, one passage, one place after the other."""

from __future__ import annotations

import re

from newsletter.models import Paper
from newsletter.text.tokenizer import joined, prefixes, stem, surfaces, words
from newsletter.topics.query import All, Any, Boost, Node, Not, Term

FUNCTION_WORDS = frozenset(
    ("a", "an", "and", "as", "at", "be", "by", "for", "is", "it", "no", "not", "of", "or", "so", "the", "to", "up",
     "us", "vs", "we", "with")
)  # fmt: skip
UNSPOKEN = FUNCTION_WORDS | {"are", "from", "in", "into", "on", "over", "that", "via"}


def holds(node: Node, paper: Paper, *, is_excluded: bool = False) -> bool:
    """Return whether a paper matches a query."""
    match node:
        case Term():
            is_apart = node.is_near and not node.field and is_apart_in(node.text.split(), paper)
            return is_apart or any(term_in(node, found, name, is_excluded) for name, found in passages(node, paper))
        case All(parts):
            return all(holds(part, paper, is_excluded=is_excluded) for part in parts)
        case Any(parts):
            return any(holds(part, paper, is_excluded=is_excluded) for part in parts)
        case Boost(part, _):
            return holds(part, paper, is_excluded=is_excluded)
        case Not(part):
            return not holds(part, paper, is_excluded=True)


def passages(term: Term, paper: Paper) -> list[tuple[str, list[str]]]:
    fields = {
        "title": [paper.title], "keyword": list(paper.keywords), "abstract": [paper.abstract],
        "author": list(paper.authors), "org": [paper.organization or ""], "cat": list(paper.categories),
        "source": list(paper.sources),
    }  # fmt: skip
    names = [term.field] if term.field else ["title", "keyword", "abstract"]
    return [(name, fields[name]) for name in names]


def term_in(term: Term, texts: list[str], field: str, is_excluded: bool) -> bool:
    if field in ("cat", "source"):
        wanted = term.text.casefold()
        return any(
            text.casefold().startswith(wanted) if term.is_prefix else text.casefold() == wanted for text in texts
        )
    if term.is_prefix:
        return any(word.startswith(prefixes(words(term.text)[0])) for text in texts for word in words(text))
    if not term.is_near:
        return any(phrase_in(term.text, text, is_excluded) for text in texts)
    typed = [word for word in term.text.split() if words(word)]
    caps = [word for word in typed if re.fullmatch("[A-Z]{2,}s?", word)]
    if len(caps) < len(typed) and any(not in_capitals(word, "\n".join(texts)) for word in caps):
        return False
    return any(phrase_in(term.text, text, False) or near_in(typed, text, field == "title") for text in texts)


def is_apart_in(typed: list[str], paper: Paper) -> bool:
    """Return whether the title has one of the words, and the abstract all of them within twice as many words."""
    needed, title = needed_of(typed), words(paper.title)
    caps = [word for word in typed if re.fullmatch("[A-Z]{2,}s?", word)]
    is_shouted = len(caps) == sum(bool(words(word)) for word in typed)
    if not (is_shouted or all(in_capitals(word, paper.abstract) for word in caps)):
        return False
    is_titled = any(begins(word, title[at:]) for word in needed.values() for at in range(len(title)))
    return is_titled and near_in(typed, paper.abstract, False, 6)


def in_capitals(word: str, text: str) -> bool:
    """Return whether a word is in a text in capitals, or, of the letters of another case, two are capitals."""
    bare = word.removesuffix("s")
    if re.search(rf"(?<![A-Za-z0-9])(?:{bare}s?(?![A-Za-z])|{bare}(?=v[0-9]))", text):
        return True
    found = re.findall(r"(?<![A-Za-z0-9])(?:[A-Za-z]{3,}(?=v[0-9])|[A-Za-z]+)", text)
    parts = [one.split("-") for one in re.findall(r"(?<![\w-])[A-Za-z]+(?:-[A-Za-z]+)+(?![\w-])", text)]
    found += ["".join(one) for one in parts if all(len(part) == 1 or part[0].isupper() for part in one)]
    mixed = [one.removesuffix("s") for one in found]
    return any(one.upper() == bare and len(re.findall("[A-Z]", one)) > 1 for one in mixed)


def phrase_in(typed: str, text: str, is_excluded: bool) -> bool:
    if re.fullmatch("[A-Z]{2,}s?", typed):
        return in_capitals(typed, text)
    parts, written, tokens, tokens_written = words(typed), surfaces(typed), words(text), surfaces(text)
    is_literal = is_excluded and parts != written
    needs_hyphen = "-" in typed and " " not in typed and not FUNCTION_WORDS.isdisjoint((parts[0], parts[-1]))
    for start in range(len(tokens)):
        for stop in range(start + 1, len(tokens) + 1):
            if not is_spelling(parts, written, tokens[start:stop], len(parts) > 1):
                continue
            if is_literal and "".join(tokens_written[start:stop]) != "".join(written):
                continue
            run = "[-]".join(map(re.escape, tokens_written[start:stop]))
            if not needs_hyphen or re.search(rf"(?<!\w){run}(?!\w)", text.lower()):
                return True
    if len(parts) == 1 and not is_literal:  # "kNN" and "k-NN"
        return any(joined(surfaces(one)) == joined(written) for one in re.findall(r"\w+(?:-\w+)+", text))
    return False


def is_spelling(parts: list[str], written: list[str], tokens: list[str], is_beside: bool = False) -> bool:
    """Return whether tokens are these words, some of them joined (three at most) or split in two."""
    if not parts or not tokens:
        return not parts and not tokens

    def goes_on(taken: int, used: int) -> bool:
        return is_spelling(parts[taken:], written[taken:], tokens[used:], is_beside)

    if parts[0] == tokens[0] and goes_on(1, 1):
        return True
    first, second = tokens[0], "".join(tokens[1:2])
    is_joined = first + second == parts[0] and FUNCTION_WORDS.isdisjoint(tokens[:2])
    is_split = is_joined and parts[0].isalpha()
    is_single = any(half.isalpha() and len(half) == 1 for half in (first, second))
    is_part = is_joined and bool(second) and first[-1].isdecimal() != second[0].isdecimal()
    if is_part and (is_beside or not is_single) and goes_on(1, 2):
        return True
    if is_split and len(parts[0]) >= 6 and len(second) >= 2 and len(first) >= 2 - is_beside and goes_on(1, 2):
        return True
    is_short = is_split and is_beside and 3 <= len(parts[0]) < 6
    if is_short and (len(first) == 1 or (len(second) > 1 and UNSPOKEN.isdisjoint(tokens[:2]))) and goes_on(1, 2):
        return True
    wholes = [words(joined(written[:taken])) for taken in range(2, min(3, len(parts)) + 1)]
    return any(tokens[: len(one)] == one and goes_on(taken, len(one)) for taken, one in enumerate(wholes, start=2))


def needed_of(typed: list[str]) -> dict[str, str]:
    """Return the words that have to be near each other, by their stems."""
    needed = {}
    for word in typed:
        parts = words(word)
        if len(parts) > 1 or (parts and parts[0] not in UNSPOKEN) or re.fullmatch("[A-Z]{2,}s?", word):
            needed[stem(parts[0]) if len(parts) == 1 else " ".join(parts)] = word
    return needed


def near_in(typed: list[str], text: str, is_title: bool, each: int = 3) -> bool:
    needed = needed_of(typed)
    if len(needed) < 2:
        return False
    tokens = words(text)
    window = len(tokens) if is_title else each * len(needed)
    return any(
        all(any(begins(word, tokens[at:]) for at in range(start, min(start + window, len(tokens))))
            for word in needed.values())
        for start in range(len(tokens))
    )  # fmt: skip


def begins(word: str, tokens: list[str]) -> bool:
    parts, written = words(word), surfaces(word)
    if len(parts) == 1 and stem(parts[0]) == stem(tokens[0]):
        return True
    return any(is_spelling(parts, written, tokens[:length], True) for length in range(1, len(parts) + 2))

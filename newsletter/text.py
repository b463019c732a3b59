"""Text from outside made fit to store, compare and read. Pure functions over `str`; none of them raises."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

# -- storing --------------------------------------------------------------------------------------

# What can reorder or hide the text around it: bidi embeddings, overrides and isolates (Unicode TR 36, 3.2),
# zero-width space and word joiner, byte-order mark, soft hyphen. Joiners (U+200C, U+200D) stay: Persian
# and emoji need them.
_TREACHEROUS = re.compile("[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def squeeze(text: str) -> str:
    """Return `text` in NFC on one line: no control, surrogate or bidi characters, single spaces, trimmed."""
    text = _SURROGATE.sub("\ufffd", text)
    text = _CONTROL.sub(" ", _TREACHEROUS.sub("", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def title_key(title: str) -> str:
    """Return what two spellings of one title share: letters and digits only, case folded.

    Sources disagree on hyphens, dashes, dollar signs and line breaks; they agree on the letters.
    """
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "".join(filter(str.isalnum, folded)) or squeeze(folded)


def title_hash(title: str) -> str:
    """Return a short name for a title: 16 hexadecimal digits of the SHA-256 of its `title_key`."""
    return hashlib.sha256(title_key(title).encode("utf-8", "replace")).hexdigest()[:16]


# -- comparing ------------------------------------------------------------------------------------

# Chinese, Japanese and Korean are written without spaces: each of their characters counts as a word.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)*")

# "GPUs", which the rule for "us" below would keep.
_ACRONYMS = re.compile(r"\b([A-Z]{2,})s\b")


def words(text: str) -> list[str]:
    """Split into words that compare equal across case, hyphens, possessives and plurals, in reading order."""
    text = _ACRONYMS.sub(r"\1", unicodedata.normalize("NFKC", text))
    return [_singular(word) for word in _WORD.findall(text.casefold())]


@lru_cache(maxsize=65536)
def _singular(word: str) -> str:
    """Take a plural "s" off: Harman, "How effective is suffixing?", JASIS 42(1), 1991, the S stemmer."""
    for possessive in ("'s", "’s"):
        word = word.removesuffix(possessive)
    if len(word) <= 3:
        return word
    if word.endswith("ies"):
        return word if word.endswith(("eies", "aies")) else word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("es"):
        return word if word.endswith(("aes", "ees", "oes")) else word[:-1]
    if word.endswith("s"):
        return word if word.endswith(("us", "ss")) else word[:-1]
    return word


# -- reading --------------------------------------------------------------------------------------

# A backslash, ^ or _ between two dollars means mathematics. Without one Pandoc's rule keeps money apart: the
# opening dollar is followed by no space, the closing one follows no space and is not followed by a digit.
_MATH = re.compile(
    r"(?<![\\$])\$(?:(?P<marked>[^$\\^_]{0,300}[\\^_][^$]{0,300})\$"
    r"|(?P<plain>(?!\s)[^$]{1,300})(?<!\s)\$(?![\d$]))"
    r"|\\\((?P<round>.{1,300}?)\\\)"
)
_STYLED = re.compile(
    r"\\(?:text(?:it|bf|tt|sc|rm|sf|sl|md|up|normal)?|emph|underline|math(?:rm|it|bf|sf|tt)|mbox)\s*\{([^{}]*)\}"
)
_ACCENT = re.compile(r"""\\(?:['"`^~=.](?:\{\\?[A-Za-z]\}|\\?[A-Za-z])|[cvuHkr]\{[A-Za-z]\})""")
_ESCAPED = re.compile(r"\\([%&$#_{}])")
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]{1,12})\}|(\w))")
_SUPERSCRIPTS = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPTS = str.maketrans("0123456789+-=()aeijkmnopt", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₘₙₒₚₜ")


def readable(text: str) -> str:
    """Turn the LaTeX that titles and abstracts carry into Unicode, where that is faithful; leave the rest."""
    if "\\" not in text and "$" not in text:
        return text
    text = _MATH.sub(lambda match: _math(match[match.lastgroup or 0]), text)
    previous = None
    while previous != text:
        previous, text = text, _STYLED.sub(r"\1", text)
    text = _ACCENT.sub(lambda match: _unicode(match[0]), text)
    return squeeze(_ESCAPED.sub(r"\1", text))


def _math(formula: str) -> str:
    scripted = _SCRIPT.sub(_script, formula)
    text = _unicode(f"${scripted}$")
    return formula if "\\" in text else text


def _script(match: re.Match[str]) -> str:
    raised = match[1] == "^"
    content = (match[2] or match[3]).strip()
    table = _SUPERSCRIPTS if raised else _SUBSCRIPTS
    # The empty group keeps a command before the script, as in \alpha_i, from swallowing it.
    return "{}" + content.translate(table) if all(ord(char) in table for char in content) else match[0]


def _unicode(latex: str) -> str:
    try:
        return squeeze(str(_converter().latex_to_text(latex, tolerant_parsing=True)))
    except Exception:  # noqa: BLE001 - the converter fails on broken LaTeX in ways of its own: $\frac\sqrt$ is a KeyError
        return latex


@cache
def _converter() -> Any:
    from pylatexenc import latex2text  # noqa: PLC0415 - heavy, and most text has no LaTeX

    known = latex2text.get_default_latex_context_db()
    # A command we do not know stays as it was typed, rather than vanish with its meaning.
    known.set_unknown_macro_spec(latex2text.MacroTextSpec("", simplify_repl=lambda node: node.latex_verbatim()))
    return latex2text.LatexNodes2Text(math_mode="text", latex_context=known)


_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]]*(?=\s+\S|(?<=[。！？])|$)")
_NOT_AN_END = re.compile(r"(?:\b(?:e\.g|i\.e|al|vs|cf|Fig|Eq|Sec|resp|approx|Dr|St|No)|\b[A-Z])\.$")


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`: whole sentences where one ends late enough, else whole words."""
    if len(text) <= limit:
        return text
    head = text[: limit + 1]
    ends = [match.end() for match in _SENTENCE_END.finditer(head) if match.end() <= limit]
    for end in reversed(ends):
        if end >= limit * 0.4 and not _NOT_AN_END.search(head[:end]):
            return head[:end]
    cut = head[:limit].rfind(" ")
    return head[: cut if cut > limit // 2 else limit - 1].rstrip(" ,;:–—-") + "…"


def counted(number: int, noun: str) -> str:
    """Return "1 paper" or "3 papers"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"

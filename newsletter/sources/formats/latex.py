"""LaTeX in BibTeX values: accents, symbols and grouping braces.

Braces group, protect capitals and hold arguments. Only in BibTeX can they be removed: elsewhere they may be text.
"""

from __future__ import annotations

import re
import unicodedata

_COMBINING_MARKS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_ACCENTED = re.compile(
    r"\\(?:(?P<sign>['`^\"~=.])\s*|(?P<letter>[cvuHkrdb])(?:\s+|(?=\{)))"
    r"(?:\{\s*\\?(?P<braced>[A-Za-z])\s*\}|\\?(?P<bare>[A-Za-z]))"
)
_SYMBOLS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "textendash": "–",
    "textemdash": "—", "textquoteright": "’", "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”",
    "ldots": "…", "dots": "…", "textregistered": "®", "texttrademark": "™", "textasciitilde": "∼",
}  # fmt: skip
_SYMBOL = re.compile(
    r"\\(" + "|".join(sorted(_SYMBOLS, key=len, reverse=True)) + r")(?![A-Za-z])(?:\{\}|\s+(?=[A-Za-z]))?"
)
# Font switches, which extend to the end of their group: {\it small}.
_SWITCH = re.compile(r"\\(?:bf|it|em|rm|sc|sl|tt|sf|bfseries|itshape|scshape|ttfamily)(?![A-Za-z])\s*(?!\{)")
_PIECE = re.compile(r"\$[^$]*\$|\\[A-Za-z]+\*?\s*\{|\\.|[{}]|[^\\{}$]+|[\\$]", re.DOTALL)
_TIE = re.compile(r"(?<!\\)~")


def plain(latex: str) -> str:
    """Return LaTeX as plain text: without grouping braces, and with accents, symbols, dashes and quotes in Unicode.

    Formulas and the arguments of other commands are kept for `markup`.
    """
    if "\\" in latex:
        latex = _SYMBOL.sub(lambda match: _SYMBOLS[match[1]], _ACCENTED.sub(_accented, latex))
        latex = _SWITCH.sub("", latex)
    if "{" in latex or "}" in latex:
        latex = _without_groups(latex)
    if "--" in latex:
        latex = latex.replace("---", "—").replace("--", "–")
    if "``" in latex:
        latex = latex.replace("``", "“").replace("''", "”")
    return _TIE.sub(" ", latex) if "~" in latex else latex


def _accented(match: re.Match[str]) -> str:
    letter = match["braced"] or match["bare"]
    return unicodedata.normalize("NFC", letter + _COMBINING_MARKS[match["sign"] or match["letter"]])


def _without_groups(latex: str) -> str:
    """Remove braces, except in formulas and around the arguments of commands."""
    kept: list[str] = []
    holds: list[bool] = []
    for piece in _PIECE.findall(latex):
        if piece == "{":
            holds.append(False)
        elif piece == "}":
            if holds and holds.pop():
                kept.append(piece)
        else:
            if piece[-1] == "{" and piece[1].isalpha():
                holds.append(True)
            kept.append(piece)
    return "".join(kept)

"""A formula of TeX → Unicode on one line, with brackets where its layout carried the grouping.

A fraction, a root or a script groups what is in it. On one line, brackets do: `\\frac{k+1}{k+2}` is "(k+1)/(k+2)", and
`n^{1-k/2}` is "n^(1-k/2)". What cannot be said so is `Unfaithful`, and stays as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from newsletter.limits import TEX_DEPTH
from newsletter.text import normalize
from newsletter.text.tex import symbols as tables
from newsletter.text.tex.symbols import SUBSCRIPTS, SUPERSCRIPTS, symbols, translated

_PIECE = re.compile(r"\\(?:[A-Za-z]+\*?|.)|\d+(?:\.\d+)*|\s+|.", re.DOTALL)
_FRACTIONS = frozenset({"frac", "tfrac", "dfrac", "cfrac", "nicefrac", "sfrac"})
_OPEN = frozenset("([⟨⌊⌈{⟦")
_CLOSE = frozenset(")]⟩⌋⌉}⟧")
_ORDINALS = frozenset({"th", "st", "nd", "rd"})
_PLAIN_SCRIPT = re.compile(r"[^\W_]+(?:\.\d+)?|[^\x00-\x7f]|[*+]")
_RAISED = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_DIVISIONS = frozenset("/÷")


# Of a name in upright letters, a number below or above is one: \mathrm{H_2O}; the rest may be a name of a program.
_COUNT = re.compile(r"[_^]\d")


class Unfaithful(Exception):
    """A formula that text on one line cannot show."""


class Kind(Enum):
    """What a part of a formula is to its neighbours."""

    ATOM = auto()
    WORD = auto()
    OPERATOR = auto()
    OPEN = auto()
    CLOSE = auto()
    FUNCTION = auto()
    #: An operand that a neighbour would tear apart.
    FRACTION = auto()
    ROOT = auto()
    #: An operand with a script that ends in plain characters: x^k.
    SCRIPTED = auto()
    SPACE = auto()


@dataclass(frozen=True)
class Part:
    """A part of a formula as text."""

    text: str
    kind: Kind
    has_script: bool = False


_OPERANDS = frozenset({Kind.ATOM, Kind.WORD, Kind.FRACTION, Kind.ROOT, Kind.SCRIPTED})


@lru_cache(maxsize=8192)
def formula(tex: str) -> str:
    """Return a formula in Unicode. Raise Unfaithful if it cannot be shown so."""
    parser = _Parser(_PIECE.findall(tex))
    shown = _join(parser.parts(None, 0)).strip()
    if parser.at < len(parser.pieces):
        raise Unfaithful(tex)
    return normalize("NFC", shown)


class _Parser:
    def __init__(self, pieces: list[str]) -> None:
        self.pieces = pieces
        self.at = 0

    def parts(self, end: str | None, depth: int) -> list[Part]:
        """Return the parts up to a piece, which is consumed, or to the end."""
        if depth > TEX_DEPTH:
            raise Unfaithful
        found: list[Part] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if piece == end:
                return found
            if piece in _INFIXES:
                return [_INFIXES[piece](found, self.parts(end, depth + 1))]
            if piece in "^_'":
                self._script(piece, found, depth)
            else:
                found += self._part(piece, depth)
        if end is not None:
            raise Unfaithful
        return found

    def _part(self, piece: str, depth: int) -> list[Part]:
        if depth > TEX_DEPTH:
            raise Unfaithful
        if piece.isspace() or piece == "~":
            return [Part(" ", Kind.SPACE)]
        if piece == "{":
            return self._group(depth)
        if piece in "}&$\\":
            raise Unfaithful
        if piece[0] == "\\":
            return self._command(piece[1:], depth)
        return [_character(piece)]

    def _group(self, depth: int) -> list[Part]:
        inner = self.parts("}", depth + 1)
        following = self.pieces[self.at] if self.at < len(self.pieces) else ""
        if following in ("^", "'") and len(_shown(inner)) > 1:
            return [Part(f"({_join(inner)})", Kind.ATOM)]
        # A lone operator in braces is punctuation or a sign: 1{,}000.
        return [Part(inner[0].text, Kind.ATOM)] if len(inner) == 1 and inner[0].kind is Kind.OPERATOR else inner

    def _argument(self, depth: int) -> list[Part]:
        while self.at < len(self.pieces) and self.pieces[self.at].isspace():
            self.at += 1
        if self.at == len(self.pieces):
            raise Unfaithful
        piece = self.pieces[self.at]
        self.at += 1
        if piece == "{":
            return self.parts("}", depth + 1)
        if piece[0].isdigit() and len(piece) > 1:  # without braces, it is one digit
            self.pieces[self.at - 1] = piece[1:]
            self.at -= 1
            return [Part(piece[0], Kind.ATOM)]
        if piece in "^_'}":
            raise Unfaithful
        return self._part(piece, depth + 1)

    def _verbatim(self) -> str:
        """Return the argument of \\text and the like: its words and spaces, without formulas of its own."""
        if self.pieces[self.at : self.at + 1] != ["{"]:
            raise Unfaithful
        self.at += 1
        taken: list[str] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if piece == "}":
                return " ".join("".join(taken).split(" "))
            if piece[0] == "\\" and piece[1:] in tables.SPECIAL:
                piece = tables.SPECIAL[piece[1:]]
            elif piece[0] == "\\" and piece[1:] in tables.SPACES:
                piece = " "
            elif piece[0] in "\\{$^" and piece != "^":
                raise Unfaithful
            taken.append(" " if piece == "~" else piece)
        raise Unfaithful

    def _command(self, name: str, depth: int) -> list[Part]:
        name = name if len(name) == 1 else name.rstrip("*")
        if name in tables.SPACES:
            return [Part(" ", Kind.SPACE)]
        if name in tables.EMPTY or name in tables.SWITCHES:
            return self._sized(name)
        if name in tables.STYLES and name != "operatorname":
            return self._styled(name, depth)
        return [self._layout(name, depth) or _symbol(name)]

    def _layout(self, name: str, depth: int) -> Part | None:
        """Return the part of a command with arguments, or None if it has none."""
        if name in _FRACTIONS:
            return _fraction(self._argument(depth), self._argument(depth))
        if name == "sqrt":
            return self._root(depth)
        if name == "operatorname":
            return Part(self._verbatim(), Kind.FUNCTION)
        read = _WITH_ARGUMENT.get(name)
        return read(name, _join(self._argument(depth)).strip(), self, depth) if read else None

    def joined_argument(self, depth: int) -> str:
        """Return the next argument as text."""
        return _join(self._argument(depth)).strip()

    def _sized(self, name: str) -> list[Part]:
        if name in ("left", "right") and self.pieces[self.at : self.at + 1] == ["."]:
            self.at += 1
        return []

    def _styled(self, name: str, depth: int) -> list[Part]:
        if name in ("bm", "boldsymbol", "pmb", "underline", "mathop", "mathbin", "mathrel", "mathord", "ensuremath"):
            return self._argument(depth)
        if name in ("textsuperscript", "textsubscript", "verb", "url", "path"):
            raise Unfaithful
        begin = self.at
        try:
            text = self._verbatim()
        except Unfaithful:
            self.at = begin
            return self._argument(depth)
        if name.startswith("math") and _COUNT.search(text):
            self.at = begin
            return self._argument(depth)
        return [Part(text, Kind.ATOM if len(text) == 1 or not text.isalnum() else Kind.WORD)] if text else []

    def _root(self, depth: int) -> Part:
        index = ""
        if self.pieces[self.at : self.at + 1] == ["["]:
            self.at += 1
            index = translated(_join(self.parts("]", depth + 1)).strip(), SUPERSCRIPTS) or ""
            if not index:
                raise Unfaithful
        inside = _join(self._argument(depth)).strip()
        is_one = len(inside) == 1 or re.fullmatch(r"\d+", inside)
        return Part(f"{index}√{inside}" if is_one else f"{index}√{_in_brackets(inside)}", Kind.ROOT)

    def _script(self, piece: str, found: list[Part], depth: int) -> None:
        """Read a subscript, superscript and primes, in any order, and put them on the part before."""
        scripts: dict[str, list[Part]] = {}
        primes = ""
        while piece:
            if piece == "'":
                primes += "′"
            elif piece in scripts:
                raise Unfaithful  # x^a^b is an error in TeX, too
            else:
                scripts[piece] = _shown(self._argument(depth))
            piece = self._next_script()
        while found and found[-1].kind is Kind.SPACE:
            found.pop()
        base = found.pop() if found else Part("", Kind.ATOM)
        if base.has_script and scripts.get("_"):
            raise Unfaithful
        if base.kind in (Kind.FRACTION, Kind.ROOT) or (base.has_script and scripts.get("^")):
            base = Part(f"({base.text})", Kind.ATOM)
        shown = base.text + primes
        if below := scripts.get("_"):
            shown += _script_text("_", below, shown, is_grouped=bool(scripts.get("^")))
        if above := scripts.get("^"):
            shown += _script_text("^", above, shown)
        kind: Kind = base.kind if base.kind in (Kind.FUNCTION, Kind.CLOSE, Kind.OPERATOR) else Kind.ATOM
        end = shown[len(base.text) :]
        if kind in (Kind.ATOM, Kind.CLOSE) and ("^" in end or "_" in end) and end[-1] not in (")", *_RAISED):
            kind = Kind.SCRIPTED
        found.append(Part(shown, kind, has_script=bool(end) and end != primes))

    def _next_script(self) -> str:
        at = self.at
        while at < len(self.pieces) and self.pieces[at].isspace():
            at += 1
        if at == len(self.pieces) or self.pieces[at] not in ("^", "_", "'"):
            return ""
        self.at = at + 1
        return self.pieces[at]


def _script_text(piece: str, parts: list[Part], base: str, *, is_grouped: bool = False) -> str:
    inner, is_word = _join(parts), len(parts) == 1 and parts[0].kind is Kind.WORD
    if inner in ("′", "′′", "°") or (piece == "^" and inner == "∘"):
        return inner if inner[0] == "′" else "°" if not base or base[-1].isdecimal() else "^∘"
    if piece == "^" and inner in _ORDINALS:
        return inner if not base or base[-1].isdecimal() else f"-{inner}"
    shown = translated(inner, SUPERSCRIPTS if piece == "^" else SUBSCRIPTS)
    if shown:
        return shown
    # Several variables, as in x^{ab}, are grouped by brackets; a name or number is not.
    is_one = not is_grouped and (len(inner) == 1 or is_word or inner.isdecimal())
    return f"{piece}{inner}" if is_one and _PLAIN_SCRIPT.fullmatch(inner) else f"{piece}{_in_brackets(inner)}"


def _in_brackets(text: str) -> str:
    """Put text into brackets, unless it is in one pair of them."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return text if position and position == len(text) - 1 else f"({text})"
    return f"({text})"


def _character(character: str) -> Part:
    if character.isalnum() or character in "∞∅°!%.′∂∇ℓħ":
        return Part(character, Kind.ATOM)
    if character in _OPEN:
        return Part(character, Kind.OPEN)
    if character in _CLOSE:
        return Part(character, Kind.CLOSE)
    if unicodedata.category(character[-1]) in ("Sm", "Pd") or character in "<>=+-*/:,;·×÷|":
        return Part(character, Kind.ATOM if character == "|" else Kind.OPERATOR)
    return Part(character, Kind.ATOM)


def _symbol(name: str) -> Part:
    if name == "mid":
        return Part("|", Kind.OPERATOR)
    if name in ("bmod", "mod"):
        return Part(" mod ", Kind.OPERATOR)
    if name in tables.FUNCTIONS:
        return Part(name, Kind.FUNCTION)
    character = tables.SPECIAL.get(name) or symbols().get(name) or tables.ALPHABET.get(name)
    if character is None:
        raise Unfaithful
    return Part(character, Kind.FUNCTION) if name in tables.LARGE else _character(character)


def _shown(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part.kind is not Kind.SPACE]


def _operand(parts: list[Part], *, may_be_product: bool) -> str:
    """Return one side of a fraction, in brackets unless it is one operand."""
    shown = _shown(parts)
    text = _join(parts).strip()
    simple = (Kind.ATOM, Kind.WORD, Kind.ROOT, Kind.SCRIPTED)
    is_one = len(shown) == 1 and shown[0].kind in simple and " " not in text
    if may_be_product and not is_one:
        is_one = " " not in text and all(part.kind is Kind.ATOM and part.text.isalnum() for part in shown)
    if not text:
        raise Unfaithful
    is_one = is_one and not any(sign in text for sign in "+-*/=<>")
    return text if is_one else _in_brackets(text)


def _fraction(above: list[Part], below: list[Part]) -> Part:
    return Part(f"{_operand(above, may_be_product=True)}/{_operand(below, may_be_product=False)}", Kind.FRACTION)


def _binomial(above: list[Part], below: list[Part]) -> Part:
    return Part(f"({_join(above).strip()} choose {_join(below).strip()})", Kind.ATOM)


#: Commands between two operands, which extend to the ends of their group: {n \choose k}.
_INFIXES = {"\\over": _fraction, "\\choose": _binomial}


def _in_alphabet(font: str, text: str, _parser: _Parser, _depth: int) -> Part:
    shown = [tables.styled(font, character) for character in text]
    if not text or None in shown:
        raise Unfaithful
    return Part("".join(filter(None, shown)), Kind.ATOM if len(text) == 1 else Kind.WORD)


def _accented(name: str, text: str, _parser: _Parser, _depth: int) -> Part:
    if len(normalize("NFC", text)) != 1:
        raise Unfaithful
    return Part(normalize("NFC", text + tables.MATH_ACCENTS[name]), Kind.ATOM)


def _choice(_name: str, text: str, parser: _Parser, depth: int) -> Part:
    return Part(f"({text} choose {parser.joined_argument(depth)})", Kind.ATOM)


def _delimited(name: str, text: str, _parser: _Parser, _depth: int) -> Part:
    delimiters = _DELIMITERS[name.lower()]
    return Part(delimiters[0] + text + delimiters[1], Kind.ATOM)


def _modulus(_name: str, text: str, _parser: _Parser, _depth: int) -> Part:
    return Part(f" (mod {text})", Kind.CLOSE)


def _negated(_name: str, text: str, _parser: _Parser, _depth: int) -> Part:
    return Part(text + "\u0338", Kind.OPERATOR)


def _arrow(name: str, text: str, _parser: _Parser, _depth: int) -> Part:
    if text:
        raise Unfaithful
    return _character("→" if name == "xrightarrow" else "←")


_DELIMITERS = {"ket": "|⟩", "bra": "⟨|", "braket": "⟨⟩", "abs": "||", "norm": "‖‖"}
#: How commands with an argument are shown, by name.
_WITH_ARGUMENT: dict[str, Callable[[str, str, _Parser, int], Part]] = {
    **dict.fromkeys(tables.STYLED, _in_alphabet),
    **dict.fromkeys(tables.MATH_ACCENTS, _accented),
    **dict.fromkeys(("binom", "tbinom", "dbinom"), _choice),
    **dict.fromkeys(("xrightarrow", "xleftarrow"), _arrow),
    **dict.fromkeys(("ket", "bra", "braket", "Ket", "Bra", "Braket", "abs", "norm"), _delimited),
    "pmod": _modulus,
    "not": _negated,
}


def _join(parts: list[Part]) -> str:
    """Join parts: with brackets around fractions and roots beside other operands, and spaces around functions."""
    kept: list[str] = []
    shown = _shown(parts)
    position = 0
    for number, part in enumerate(parts):
        if part.kind is Kind.SPACE:
            if kept and kept[-1] not in (" ", "", *_OPEN, "∂", "∇"):
                kept.append(" ")
            continue
        if part.kind is Kind.CLOSE and part.text[0] in _CLOSE and kept[-1:] == [" "]:
            kept.pop()
        before = shown[position - 1] if position else None
        after = shown[position + 1] if position + 1 < len(shown) else None
        position += 1
        is_apart = bool(kept) and kept[-1] == " "
        is_followed_apart = number + 1 < len(parts) and parts[number + 1].kind is Kind.SPACE
        text = _bracketed(part, before, after, is_apart=is_apart, is_followed_apart=is_followed_apart)
        if before and not is_apart and _needs_space(before, part, text):
            kept.append(" ")
        kept.append(text)
        if part.kind is Kind.OPERATOR and text not in ",;:":  # a space on both sides, or on neither
            kept.append(" " if is_apart and before and _is_binary(before) and after else "")
    return "".join(kept)


def _is_binary(before: Part) -> bool:
    return before.kind in _OPERANDS or before.kind is Kind.CLOSE


def _bracketed(part: Part, before: Part | None, after: Part | None, *, is_apart: bool, is_followed_apart: bool) -> str:
    text = part.text
    is_beside_before = before is not None and (
        before.kind in _OPERANDS or before.kind in (Kind.CLOSE, Kind.FUNCTION) or before.text in _DIVISIONS
    )
    is_beside_after = after is not None and (
        after.kind in _OPERANDS or after.kind is Kind.OPEN or after.kind is Kind.FUNCTION
    )
    if part.kind is Kind.FRACTION and (is_beside_before or is_beside_after):
        return f"({text})"
    if part.kind is Kind.ROOT:
        has_index = text[0] != "√"
        if before is not None and before.text[-1:] in _RAISED:  # which would be the index of the root
            return f"({text})"
        if has_index and before is not None and before.text not in _DIVISIONS and is_beside_before and not is_apart:
            return f"({text})"
        if is_beside_after and not is_followed_apart and text[-1] != ")":
            return f"({text})"
    return text


def _needs_space(before: Part, part: Part, text: str) -> bool:
    if before.kind is Kind.SCRIPTED:
        return (part.kind in _OPERANDS or part.kind is Kind.FUNCTION) and text[0] not in "|!"
    if before.kind is Kind.FUNCTION:
        return (part.kind in _OPERANDS and text[0] != "(") or part.kind is Kind.FUNCTION
    if part.kind is Kind.FUNCTION:
        return before.kind in _OPERANDS or before.kind is Kind.CLOSE
    return False

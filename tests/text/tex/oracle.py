"""What a formula on one line is worth, by the rules by which people read it.

This reader shares nothing with the code under test: it evaluates Unicode text with a number for each variable.

- Products and quotients associate to the left; what follows a quotient without a sign (1/2x) is refused.
- Scripts and factorials bind to the one symbol or bracket before. A script without brackets is one symbol.
- A root takes the symbol, number or bracket after it; a function takes one power; a sum takes the rest of its product.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True))
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "log": lambda value: math.log(2 + abs(value)),
    "exp": lambda value: math.exp(min(max(value, -9), 9)),
    "sin": lambda value: 2 + math.sin(value),
}
#: What the variable of a sum is called, and no other variable.
BOUND = "i"
_LARGE = "∑∏"
_CLOSING = {"(": ")", "|": "|", "⌊": "⌋", "‖": "‖"}
_ENCLOSED: dict[str, Callable[[float], float]] = {"|": abs, "⌊": math.floor, "‖": lambda value: value**2, "(": float}


class Ambiguous(Exception):
    """A text that people may read in two ways, or not at all."""


def value_of(name: str) -> float:
    """Return a number for a variable, which differs for each; scripts are in braces: x_{i+1}."""
    weights = (ord(character) * (position * position + 3) % 97 for position, character in enumerate(name))
    return 1.1 + sum(weights) % 173 / 61


def limit_of(name: str) -> int:
    """Return the number, from 1 to 5, that a variable stands for as the upper limit of a sum."""
    return int(name) if name.isdecimal() else ord(name) % 5 + 1


def choose(above: float, below: float) -> float:
    """Return a number for a binomial of any two numbers."""
    return above * 7 - below


def evaluate(text: str, known: Mapping[str, float] | None = None) -> float:
    """Return the value of a text. Raise Ambiguous if people may read it in two ways."""
    reading = _Reading(unicodedata.normalize("NFD", text.replace("−", "-")), known or {})
    result = reading.sum()
    if reading.peek():
        raise Ambiguous(text)
    return result


class _Reading:
    def __init__(self, text: str, known: Mapping[str, float]) -> None:
        self.text = text
        self.at = 0
        self.known = dict(known)

    def here(self) -> str:
        """Return the next character, which may be a space."""
        return self.text[self.at : self.at + 1]

    def peek(self) -> str:
        """Return the next character that is no space."""
        while self.here() == " ":
            self.at += 1
        return self.here()

    def take(self) -> str:
        taken = self.peek()
        self.at += 1
        return taken

    def run(self, table: Mapping[str, str]) -> str:
        """Take the characters of a table."""
        taken = ""
        while self.here() in table:
            taken += table[self.here()]
            self.at += 1
        return taken

    # -- operators ------------------------------------------------------------------------------------

    def sum(self) -> float:
        sign = -1 if self.peek() == "-" else 1
        self.at += sign < 0
        total = sign * self.product()
        while self.peek() and self.peek() in "+-":
            operator = self.take()
            total += self.product() * (1 if operator == "+" else -1)
        return total

    def product(self) -> float:
        total = self.power()
        divided = False
        while self.peek() and (self.peek() in "·×/" or self.begins_factor()):
            operator = self.take() if self.peek() in "·×/" else ""
            if not operator and divided:
                raise Ambiguous(self.text)  # a/bc
            factor = self.power()
            divided = operator == "/"
            total = total / factor if operator == "/" else total * factor
        return total

    def begins_factor(self) -> bool:
        character = self.peek()
        if self.text.startswith("choose ", self.at):
            return False
        return character.isalnum() or character in f"(√⌊{_LARGE}" or character in RAISED

    def power(self) -> float:
        if self.peek() in tuple(_LARGE):
            return self.large()
        begin = self.at
        base = self.primary()
        is_root = "√" in self.text[begin : self.at] and self.text[self.at - 1] != ")"
        if self.here() == "!":
            self.at += 1
            base = math.gamma(1 + abs(base))
        exponent = self.exponent()
        if exponent is None:
            return base
        if is_root or self.here() in ("!", "^", "_", *LOWERED, *RAISED):
            raise Ambiguous(self.text)  # √x², x²!
        return math.pow(base, exponent)

    def exponent(self) -> float | None:
        if self.here() == "^":
            self.at += 1
            if self.here() == "(":
                return self.primary()
            return self.one_symbol()
        raised = self.run(RAISED)
        if raised and self.here() == "√":
            raise Ambiguous(self.text)  # x³√y
        return evaluate(raised, self.known) if raised else None

    def one_symbol(self) -> float:
        """Return the value of a script without brackets, which only a space or sign may follow."""
        name = self.take() + self.marks()
        if self.here().isalnum() or self.here() in ("_", "^", "√", *RAISED, *LOWERED):
            raise Ambiguous(self.text)  # x^ky
        return float(name) if name.isdecimal() else self.variable(name)

    def large(self) -> float:
        """Return a sum or product, from 1 to its upper limit, of the rest of the product that it begins."""
        sign = self.take()
        below = self.lowered()
        above = self.run(RAISED)
        if not above and self.take() == "^":
            above = self.take()
        if below != f"{BOUND}=1" or self.here().isalnum():
            raise Ambiguous(self.text)  # ∑ᵢ^Kx
        begin, total = self.at, float(sign == "∏")
        outer = self.known.get(BOUND)
        for number in range(1, limit_of(above) + 1):
            self.at, self.known[BOUND] = begin, float(number)
            part = self.product()
            total = total * part if sign == "∏" else total + part
        if outer is None:
            del self.known[BOUND]
        else:
            self.known[BOUND] = outer
        return total

    # -- operands -------------------------------------------------------------------------------------

    def primary(self) -> float:
        if self.peek() in RAISED or self.peek() == "√":
            return self.root()
        if self.peek() in tuple(_CLOSING):
            return self.bracket()
        for name, function in FUNCTIONS.items():
            if self.text.startswith(name, self.at):
                self.at += len(name)
                base, exponent = float(self.run(LOWERED) or 1), float(self.run(RAISED) or 1)
                return math.pow(function(self.power()) / base, exponent)
        character = self.take()
        if character.isdecimal():
            while self.here().isdecimal():
                character += self.take()
            return float(character)
        if not character.isalpha():
            raise Ambiguous(self.text)
        return self.variable(character + self.marks())

    def root(self) -> float:
        index = float(self.run(RAISED) or 2)
        if self.take() != "√":
            raise Ambiguous(self.text)
        inside = self.primary()
        if self.here() in ("^", "!", *RAISED) or (self.here().isalnum() and self.text[self.at - 1] != ")"):
            raise Ambiguous(self.text)  # √x², √xy
        return math.pow(inside, 1 / index)

    def bracket(self) -> float:
        opening = self.take()
        inside = self.sum()
        if opening == "(" and self.text.startswith("choose ", self.at):
            self.at += len("choose ")
            inside = choose(inside, self.sum())
        if self.take() != _CLOSING[opening]:
            raise Ambiguous(self.text)
        return _ENCLOSED[opening](inside)

    def marks(self) -> str:
        """Take combining marks, and primes."""
        taken = ""
        while self.here() and (unicodedata.combining(self.here()) or self.here() == "′"):
            taken += self.here()
            self.at += 1
        return taken

    def variable(self, name: str) -> float:
        below = self.lowered()
        name += f"_{{{below}}}" if below else ""
        return self.known[name] if name in self.known else value_of(name)

    def lowered(self) -> str:
        """Take a subscript, and return it with scripts of its own in braces."""
        if self.here() != "_":
            return self.run(LOWERED)
        self.at += 1
        if self.here() == "(":
            end = _closing(self.text, self.at)
            taken = canonical(self.text[self.at + 1 : end])
            self.at = end + 1
            return taken
        taken = self.take() + self.marks()
        if not taken or self.here().isalnum() or self.here() in ("^", "_", *RAISED, *LOWERED):
            raise Ambiguous(self.text)  # x_kα
        return taken


def _closing(text: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise Ambiguous(text)


def canonical(text: str) -> str:
    """Return a script as text with its own scripts in braces: iⱼ is i_{j}."""
    reading, shown = _Reading(text, {}), ""
    while reading.here():
        below, above = reading.lowered(), reading.run(RAISED)
        if below or above:
            shown += (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
        else:
            shown += reading.here().strip()
            reading.at += 1
    return shown

"""What a formula on one line is worth, by the rules by which people read it, and random formulas with their worth.

The reader below shares nothing with the code under test: it evaluates the Unicode text with numbers for the variables.
Products and quotients associate to the left; scripts bind to the one symbol or bracket before; a root takes one
symbol or bracket, and functions the one that follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hypothesis import strategies as st

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ", "0123456789+-()ni", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗₙᵣₛₓ", "0123456789ijklnrsx", strict=True))


class Ambiguous(Exception):
    """A text that people may read in two ways."""


def value_of(name: str) -> float:
    """Return a number for a variable, which differs for each."""
    return 1.1 + sum(ord(character) * (position + 3) % 97 for position, character in enumerate(name)) / 61


def evaluate(text: str) -> float:
    reading = _Reading(text.replace("−", "-"))
    result = reading.sum()
    if reading.at != len(reading.text):
        raise Ambiguous(text)
    return result


class _Reading:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        taken = self.peek()
        self.at += 1
        return taken

    def sum(self) -> float:
        sign = -1 if self.peek() == "-" else 1
        if sign < 0:
            self.take()
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
        return character.isalpha() or character.isdecimal() or character in "(√" or character in RAISED

    def power(self) -> float:
        base = self.primary()
        exponent = self.exponent()
        return base if exponent is None else math.pow(base, exponent)

    def exponent(self) -> float | None:
        following = self.text[self.at : self.at + 1]
        if following == "^":
            self.at += 1
            if self.text[self.at] == "(":
                return self.primary()
            name = self.text[self.at]
            self.at += 1
            if self.text[self.at : self.at + 1].isalnum() or self.text[self.at : self.at + 1] in tuple("_^"):
                raise Ambiguous(self.text)  # x^ky
            return float(name) if name.isdecimal() else value_of(name)
        raised = self.raised()
        if not raised:
            return None
        if self.text[self.at : self.at + 1] in ("√", "^"):
            raise Ambiguous(self.text)
        return evaluate(raised)

    def raised(self) -> str:
        taken = ""
        while (character := self.text[self.at : self.at + 1]) and character in RAISED:
            taken += RAISED[character]
            self.at += 1
        return taken

    def primary(self) -> float:
        if self.peek() in tuple(RAISED):
            index = float(self.raised())
            if self.take() != "√":
                raise Ambiguous(self.text)
            return math.pow(self.root_of(), 1 / index)
        character = self.take()
        if character == "√":
            return math.sqrt(self.root_of())
        if character == "(":
            inside = self.sum()
            if self.take() != ")":
                raise Ambiguous(self.text)
            return inside
        if self.text.startswith("log", self.at - 1):
            self.at += 2
            return math.log(2 + abs(self.power()))
        if character.isdecimal():
            while self.text[self.at : self.at + 1].isdecimal():
                character += self.text[self.at]
                self.at += 1
            return float(character)
        if not character.isalpha():
            raise Ambiguous(self.text)
        return value_of(character + self.lowered())

    def root_of(self) -> float:
        inside = self.primary()
        following = self.text[self.at : self.at + 1]
        if following in ("^", *RAISED) or (following.isalnum() and self.text[self.at - 1] != ")"):
            raise Ambiguous(self.text)  # √x², √xy
        return inside

    def lowered(self) -> str:
        taken = ""
        if self.text[self.at : self.at + 1] == "_":
            end = self.text.find(")", self.at) if self.text[self.at + 1] == "(" else self.at + 1
            taken = self.text[self.at + 1 : end + 1].strip("()")
            self.at = end + 1
            following = self.text[self.at : self.at + 1]
            if not taken or (self.text[end] != ")" and (following.isalnum() or following in ("^", *RAISED))):
                raise Ambiguous(self.text)
        while (character := self.text[self.at : self.at + 1]) and character in LOWERED:
            taken += LOWERED[character]
            self.at += 1
        return taken


@dataclass(frozen=True)
class Sample:
    """A formula in TeX and its value; whether it is one operand, and what it begins and ends with."""

    tex: str
    value: float
    is_sum: bool = False
    is_operand: bool = True


def _braced(sample: Sample) -> str:
    return "{" + sample.tex + "}"


def _operand(sample: Sample) -> str:
    return sample.tex if sample.is_operand else rf"\left({sample.tex}\right)"


def _variable(name: str) -> Sample:
    shown = name[0] + (f"_{{{name[1:]}}}" if len(name) > 1 else "")
    return Sample(shown + " ", value_of(name))


LEAVES = st.sampled_from(["x", "y", "n", "k", "a", "b", "xi", "x12", "yq", "bn"]).map(_variable) | st.integers(
    1, 30
).map(lambda number: Sample(str(number), float(number)))


def _sum(pair: tuple[Sample, Sample], sign: str, space: str) -> Sample:
    left, right = pair
    shown = right.tex if not right.is_sum else rf"({right.tex})"
    value = left.value + right.value if sign == "+" else left.value - right.value
    return Sample(f"{left.tex}{space}{sign}{space}{shown}", value, is_sum=True, is_operand=False)


def _product(pair: tuple[Sample, Sample], sign: str) -> Sample:
    left, right = (_operand(one) for one in pair)
    if not sign.strip() and right[:1].isdigit():
        sign = r"\cdot "
    return Sample(f"{left}{sign}{right}", pair[0].value * pair[1].value, is_operand=False)


def _power(pair: tuple[Sample, Sample]) -> Sample | None:
    base, exponent = pair
    if not 0 < base.value < 60 or abs(exponent.value) > 6:
        return None
    has_script = not base.is_operand or "^" in base.tex or "\\" in base.tex
    shown = rf"\left({base.tex}\right)" if has_script else base.tex.strip()
    return Sample(f"{shown}^{_braced(exponent)}", base.value**exponent.value, is_operand=True)


def _root(sample: Sample, index: int) -> Sample | None:
    if sample.value <= 0:
        return None
    option = f"[{index}]" if index > 2 else ""
    return Sample(rf"\sqrt{option}{_braced(sample)}", sample.value ** (1 / index))


def _fraction(pair: tuple[Sample, Sample], command: str) -> Sample | None:
    if abs(pair[1].value) < 1e-6:
        return None
    return Sample(f"{command}{_braced(pair[0])}{_braced(pair[1])}", pair[0].value / pair[1].value)


def _log(sample: Sample) -> Sample:
    return Sample(rf"\log\left({sample.tex}\right)", math.log(2 + abs(sample.value)), is_operand=True)


def _or_one(sample: Sample | None) -> Sample:
    return sample if sample is not None and abs(sample.value) < 1e12 else Sample("1", 1.0)


def _larger(inner: st.SearchStrategy[Sample]) -> st.SearchStrategy[Sample]:
    pairs = st.tuples(inner, inner)
    optional = (
        st.builds(_power, pairs)
        | st.builds(_root, inner, st.sampled_from([2, 3, 6]))
        | st.builds(_fraction, pairs, st.sampled_from([r"\frac", r"\tfrac"]))
    )
    return (
        st.builds(_sum, pairs, st.sampled_from("+-"), st.sampled_from(["", " "]))
        | st.builds(_product, pairs, st.sampled_from(["", " ", r"\cdot ", r"\times "]))
        | optional.map(_or_one)
        | st.builds(_log, inner)
    )


@st.composite
def random_formulas(draw: st.DrawFn) -> Sample:
    return draw(_FORMULAS)


_FORMULAS = st.recursive(LEAVES, _larger, max_leaves=9)

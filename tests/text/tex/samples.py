"""Random formulas in TeX with their values, which are known from how they are made."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from random import Random

from newsletter.text.tex import read
from newsletter.text.tex.formulas import Unfaithful, formula
from tests.text.tex.oracle import BOUND, FUNCTIONS, Ambiguous, choose, evaluate, limit_of, value_of

Value = Callable[[Mapping[str, float]], float]


class Binds(IntEnum):
    """How tightly the parts of a formula are bound by its layout, from a sum to one symbol."""

    SUM = 0
    PRODUCT = 1
    #: A power, a factorial, or a function with its argument.
    POWER = 2
    #: A fraction, a root, a bracket or a symbol: one thing on paper.
    ONE = 3
    SYMBOL = 4


@dataclass(frozen=True)
class Sample:
    """A formula and its value, given that of the variable of a sum."""

    tex: str
    value: Value
    binds: Binds


class Impossible(Exception):
    """A formula without a value, or with a very large one."""


def random_formula(chance: Random, depth: int = 4) -> tuple[str, float]:
    """Return a formula and its value."""
    while True:
        sample = _formula(chance, chance.randint(1, depth))
        try:
            value = sample.value({})
        except (Impossible, OverflowError, ZeroDivisionError, ValueError):
            continue
        if abs(value) < 1e9 and (value == 0 or abs(value) > 1e-6):
            return sample.tex, value


class Verdict(Enum):
    """What becomes of a formula on one line."""

    EQUAL = "equal"
    CHANGED = "changed value"
    AMBIGUOUS = "ambiguous"
    AS_TYPED = "left as typed"
    UNSTABLE = "changed by a second reading"


def judged(tex: str, value: float) -> tuple[Verdict, str]:
    """Return what becomes of a formula of a value, and how it is shown."""
    try:
        shown = formula(tex)
    except Unfaithful:
        return Verdict.AS_TYPED, tex
    try:
        is_equal = math.isclose(evaluate(shown), value, rel_tol=1e-6, abs_tol=1e-9)
    except (Ambiguous, IndexError):
        return Verdict.AMBIGUOUS, shown
    except ArithmeticError:
        return Verdict.CHANGED, shown
    in_prose = read(f"at ${tex}$ of")
    if read(in_prose) != in_prose or f"at {shown} of" != in_prose:
        return Verdict.UNSTABLE, in_prose
    return (Verdict.EQUAL if is_equal else Verdict.CHANGED), shown


def _formula(chance: Random, depth: int) -> Sample:
    if depth <= 0 or chance.random() < 0.1:
        return _number(chance) if chance.random() < 0.3 else _variable(chance)
    return chance.choice(_KINDS)(chance, depth - 1)


def _number(chance: Random) -> Sample:
    number = chance.randint(1, 30)
    return Sample(str(number), lambda _: float(number), Binds.SYMBOL if number < 10 else Binds.ONE)


# -- symbols ------------------------------------------------------------------------------------------

_VARIABLES = {
    **{letter: letter for letter in ("x", "y", "n", "k", "a", "b", "Q", BOUND)}, r"\alpha": "α", r"\mu": "μ",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307"}
_BELOW = ("i", "j", "0", "12", "ij", "n+1", "i,j", "q", "i_{j}", "n^{2}", r"\beta", "k-1", r"\max")
_FONTS = (r"\mathbf", r"\boldsymbol", r"\mathrm", "")


def _variable(chance: Random) -> Sample:
    tex, name = chance.choice(list(_VARIABLES.items()))
    if name == BOUND:
        return Sample(_closed(tex), lambda known: known.get(BOUND, value_of(BOUND)), Binds.SYMBOL)
    if chance.random() < 0.15 and name.isascii():
        tex = f"{chance.choice(_FONTS)}{{{tex}}}"
    if chance.random() < 0.2:
        accent = chance.choice(list(_ACCENTS))
        tex, name = rf"\{accent}{{{tex}}}", name + _ACCENTS[accent]
    elif chance.random() < 0.1:
        tex, name = tex + "'", name + "′"
    if chance.random() < 0.3:
        below = chance.choice(_BELOW)
        tex += f"_{{{below}}}" if len(below) > 1 or chance.random() < 0.5 else f"_{below}"
        name += f"_{{{below.replace(chr(92) + 'beta', 'β').replace(chr(92), '')}}}"
    name = unicodedata.normalize("NFD", name)
    return Sample(_closed(tex), lambda _: value_of(name), Binds.SYMBOL)


def _closed(tex: str) -> str:
    """Return TeX to which a letter can be added: a space ends the name of a command."""
    return f"{tex} " if tex[-1].isalpha() and "\\" in tex else tex


# -- layout -------------------------------------------------------------------------------------------


def _at_least(sample: Sample, binds: Binds, chance: Random) -> str:
    """Return TeX in brackets, unless it is bound tightly enough without."""
    if sample.binds >= binds:
        return sample.tex
    opening, closing = chance.choice(((r"\left(", r"\right)"), ("(", ")"), (r"\bigl(", r"\bigr)"), ("( ", " )")))
    return f"{opening}{sample.tex}{closing}"


def _argument(sample: Sample, chance: Random) -> str:
    """Return an argument of a command: in braces, which may be absent around one symbol."""
    is_bare = len(sample.tex.strip()) == 1 and chance.random() < 0.5
    return f" {sample.tex.strip()}" if is_bare else f"{{{sample.tex}}}"


def _sum(chance: Random, depth: int) -> Sample:
    left, right = _formula(chance, depth), _formula(chance, depth)
    sign, space = chance.choice("+-"), chance.choice(("", " "))
    shown = f"{left.tex}{space}{sign}{space}{_at_least(right, Binds.PRODUCT, chance)}"
    factor = 1 if sign == "+" else -1
    return Sample(shown, lambda known: left.value(known) + factor * right.value(known), Binds.SUM)


def _negative(chance: Random, depth: int) -> Sample:
    inside = _formula(chance, depth)
    return Sample(f"-{_at_least(inside, Binds.PRODUCT, chance)}", lambda known: -inside.value(known), Binds.SUM)


def _product(chance: Random, depth: int) -> Sample:
    left, right = _formula(chance, depth), _formula(chance, depth)
    sign = chance.choice(("", " ", r"\cdot ", r"\times ", r"\,", "~"))
    after = _at_least(right, Binds.POWER, chance)
    before = _at_least(left, Binds.POWER, chance)
    if r"\sum" in before or r"\prod" in before:
        before = f"({before})"
    if not sign.strip(" \\,~") and after.startswith((*"0123456789|", r"\|", r"\abs", r"\lVert")):
        sign = r"\cdot "
    return Sample(before + sign + after, lambda known: left.value(known) * right.value(known), Binds.PRODUCT)


def _power(chance: Random, depth: int) -> Sample:
    base, exponent = _formula(chance, depth), _formula(chance, depth - 1)
    is_root = base.binds is Binds.ONE and base.tex.startswith(r"\sqrt{")
    shown = base.tex.strip() if is_root else _at_least(base, Binds.SYMBOL, chance)
    if chance.random() < 0.1 and base.binds is Binds.SYMBOL:
        shown = f"{{{shown}}}"

    def value(known: Mapping[str, float]) -> float:
        below, above = base.value(known), exponent.value(known)
        if not 0 < below < 1000 or abs(above) > 8:
            raise Impossible
        return math.pow(below, above)

    return Sample(f"{shown}^{_argument(exponent, chance).strip()}", value, Binds.POWER)


def _fraction(chance: Random, depth: int) -> Sample:
    above, below = _formula(chance, depth), _formula(chance, depth)
    command = chance.choice((r"\frac", r"\tfrac", r"\dfrac"))
    shown = f"{command}{_argument(above, chance)}{_argument(below, chance)}"
    if chance.random() < 0.1:
        shown = f"{{{above.tex} \\over {below.tex}}}"
    return Sample(shown, lambda known: above.value(known) / below.value(known), Binds.ONE)


def _root(chance: Random, depth: int) -> Sample:
    inside, index = _formula(chance, depth), chance.choice((2, 2, 3, 6, 12))

    def value(known: Mapping[str, float]) -> float:
        found = inside.value(known)
        if found <= 0:
            raise Impossible
        return math.pow(found, 1 / index)

    option = f"[{index}]" if index > 2 else ""
    return Sample(rf"\sqrt{option}{_argument(inside, chance)}", value, Binds.ONE)


def _function(chance: Random, depth: int) -> Sample:
    inside, name = _formula(chance, depth), chance.choice(list(FUNCTIONS))
    function, exponent = FUNCTIONS[name], chance.choice((1, 1, 1, 2))
    base = chance.choice((1, 1, 2, 10)) if name == "log" else 1
    is_plain = inside.binds is Binds.SYMBOL and chance.random() < 0.5
    argument = f" {inside.tex}" if is_plain else rf"\left({inside.tex}\right)"
    scripts = (f"_{{{base}}}" if base > 1 else "") + ("^2" if exponent == 2 else "")
    return Sample(
        rf"\{name}{scripts}{argument}", lambda known: (function(inside.value(known)) / base) ** exponent, Binds.POWER
    )


def _enclosed(chance: Random, depth: int) -> Sample:
    inside = _formula(chance, depth)
    if "|" in inside.tex or chance.random() < 0.4:
        return Sample(rf"\lfloor {inside.tex}\rfloor ", lambda known: math.floor(inside.value(known)), Binds.ONE)
    if r"\|" in inside.tex or chance.random() < 0.5:
        shown = chance.choice((f"|{inside.tex}|", rf"\abs{{{inside.tex}}}"))
        return Sample(shown, lambda known: abs(inside.value(known)), Binds.PRODUCT)
    shown = chance.choice((rf"\|{inside.tex}\|", rf"\lVert {inside.tex}\rVert "))
    return Sample(shown, lambda known: inside.value(known) ** 2, Binds.PRODUCT)


def _binomial(chance: Random, depth: int) -> Sample:
    above, below = _formula(chance, depth), _formula(chance, depth)
    shown = rf"\binom{_argument(above, chance)}{_argument(below, chance)}"
    if chance.random() < 0.2:
        shown = f"{{{above.tex} \\choose {below.tex}}}"
    return Sample(shown, lambda known: choose(above.value(known), below.value(known)), Binds.ONE)


def _factorial(chance: Random, depth: int) -> Sample:
    inside = _formula(chance, depth)

    def value(known: Mapping[str, float]) -> float:
        if abs(inside.value(known)) > 9:
            raise Impossible
        return math.gamma(1 + abs(inside.value(known)))

    shown = inside.tex.strip() if inside.binds is Binds.SYMBOL else f"({inside.tex})"
    return Sample(f"{shown}!", value, Binds.POWER)


def _series(chance: Random, depth: int) -> Sample:
    inside, name = _formula(chance, depth), chance.choice(("sum", "prod"))
    limit = chance.choice(("3", "n", "k", "K"))
    shown = rf"\{name}_{{{BOUND}=1}}^{{{limit}}}" if chance.random() < 0.7 else rf"\{name}_{{{BOUND}=1}}^{limit} "

    def value(known: Mapping[str, float]) -> float:
        parts = [inside.value({**known, BOUND: float(number)}) for number in range(1, limit_of(limit) + 1)]
        return math.prod(parts) if name == "prod" else math.fsum(parts)

    return Sample(f"{shown}{_at_least(inside, Binds.PRODUCT, chance)}", value, Binds.PRODUCT)


_KINDS = (
    _sum, _sum, _product, _product, _power, _power, _fraction, _fraction, _root, _function, _enclosed, _factorial,
    _series, _negative, _binomial,
)  # fmt: skip

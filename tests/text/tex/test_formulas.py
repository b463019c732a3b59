from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text.tex.formulas import Unfaithful, formula
from tests.examples import examples
from tests.text.tex.oracle import Ambiguous, evaluate
from tests.text.tex.samples import Verdict, judged, random_formula


@given(st.integers(0, 2**32))
@examples(15)
def test_a_formula_on_one_line_is_worth_what_it_is_worth_in_tex(seed: int) -> None:
    tex, value = random_formula(Random(seed))  # noqa: S311 - the seed is the example
    verdict, shown = judged(tex, value)
    assert verdict is Verdict.EQUAL, (tex, shown)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(k+1)/(k+2)", "k+1/k+2"),
        ("n^(1-k/2)", "n^1-k/2"),
        ("⁶√2", "√2"),
        ("x_(ij)", "x_i j"),
        ("∑ᵢ₌₁³ (i+k)", "∑ᵢ₌₁³ i+k"),
    ],
)
def test_the_oracle_tells_groupings_apart(one: str, other: str) -> None:
    assert evaluate(one) != evaluate(other)


@pytest.mark.parametrize("text", ["1/2x", "x^ky", "√xy", "√x²", "x³√y", "𝔽_2⁸x", "x_kα", "∑ᵢx", "x)", "(x", ""])
def test_the_oracle_refuses_what_can_be_read_in_two_ways(text: str) -> None:
    with pytest.raises((Ambiguous, IndexError)):
        evaluate(text)


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        ("O(n^{1-k/2})", "O(n^(1-k/2))"),
        (r"\frac{k+1}{k+2}", "(k+1)/(k+2)"),
        (r"\frac12", "1/2"),
        (r"\frac{1}{2}x", "(1/2)x"),
        (r"\frac{2n}{3}", "2n/3"),
        (r"\frac{\log n}{n}", "(log n)/n"),
        (r"\frac{1}{\sqrt[6]{2}}", "1/⁶√2"),
        (r"\left(\frac{a}{b}\right)^2", "(a/b)²"),
        (r"\mathbb{F}_{p^m}[u]", "𝔽_(p^m)[u]"),
        (r"\mathbb{F}_{2^8}", "𝔽_(2⁸)"),
        (r"\sqrt{x}y", "(√x)y"),
        (r"\sqrt{x^2}", "√(x²)"),
        (r"a\sqrt[3]{x}", "a(³√x)"),
        (r"x^3\sqrt{y}", "x³(√y)"),
        ("x^ky", "x^k y"),
        ("x^{ab}", "x^(ab)"),
        ("x^10", "x¹0"),
        ("2^{2^n}", "2^(2ⁿ)"),
        ("{a+b}^2", "(a+b)²"),
        ("G^{(t-1)}", "G^(t-1)"),
        ("x_i^2 + x_{i+1}", "xᵢ² + xᵢ₊₁"),
        (r"O(n\log n)", "O(n log n)"),
        (r"\tilde{O}(n) \hat y \bar{x}", "Õ(n) ŷ x̄"),
        (r"360^\circ", "360°"),
        (r"n^{\text{th}}, 5^{th}", "n-th, 5th"),
        (r"D_{\mathrm{KL}}(p\|q)", "D_KL(p‖q)"),
        (r"k\text{-means}", "k-means"),
        (r"\mathrm{Al_2O_3}, \mathrm{SO_4^{2-}}", "Al₂O₃, SO₄²⁻"),
        (r"n\geq 2, n \geq 2", "n≥2, n ≥ 2"),
        (r"x\in\mathbb R^{d\times d}", "x∈ℝ^(d×d)"),
        (r"f'(x)", "f′(x)"),
        (r"1{,}000 \not\in \{0,1\}^n", "1,000 ∉ {0,1}ⁿ"),
        (r"\mathcal{O}(1), \mathfrak{g}, \mathbf{x}", "𝒪(1), 𝔤, x"),
        (r"\binom{n}{k}", "(n choose k)"),
        (r"{n \choose k}, x{a+b \over c}y", "(n choose k), x((a+b)/c)y"),
        (r"\ket{\psi}, \braket{a|b}, \norm{x}_2, \abs{x+y}", "|ψ⟩, ⟨a|b⟩, ‖x‖₂, |x+y|"),
        (r"x^\prime, f^{\prime\prime}, \neg p \models q", "x′, f′′, ¬p ⊨ q"),
        (r"\mathbbm{1}_A, \llbracket n\rrbracket, \operatorname{rank}A, \tr A", "𝟙_A, ⟦n⟧, rank A, tr A"),
    ],
)
def test_the_layout_becomes_characters_or_brackets(tex: str, shown: str) -> None:
    assert formula(tex) == shown


@pytest.mark.parametrize(
    "tex",
    [r"\modelname", r"\frac{1}{\foo}", "x^", "{x", "x}", r"\sqrt[\alpha]{x}", "x^a^b", r"\begin{cases}x\end{cases}",
     "a & b", r"\overline{AB}", r"{n \over }", r"\text" * 300 + "{a}", "{" * 50 + "}" * 50, r"\frac{}{x}"],
)  # fmt: skip
def test_what_one_line_cannot_show_is_unfaithful(tex: str) -> None:
    with pytest.raises(Unfaithful):
        formula(tex)

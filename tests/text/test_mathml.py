from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text.mathml import without_mathml

TAGS = st.lists(
    st.sampled_from([
        "<math>", "</math>", "<mml:math>", "</mml:math>", "<mi>", "</mi>", "<mo>", "</mo>", "<mrow>", "</mrow>",
        "<msup>", "</msup>", "<msqrt>", "</msqrt>", "<mspace/>", "x", "<", ">", "{", "\\", "^", "$", " ", "log", "−",
    ]),
    max_size=14,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<math><msup><mi>n</mi><mrow><mn>1</mn><mo>−</mo><mi>k</mi></mrow></msup></math>", "n^(1-k)"),
        ("<math><msup><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></msup></math>", "(a+b)²"),
        ("<math><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac></math>", "a/(b+1)"),
        ("<math><msqrt><mi>n</mi><mo>+</mo><mn>1</mn></msqrt></math>", "√(n+1)"),
        ("<math><mroot><mn>2</mn><mn>6</mn></mroot></math>", "⁶√2"),
        ("<math><mover><mi>x</mi><mo>^</mo></mover></math>", "x̂"),
        ("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup></math>", "xᵢ²"),
        ("<math><munderover><mo>∑</mo><mn>1</mn><mi>n</mi></munderover></math>", "∑₁ⁿ"),
        ("<math><mi>O</mi><mo>(</mo><mi>n</mi><mi>log</mi><mi>n</mi><mo>)</mo></math>", "O(n log n)"),
        ("<math><mn>90</mn><mo>%</mo><mtext> of {x}</mtext></math>", "90% of {x}"),
        ("<m:math><m:mi>sin</m:mi><m:mo>\u2061</m:mo><m:mi>x</m:mi></m:math>", "sin x"),
        ("<math><semantics><mi>x</mi><annotation>\\foo</annotation></semantics></math>", "x"),
        ("<math><mtable><mtr><mtd><mi>x</mi></mtd></mtr></mtable></math>", "x"),
        ("<math><mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac></math>", "(n choose k)"),
        ("a <math><mi>x</mi></math> b <MATH><MI>y</MI></MATH> c", "a x b y c"),
        ("<math><mi>x</mi> is open", "<math><mi>x</mi> is open"),
    ],
)
def test_a_formula_keeps_its_grouping(text: str, shown: str) -> None:
    assert without_mathml(text) == shown


@given(TAGS)
def test_any_mathml_is_read_without_an_error(text: str) -> None:
    assert isinstance(without_mathml(text), str)


@pytest.mark.parametrize(
    "text",
    ["<math>" * 10_000, "<math>" + "<msqrt>" * 8_000, "<math>" + "<msqrt>" * 4_000 + "</msqrt>" * 4_000 + "</math>",
     "<math>x</math>" * 4_000, "<math>" + "<mi>x</mi>" * 6_000 + "</math>"],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_mathml_is_read_without_an_error(text: str) -> None:
    assert isinstance(without_mathml(text), str)  # that its time is linear, tests/benchmarks/test_sizes.py holds

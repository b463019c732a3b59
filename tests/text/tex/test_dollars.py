from __future__ import annotations

import pytest

from newsletter.text.tex.dollars import formulas


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$k$-means and $<$0.05", ["k", "<"]),
        (r"$6 \times $ and $84 \times$ fewer", [r"6 \times ", r"84 \times"]),
        (r"$-$2.4, 384$\times$384, ${>}$5", ["-", r"\times", "{>}"]),
        (r"$x_i$, $ y_i $, $\alpha $-fair", ["x_i", " y_i ", r"\alpha "]),
        ("$∼$$13k$", ["∼", "13k"]),
        ("$$x + y$$ and $z$", ["x + y", "z"]),
        ("from $5 to $10", []),
        ("$5, $6 and $7", []),
        ("$10-$20", []),
        ("US$5 and US$6", []),
        ("costs $5 (or so) and ($n$) too", ["n"]),
        ("$1 Million for $200k", []),
        ("$5 million in x_1 or $6", []),
        ("$HOME/$USER", []),
        ("$T_P$ and $C_S$", ["T_P", "C_S"]),
        (r"\$x$ and \$y\$", []),
        ("one $ alone", []),
        ("$$ $$", []),
    ],
)
def test_dollars_enclose_formulas_or_are_money(text: str, found: list[str]) -> None:
    spans = list(formulas(text))
    assert [span.inside for span in spans] == found
    assert all(text[span.begin] == text[span.end - 1] == "$" for span in spans)

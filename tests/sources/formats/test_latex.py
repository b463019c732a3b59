from __future__ import annotations

import pytest

from newsletter.sources.formats.latex import plain


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"{BERT} and {\bf GPT}", "BERT and GPT"),
        (r"Caf{\'e}, caf\'e, caf\'{e}, caf{\'{e}}", "Café, café, café, café"),
        (r"Gar{\c c}on, gar\c{c}on, {\v{S}}koda, {\H o}", "Garçon, garçon, Škoda, ő"),
        (r"na{\"\i}ve na\"{\i}ve", "naïve naïve"),
        (r"Stra{\ss}e, {\O}re, \L{}ask, {\AA}s", "Straße, Øre, Łask, Ås"),
        (r"\textbf{{BERT} rocks}", r"\textbf{BERT rocks}"),
        (r"$\mathcal{O}(n^{2})$ in {GPT}", r"$\mathcal{O}(n^{2})$ in GPT"),
        (r"A\&{M} \{kept\}", r"A\&M \{kept\}"),
        ("1--2 --- ``so''", "1–2 — “so”"),
        (r"Dr.~Case \~{n}", "Dr. Case ñ"),
        ("{unclosed", "unclosed"),
        ("closed}", "closed"),
        ("\\", "\\"),
        ("plain", "plain"),
    ],
)
def test_grouping_braces_are_removed_and_accents_converted(latex: str, text: str) -> None:
    assert plain(latex) == text

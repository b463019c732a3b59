from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.formats.ris import read_ris
from newsletter.sources.formats.tables import Broken, Raw


def ris(content: str | bytes) -> list[Raw | Broken]:
    body = content if isinstance(content, bytes) else content.encode()
    return list(read_ris(io.BufferedReader(io.BytesIO(body))))


def test_records_are_mappings_by_tag() -> None:
    content = (
        "Provider: Clouds\n\nTY  - JOUR\nTI  - Counting Clouds\nAU  - Example, Ada\nAU  - Sample, Ben\nPY  - 2026\n"
        "AB  - We count.\n\n  And count.\nUR  - https://clouds.example/;1\nKW  - clouds\nKW  - rain\nER  - \n\n"
        "TY  - GEN\r\nT1  - Rain\r\nER  -\r\n"
    )
    assert ris(content) == [
        Raw(
            3,
            {
                "TY": "JOUR",
                "TI": "Counting Clouds",
                "AU": ["Example, Ada", "Sample, Ben"],
                "PY": "2026",
                "AB": "We count. And count.",
                "UR": ["https://clouds.example/;1"],
                "KW": ["clouds", "rain"],
            },
        ),
        Raw(16, {"TY": "GEN", "T1": "Rain"}),
    ]


def test_a_record_without_end_is_ended_by_the_next() -> None:
    assert ris("TY  - JOUR\nTI  - A\nTY  - JOUR\nTI  - B\n") == [
        Raw(1, {"TY": "JOUR", "TI": "A"}),
        Raw(3, {"TY": "JOUR", "TI": "B"}),
    ]


def test_a_record_that_is_too_long_is_refused() -> None:
    content = "TY  - JOUR\n" + ("AB  - " + "x" * 1000 + "\n") * 3000 + "ER  - \nTY  - JOUR\nTI  - B\nER  - \n"
    assert ris(content) == [Broken(1, "record longer than 1 MB"), Raw(3003, {"TY": "JOUR", "TI": "B"})]


@given(st.text(st.sampled_from("TYERAUIKW1 -\n\tx")) | st.text())
def test_any_text_is_records(text: str) -> None:
    for content in (text, f"TY  - {text}", f"TY  - JOUR\n{text}\nER  - "):
        assert all(isinstance(one, Raw) for one in ris(content.encode("utf-8", "surrogatepass")))

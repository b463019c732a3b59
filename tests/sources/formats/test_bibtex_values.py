from __future__ import annotations

from newsletter.sources.formats.bibtex_values import address, closed_at, evaluate, names


def test_values_names_and_addresses() -> None:
    assert evaluate('joc # " 2"', {"joc": "Clouds"}) == "Clouds 2"
    assert names("family=Berg, given=Jan, prefix=van der") == [{"given": "Jan", "family": "van der Berg", "suffix": ""}]
    assert address(r"\url{https://clouds.example/a\_b}") == "https://clouds.example/a_b"
    assert (closed_at("{a}", 0), closed_at("{a", 0)) == (3, 0)

"""A word and its plural are one word, also at the end of a compound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text.plurals import singular
from newsletter.text.tokenizer import words

PAIRS = (
    ("agents", "agent"), ("trees", "tree"), ("degrees", "degree"), ("employees", "employee"), ("policies", "policy"),
    ("ties", "tie"), ("skies", "sky"), ("movies", "movie"), ("calories", "calorie"), ("heroes", "hero"),
    ("mosquitoes", "mosquito"), ("mosquitos", "mosquito"), ("volcanoes", "volcano"), ("shoes", "shoe"), ("toes", "toe"),
    ("classes", "class"), ("boxes", "box"), ("taxes", "tax"), ("axes", "axis"), ("quizzes", "quiz"),
    ("waltzes", "waltz"), ("sizes", "size"), ("caches", "cache"), ("branches", "branch"), ("headaches", "headache"),
    ("houses", "house"), ("uses", "use"), ("abuses", "abuse"), ("buses", "bus"), ("viruses", "virus"),
    ("coronaviruses", "coronavirus"), ("statuses", "status"), ("lenses", "lens"), ("gases", "gas"),
    ("analyses", "analysis"), ("metaanalyses", "metaanalysis"), ("photosyntheses", "photosynthesis"),
    ("metastases", "metastasis"), ("bases", "base"), ("databases", "database"), ("ellipses", "ellipse"),
    ("matrices", "matrix"), ("submatrices", "submatrix"), ("helices", "helix"), ("spectra", "spectrum"),
    ("cyanobacteria", "cyanobacterium"), ("automata", "automaton"), ("nuclei", "nucleus"), ("supernovae", "supernova"),
    ("microalgae", "microalga"), ("women", "woman"), ("grandchildren", "grandchild"), ("mice", "mouse"),
    ("women's", "woman"), ("grandchildren's", "grandchild"), ("gpus", "gpu"), ("menus", "menu"),
)  # fmt: skip
SAME = (
    "news", "logistics", "mars", "lens", "gas", "bias", "virus", "loss", "series", "timeseries", "species", "physics",
    "astrophysics", "fibrosis", "hepatitis", "axis", "data", "media", "specimen", "regimen", "pumice", "criterion",
    "progeny", "schema", "camera", "lies",
)  # fmt: skip


@pytest.mark.parametrize(("plural", "one"), PAIRS)
def test_a_plural_is_its_singular(plural: str, one: str) -> None:
    assert (singular(plural), singular(one)) == (one, one)
    assert words(plural.title()) == words(one)


@pytest.mark.parametrize("word", SAME)
def test_what_is_no_plural_stays(word: str) -> None:
    assert singular(word) == word


@given(st.sampled_from(PAIRS), st.sampled_from(["sub", "micro", "meta", "co"]))
def test_compounds_end_as_their_last_word(pair: tuple[str, str], first: str) -> None:
    plural, one = pair
    if min(len(plural), len(one)) > 5:  # short words end others that mean something else
        assert singular(first + plural) == singular(first + one)


@given(st.text("abeinostuxz", max_size=9))
def test_a_singular_has_no_other_singular_that_is_longer(word: str) -> None:
    assert len(singular(word)) <= len(word) + 2
    assert singular(f"{word}'s") == singular(word)

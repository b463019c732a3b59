"""British spellings and American ones are one word."""

from __future__ import annotations

import pytest

from newsletter.text.british import american
from newsletter.text.tokenizer import prefixes, words

PAIRS = (
    ("generalisation", "generalization"), ("optimised", "optimized"), ("tokenisers", "tokenizers"),
    ("customisable", "customizable"), ("analyse", "analyze"), ("analysing", "analyzing"), ("catalysed", "catalyzed"),
    ("colour", "color"), ("behavioural", "behavioral"), ("neighbourhoods", "neighborhoods"),
    ("colourisation", "colorization"), ("tumour", "tumor"), ("modelling", "modeling"), ("unlabelled", "unlabeled"),
    ("remodelled", "remodeled"), ("traveller", "traveler"), ("dialogues", "dialogs"), ("catalogued", "cataloged"),
    ("analogue", "analog"), ("fibres", "fibers"), ("centre", "center"), ("centred", "centered"),
    ("millimetre", "millimeter"), ("theatre", "theater"), ("grey", "gray"), ("greyscale", "grayscale"),
    ("programmes", "programs"), ("judgement", "judgment"), ("acknowledgements", "acknowledgments"),
    ("artefact", "artifact"), ("defence", "defense"), ("licence", "license"), ("practised", "practiced"),
    ("haemoglobin", "hemoglobin"), ("anaemia", "anemia"), ("leukaemic", "leukemic"), ("paediatric", "pediatric"),
    ("archaeology", "archeology"), ("oestrogen", "estrogen"), ("foetal", "fetal"), ("distil", "distill"),
    ("fulfilment", "fulfillment"), ("faecal", "fecal"), ("faeces", "feces"), ("caecum", "cecum"),
    ("coeliac", "celiac"), ("apnoea", "apnea"), ("dyspnoea", "dyspnea"), ("oestradiol", "estradiol"),
    ("homoeopathy", "homeopathy"), ("lymphoedema", "lymphedema"), ("titres", "titers"), ("caesium", "cesium"),
    ("caesarean", "cesarean"), ("leucocytes", "leukocytes"), ("neurones", "neurons"), ("interneurone", "interneuron"),
    ("encyclopaedia", "encyclopedia"), ("tyres", "tires"), ("ploughing", "plowing"), ("smouldering", "smoldering"),
    ("trialled", "trialed"), ("jewellery", "jewelry"),
)  # fmt: skip
SAME = (
    "size", "prize", "prise", "wise", "noise", "denoising", "precise", "exercise", "supervised", "rising", "arising",
    "surprise", "enterprise", "comprise", "promise", "compromise", "expertise", "otherwise", "pairwise", "paradise",
    "advertise", "advise", "revised", "devise", "franchise", "praise", "raising", "ising", "basis", "hour", "four",
    "source", "contour", "tour", "called", "filled", "controlled", "enrolled", "genre", "acre", "massacre", "science",
    "hence", "sentence", "excellent", "greyhound", "analysis", "analyses", "catalyst", "paralysis", "prologue",
    "vogue", "metric", "michael", "valise", "premise", "disease", "comparison", "visited",
    "caesar", "leucine", "shoe", "canoe", "poem", "poetry", "coelom", "toes", "retired", "entitle",
)  # fmt: skip


@pytest.mark.parametrize(("british", "written"), PAIRS)
def test_a_british_spelling_is_an_american_word(british: str, written: str) -> None:
    assert american(british) == written
    assert american(written) == written
    assert words(british.title()) == words(written)


@pytest.mark.parametrize("word", SAME)
def test_words_that_only_look_british_stay(word: str) -> None:
    assert american(word) == word


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("optimisa", ("optimisa", "optimiza")),
        ("colou", ("colou", "color")),
        ("colo", ("colo",)),
        ("fib", ("fib",)),
        ("centr", ("centr", "center")),
        ("robot", ("robot",)),
        ("analys", ("analys", "analyz")),
    ],
)
def test_the_beginning_of_a_word_is_that_of_its_american_spelling(typed: str, found: tuple[str, ...]) -> None:
    assert prefixes(typed) == found

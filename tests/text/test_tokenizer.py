from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text import normalize
from newsletter.text.derivation import NOUNS, beginning
from newsletter.text.tokenizer import located, marks, stem, surfaces, words

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("?! -- ...", []),
        ("In-Context Learning", ["in", "context", "learning"]),
        ("LLMs and LLM's", ["llm", "and", "llm"]),
        ("Agents’ policies", ["agent", "policy"]),
        ("classes, boxes, crashes, branches", ["class", "box", "crash", "branch"]),
        ("analyses biases bias gas this", ["analysis", "bias", "bias", "gas", "this"]),
        ("loss corpus virus", ["loss", "corpus", "virus"]),
        ("movies series heroes trees", ["movie", "series", "hero", "tree"]),
        ("caches patches lenses lens", ["cache", "patch", "lens", "lens"]),
        ("optima minima spectra stimuli", ["optimum", "minimum", "spectrum", "stimulus"]),
        ("committees shoes potatoes does MoEs", ["committee", "shoe", "potato", "does", "moe"]),
        ("statuses uses houses metastases", ["status", "use", "house", "metastasis"]),
        ("don't", ["don't"]),
        ("snake_case x_1", ["snake", "case", "x", "1"]),
        ("大模型 agents", ["大", "模", "型", "agent"]),
        ("ﬁne‑tuning", ["fine", "tuning"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("3D-LLaMA v2.0", ["3d", "llama", "v2", "0"]),
        ("naïve Ångström", ["naive", "angstrom"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(ANY_TEXT)
def test_words_are_not_empty_and_have_no_space(text: str) -> None:
    assert [word for word in words(text) if not word or word.split() != [word]] == []


@pytest.mark.parametrize("acronym", ["GPU", "LLM", "VLM", "CPU"])
def test_plurals_of_acronyms_are_recognized(acronym: str) -> None:
    assert words(f"{acronym}s") == words(acronym)


@given(st.text("aB1 '’_-.s\n", max_size=40))
def test_the_fast_path_for_ascii_gives_the_same_words(text: str) -> None:
    assert words(text) == words(f"{text} é")[:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++ and C#", ["c++", "and", "c#"]),
        (".NET or a.net", [".net", "or", "a", "net"]),
        ("GPT4 GPT-4o", ["gpt", "4", "gpt", "4o"]),
        ("YOLOv8 yolov8n YOLO-v8", ["yolo", "v8", "yolo", "v8n", "yolo", "v8"]),
        ("MobileNetV3 TRPV1 Nav1.7", ["mobilenet", "v3", "trpv", "1", "nav", "1", "7"]),
        ("C + C", ["c", "c"]),
    ],
)
def test_programming_languages_and_letters_before_digits_are_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert words(f"{text} é")[:-1] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TGF-β TNFα", ["tgf", "beta", "tnfalpha"]),
        ("Γ-rays, µ-calculus, 5 μm", ["gamma", "ray", "mu", "calculus", "5", "mum"]),
        ("μηχανική μάθηση", ["μηχανικη", "μαθηση"]),
    ],
)
def test_greek_letters_are_spelled_out_but_greek_words_are_not(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert surfaces(text)[0] == expected[0]


@given(ANY_TEXT)
def test_each_word_is_located_where_it_is_written(text: str) -> None:
    text = normalize("NFKC", text)
    found = list(located(text))
    assert [word for word, _, _ in found] == words(text)
    assert [words(text[start:stop]) for _, start, stop in found] == [[word] for word, _, _ in found]
    stops = [0, *(stop for _, _, stop in found)]
    assert all(before <= start for before, (_, start, _) in zip(stops, found, strict=False))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Agents' policies", ["agents", "policies"]),
        ("Naïve LLMs", ["naive", "llms"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
    ],
)
def test_surfaces_keep_plurals(text: str, written: list[str]) -> None:
    assert surfaces(text) == written


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("RAG and LLMs", {"=RAG", "=LLM"}),
        ("Rage, rag, Rag", set()),
        ("in-context learning", {"+incontext"}),
        ("Text\u2010to\u2011code", {"+texttocode"}),
        ("news-letters", {"+newsletter"}),
        ("GPT-4o", {"=GPT", "+gpt4o"}),
        ("one - two", set()),
        ("LoRA, kNN, UNets, XGBoost", {"=LORA", "=KNN", "=UNET", "=XGBOOST"}),
        ("YOLOv8 LoRAv2", {"=YOLO", "=LORA"}),
        ("U-Nets", {"+unet", "=UNET"}),
        ("k-NN", {"=NN", "+knn", "=KNN"}),
        ("Wi-Fi", {"+wifi", "=WIFI"}),
        ("LLM-based, X-ray", {"=LLM", "+llmbased", "+xray"}),
    ],
)
def test_marks_keep_capitals_and_hyphens(text: str, lost: set[str]) -> None:
    assert set(marks(text)) == lost


@pytest.mark.parametrize(
    ("forms", "shared"),
    [
        ("plan planned planning", "plan"),
        ("code coded coding", "code"),
        ("study studied studying", "study"),
        ("fall falling", "fall"),
        ("control controlled controlling", "control"),
        ("bed", "bed"),
        ("sing", "sing"),
        ("segment segmenting segmentation", "segment"),
        ("generate generated generation generator", "generate"),
        ("detect detecting detection detector", "detect"),
        ("quantize quantization quantizer", "quantize"),
        ("classify classified classification classifier", "classify"),
        ("retrieve retrieval retriever", "retrieve"),
        ("align aligned alignment", "align"),
        ("synthesize synthesizing synthesis", "synthesize"),
    ],
)
def test_the_forms_of_a_word_share_a_stem(forms: str, shared: str) -> None:
    assert {stem(form) for form in forms.split()} == {stem(shared)}


@pytest.mark.parametrize(("one", "other"), [("generate", "general"), ("string", "strong"), ("sing", "single"),
                                              ("foundation", "found"), ("information", "inform"),
                                              ("transformer", "transform"), ("diffusion", "diffuse"),
                                              ("station", "state"), ("evaluation", "evaluate")])  # fmt: skip
def test_other_words_have_other_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@given(st.from_regex(r"[a-z]{1,8}(ing|ed|eed|ied|ll|e|y)?", fullmatch=True))
def test_words_begin_with_their_stem(word: str) -> None:
    found = stem(word)
    assert stem(found) == found
    begun = beginning(found)
    assert word.startswith(begun) or (begun[-1] in "ey" and word.startswith(begun[:-1]))


@pytest.mark.parametrize(("noun", "verb"), NOUNS.items())
def test_a_noun_has_the_stem_of_its_verb(noun: str, verb: str) -> None:
    assert stem(noun) == verb == stem(verb)
    begun = beginning(verb)
    assert noun.startswith(begun.removesuffix("e").removesuffix("y"))

"""Plural → singular, so that "trees" and "tree", "spectra" and "spectrum", "metaanalyses" and "metaanalysis" are one.

The rules are those of the S stemmer (Harman, "How effective is suffixing?", JASIS 42(1), 1991), but for what they get
wrong in research texts. Words that are no plural may lose an "s" ("radiomics"): that changes nothing as long as no
other word is left, which is why "news" and "logistics" are kept.
"""

from __future__ import annotations

# Words that are no plurals, though they end as some do.
_KEPT = (
    "alias atlas bayes bias biogas canvas christmas debias diabetes does gas goes kansas lens logistics lupus mars microlens news pancreas"
    " pandas physics rabies scabies series species syngas texas this vegas"
)
# What stands before "-es".
_WITH_ES = (
    "alias apparatus atlas bias biogas bonus bus campus canvas census consensus corpus debias fetus focus gas genius"
    " hiatus lens microlens minibus nexus octopus pancreas plexus prospectus sinus status surplus syngas thesaurus uterus"
    " virus"
)
_LATIN = {
    # "-um" and "-on"
    **{f"{word[:-2]}a": word for word in (
        "automaton", "bacterium", "consortium", "continuum", "criterion", "curriculum", "endothelium", "epithelium", "equilibrium",
        "erratum", "extremum", "flagellum", "ganglion", "maximum", "millennium", "minimum", "mitochondrion", "momentum",
        "optimum", "phenomenon", "polyhedron", "quantum", "spectrum", "stratum", "symposium", "taxon", "tetrahedron",
    )},
    # "-us"
    **{f"{word[:-2]}i": word for word in (
        "annulus", "bacillus", "cactus", "focus", "fungus", "gyrus", "hippocampus", "locus", "modulus", "nucleus",
        "radius", "stimulus", "sulcus", "thrombus", "torus", "villus",
    )},
    # "-a"
    **{f"{word}e": word for word in (
        "alga", "alumna", "amoeba", "antenna", "formula", "lacuna", "larva", "nebula", "nova", "pupa", "vertebra",
    )},
    # "-x"
    **{f"{word[:-2]}ices": word for word in (
        "apex", "appendix", "codex", "cortex", "helix", "index", "matrix", "simplex", "vertex", "vortex",
    )},
    # "-sis" and "-xis"; "bases" and "ellipses" are plurals of other words, too.
    **{f"{word[:-2]}es": word for word in (
        "anastomosis", "analysis", "axis", "crisis", "diagnosis", "emphasis", "hypothesis", "metamorphosis", "metastasis",
        "neurosis",
        "paralysis", "parenthesis", "prognosis", "prosthesis", "psychosis", "stenosis", "symbiosis", "synopsis",
        "synthesis", "thesis", "thrombosis",
    )},
    "corpora": "corpus", "genera": "genus", "schemata": "schema", "stigmata": "stigma", "stomata": "stoma",
}  # fmt: skip
_ENGLISH = {
    "calves": "calf", "children": "child", "feet": "foot", "geese": "goose", "knives": "knife", "men": "man",
    "mice": "mouse", "shelves": "shelf", "teeth": "tooth", "wolves": "wolf", "women": "woman",
    # "-s" alone, where more would be removed, or nothing
    **{f"{word}s": word for word in (
        "ache", "avalanche", "cache", "calorie", "canoe", "cliche", "cookie", "cpu", "gpu", "guru", "headache", "imu",
        "menu", "moe", "movie", "niche", "npu", "prairie", "psyche", "selfie", "tpu", "zombie",
    )},
    "lies": "lies", "quizzes": "quiz",
}  # fmt: skip
_IRREGULAR = {
    **{word: word for word in _KEPT.split()},
    **{f"{word}es": word for word in _WITH_ES.split()},
    **_LATIN,
    **_ENGLISH,
}
#: What no plural ends in.
_NEVER = ("us", "ss", "sis", "xis", "itis")
#: So long words are the ends of others, too ("submatrices", "coronaviruses"), if their singulars are kept there.
_MIN_END = 6
_BY_END = tuple(
    word
    for word, one in _IRREGULAR.items()
    if (len(word) >= _MIN_END or word in ("algae", "novae"))
    and (one == word or not one.endswith("s") or one.endswith(_NEVER))
)
_NO_S_ENDS = tuple(word for word in _BY_END if not word.endswith("s"))
_S_ENDS = tuple(word for word in _BY_END if word.endswith("s"))


def singular(word: str) -> str:
    """Return a word in lower case without a plural or possessive ending."""
    if not word.endswith("s"):  # most words, so this comes first
        return _irregular(word, _NO_S_ENDS) or word
    if word.endswith(("'s", "’s")):
        return singular(word[:-2])
    if known := _irregular(word, _S_ENDS):
        return known
    if len(word) <= 3 or not word.endswith("s"):
        return word
    if word.endswith("es"):
        return _without_es(word)
    return word if word.endswith(_NEVER) else word[:-1]


def _irregular(word: str, ends: tuple[str, ...]) -> str | None:
    """Return the singular of an irregular word, or of a compound that ends with one; None if it is regular."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(ends):
        end = max((end for end in ends if word.endswith(end)), key=len)
        return word.removesuffix(end) + _IRREGULAR[end]
    return None


def _without_es(word: str) -> str:
    """Return the singular of a word that ends with "-es"."""
    if word.endswith("ies"):
        # "ties", "movies"; "policies"
        return word[:-1] if len(word) <= 4 or word.endswith(("eies", "aies")) else word[:-3] + "y"
    # "heroes"; "shoes", "toes"
    is_long = word.endswith("oes") and len(word) > 5 and not word.endswith("shoes")
    return word[:-2] if is_long or word.endswith(("sses", "shes", "ches", "xes", "tzes", "zzes")) else word[:-1]

"""Nouns of what is done, and of what does it → the stem of the verb: "detection", "detector" → "detect".

Which nouns mean what their verbs do is a matter of words, not of endings: to "transform" is not about a "transformer",
and a "foundation" was not found. So the verbs are named; only what is built on "-ize" and "-ate" follows a rule.
"""

from __future__ import annotations

from functools import lru_cache

#: Stems of verbs by the ending of the noun of what is done.
_ACTIONS = {
    "ion": """compress construct correct detect encrypt extract inject inspect interact predict prevent reconstruct
        regress select subtract suppress""",
    "ation": """adapt augment comput configur conserv deform degrad explor interpret perturb preserv recommend restor
        segment transform""",
    "ment": "adjust align assess deploy",
    "ement": "enhanc manag measur refin replac",
    "al": "remov retriev",
    "ance": "avoid guid",
    "y": "discover recover",
}
#: Stems of verbs whose doer, in "-er" or "-or", is the same subject: an "object detector" of "object detection".
_DOERS = """align caption compress correct denois detect edit extract forecast learn match pars predict rank reason
    recommend reconstruct rerank retriev rout sampl search segment select solv track"""
#: Nouns that do not hold the stem of their verb as a whole.
_IRREGULAR = {
    "acquisition": "acquir", "analysis": "analyz", "analyzer": "analyz", "behavioral": "behavior",
    "classification": "classify", "classifier": "classify", "composition": "compos",
    "decomposition": "decompos", "description": "describ", "diagnosis": "diagnos", "distillation": "distil",
    "embedder": "emb", "expansion": "expand", "explanation": "explain", "fusion": "fuse",
    "identification": "identify", "modification": "modify", "planner": "plan", "production": "produc",
    "pruner": "prune", "recognition": "recogniz", "reduction": "reduc", "robotic": "robot",
    "synthesis": "synthesiz", "tagger": "tag", "transcription": "transcrib", "usage": "use",
    "verification": "verify", "verifier": "verify",
}  # fmt: skip
#: What is built on "-ate" or "-ize" and is no subject where its verb stands: "we demonstrate", "we evaluate".
_OTHERS = frozenset((
    "demonstration", "demonstrator", "evaluation", "evaluator", "operation", "operator", "organization", "organizer",
    "validation", "validator",
))  # fmt: skip
_SHORTEST = 4

#: Nouns, and the stems of their verbs.
NOUNS = {
    **{f"{verb}{ending}": verb for ending, verbs in _ACTIONS.items() for verb in verbs.split()},
    **{f"{verb}{ending}": verb for verb in _DOERS.split() for ending in ("er", "or")},
    **_IRREGULAR,
}


@lru_cache(maxsize=131072)
def verb_stem(noun: str) -> str:
    """Return the stem of the verb of a noun in the singular, or the word itself."""
    if noun in _OTHERS:
        return noun
    if verb := NOUNS.get(noun):
        return verb
    for ending, kept in (("ization", "iz"), ("izer", "iz"), ("ation", "at"), ("ator", "at")):
        if noun.endswith(ending) and len(noun) >= _SHORTEST + len(ending):
            return noun.removesuffix(ending) + kept
    return noun


@lru_cache(maxsize=4096)
def beginning(stem: str) -> str:
    """Return what a stem and its nouns begin with."""
    nouns = [noun for noun, verb in _IRREGULAR.items() if verb == stem]
    return next(stem[:end] for end in range(len(stem), -1, -1) if all(noun.startswith(stem[:end]) for noun in nouns))

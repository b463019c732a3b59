"""British spellings → American ones, so that "generalisation" and "generalization" are one word.

Most rows of the table name the words they belong to: a rule for all words in "-our" would make "hor" of "hour". Only
"-ise" is a rule, whose exceptions are the words that are written so everywhere.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: What stands before "-ise" in words that have no other spelling: "noise", "precise", "supervised", "enterprise".
_ALWAYS_ISE = re.compile(
    r"(?:[aou]|w|(?<!i)c|p|(?:ad|de|re|per|impro|tele)v|(?:p|r|^sun|^moon|^cer)r"
    r"|(?:pro|pre|de|sur|che)m|(?:exper|adver|prac|trea|mor)t|(?:para|chan)d|ch|^val|^an)$"
)
_ISE = re.compile(r"([a-z]{3,})is(e|es|ed|er|ers|ing|ings|able|ability|ation|ations|ational)$")

_OUR = "|".join((
    "ard", "arm", "behavi", "cand", "clam", "col", "demean", "endeav", "fav", "ferv", "flav", "harb", "hon", "hum",
    "lab", "neighb", "od", "parl", "ranc", "rig", "rum", "sav", "savi", "splend", "succ", "tum", "val", "vap", "vig",
))  # fmt: skip
_LL = "|".join((
    "bevel", "cancel", "channel", "chisel", "counsel", "dial", "duel", "equal", "fuel", "funnel", "initial", "jewel",
    "label", "level", "libel", "marshal", "marvel", "model", "panel", "parcel", "pencil", "quarrel", "ravel", "rival",
    "shovel", "signal", "snorkel", "spiral", "swivel", "total", "travel", "trial", "tunnel",
))  # fmt: skip

#: What a word has to hold, where, and what takes the place of that.
_TABLE = tuple(
    (part, re.compile(pattern), replacement)
    for part, pattern, replacement in (
        ("our", rf"({_OUR})our", r"\1or"),
        ("lys", r"((?:an|par)a|cata|ctro|dro|dia)lys(e|ed|er|ers|ing)$", r"\1lyz\2"),
        ("ogu", r"(anal|catal|dial|epil|homol|monol)ogu(?:e(?=s?$)|(?=ing$|ed$))", r"\1og"),
        ("bre", r"(cali|fi|sa|som)bre(s?)$", r"\1ber\2"),
        ("tre", r"(cen|goi|lus|li|me|spec|thea|ti)tre(s?)$", r"\1ter\2"),
        ("centr", r"centr(ed|ing)$", r"center\1"),
        ("ll", rf"({_LL})l(ed|ing|ings|er|ers|or|ors)$", r"\1\2"),
        ("il", r"^(distil|fulfil|instil)(s|ment|ments)?$", r"\1l\2"),
        ("enrol", r"^enrol(s|ment|ments)?$", r"enroll\1"),
        ("ilful", r"^(skil|wil)ful", r"\1lful"),
        ("ence", r"(def|off|pret)ence(s|less)?$", r"\1ense\2"),
        ("licence", r"^licence", "license"),
        ("practis", r"^practis(?=e|ing)", "practic"),
        ("dgement", r"(?<=ju|le)dgement", "dgment"),
        ("grey", r"^grey(?!hound)", "gray"),
        ("programme", r"^programme(s?)$", r"program\1"),
        ("ageing", r"^ageing$", "aging"),
        ("artefact", r"^artefact", "artifact"),
        ("sceptic", r"^sceptic", "skeptic"),
        ("aluminium", r"^aluminium", "aluminum"),
        ("sulph", r"sulph", "sulf"),
        ("mould", r"^(s?)mould", r"\1mold"),
        ("moult", r"^moult", "molt"),
        ("tyre", r"^tyre(s?)$", r"tire\1"),
        ("plough", r"^plough", "plow"),
        ("neurone", r"neurone(s?)$", r"neuron\1"),
        ("leuco", r"^leuco(?=cyt|pen|tri)", "leuko"),
        ("anoeuvr", r"^manoeuvr(?:e(?=s?$|d$)|(?=ing|ab))", "maneuver"),
        ("ae", r"^(p|orthop|gyn|an|arch|pal|)ae(?=di|tiolog|colog|sthesi|o)", r"\1e"),
        ("haem", r"haem(?=[aio])", "hem"),
        ("aemi", r"aemi(?=a|c)", "emi"),
        ("oe", r"^oe(?=str|sophag|dema)|(?<=hom)oe(?=opath|ostas)|(?<=lymph)oe(?=dema)", "e"),
        ("coeliac", r"coeliac", "celiac"),
        ("noe", r"(?<=p)noe(?=a|ic)", "ne"),
        ("aec", r"^(f|c)ae(?=c[aeu])", r"\1e"),
        ("caesi", r"^caesi", "cesi"),
        ("caesar", r"^caesar(?=ean|ian)", "cesar"),
        ("paed", r"^(encyclo)pae(?=d)", r"\1pe"),
        ("jeweller", r"^jewellery$", "jewelry"),
        ("foet", r"^foet(?=us|al)", "fet"),
        ("rrhoea", r"rrhoea", "rrhea"),
        ("caesarean", r"^caesarean", "cesarean"),
        ("lopaedi", r"^encyclopaedi", "encyclopedi"),
        ("plough", r"^plough", "plow"),
        ("tyre", r"^tyre(s?)$", r"tire\1"),
        ("learnt", r"^(un)?learnt$", r"\1learned"),
        # Not British, but another spelling.
        ("ameteri", r"parameteri(?=[sz])", "parametri"),
    )
)  # fmt: skip


@lru_cache(maxsize=131072)
def american(word: str) -> str:
    """Return a word in lower case as it is written in American English; most words are left as they are."""
    for part, pattern, replacement in _TABLE:
        if part in word:
            word = pattern.sub(replacement, word)
    if "is" in word and (match := _ISE.search(word)) and not _ALWAYS_ISE.search(match[1]):
        return f"{match[1]}iz{match[2]}"
    return word

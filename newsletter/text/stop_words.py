"""Words that say nothing about the subject of a text, so that a sentence is not searched for them."""

from __future__ import annotations

# As `newsletter.text.tokenizer.words` returns them: in lower case, without plurals and possessives.
_WORDS = """
    a about above after again all also although am among an and any are as at be because been before being below between
    both but by can could did do doe doing done down during each either etc few for from further had ha have having he
    her here hi him how however i if in into is it its itself just like may me might more most much must my no nor not
    now of off on once one only or other our out over own paper per please quite rather same she should show so some
    such than that the their them then there these they thing this those through thu to too toward towards under until
    up upon us use used using very via was we well were what when where whether which while who whom whose why will with
    within without would yet you your wa thus his has does
    """
STOP_WORDS = frozenset(_WORDS.split())

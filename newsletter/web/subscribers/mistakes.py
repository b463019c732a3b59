"""What is wrong with what a subscriber asked for, in the language of the page.

Errors of the program speak English and name commands: they are for the operator, and no page for subscribers shows one.
"""

from __future__ import annotations

from newsletter.models import Status, Subscriber
from newsletter.rendering.language import Language


def address_mistake(spoken: Language) -> str:
    """Return what is wrong with an address that is not valid."""
    return spoken.gettext("This is not a complete email address. Please check it for typing errors.")


def pause_mistake(spoken: Language) -> str:
    """Return which day a pause may end on."""
    return spoken.gettext("Please choose a day within the next twelve months on which the pause ends.")


def refusal(subscriber: Subscriber, spoken: Language, *, is_in_file: bool) -> str:
    """Return why a subscription cannot be changed as asked."""
    if is_in_file:
        return spoken.gettext(
            "Your preferences are kept in a file by the operator of this site: ask them to change it. You can pause, "
            "unsubscribe and give feedback yourself."
        )
    if subscriber.status is Status.UNSUBSCRIBED:
        return spoken.gettext("This isn’t possible: the emails have already stopped.")
    return spoken.gettext("Emails to this address bounced or were reported as spam. Please change the address first.")

"""How many sign-ups are accepted: per network, per mailbox and per site, so that nobody floods strangers' inboxes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from newsletter.models.addresses import mailbox_key
from newsletter.web.http.guard import is_loopback
from newsletter.web.http.rate_limit import MakeCounts, RateLimiter, network_of, rate_limiter

#: Per network of an organization: an IPv4 /24 or an IPv6 /48.
_PER_NETWORK, _PER_NETWORK_AND_HOUR = 20, 20
#: Per mailbox, whichever of its addresses is given.
_PER_MAILBOX_AND_DAY = 3
_SITE = "site"


@dataclass(frozen=True, slots=True)
class SignupLimits:
    """The limits of one site; the store has a further one for each address."""

    networks: RateLimiter
    mailboxes: RateLimiter
    site: RateLimiter

    def wait_s(self, host: str) -> float:
        """Count a sign-up from a client address; return 0 if it is allowed, else the seconds to wait.

        A client on this machine is not counted: it is a web server in front that does not say who its clients are.
        """
        return 0.0 if is_loopback(host) else self.networks.take(network_of(host, ipv4_bits=24, ipv6_bits=48))

    def wait_for_site_s(self) -> float:
        """Count a valid sign-up for all of the site; return 0 if it is allowed, else the seconds to wait."""
        return self.site.take(_SITE)

    def is_mailbox_allowed(self, email: str) -> bool:
        """Count a sign-up for the mailbox of an address; return whether it is allowed.

        No page may show the difference: it would tell that somebody signed this mailbox up.
        """
        return not self.mailboxes.take(hashlib.sha256(mailbox_key(email).encode()).hexdigest())


def signup_limits(per_hour: int, make_counts: MakeCounts) -> SignupLimits:
    """Return the limits of a site that accepts so many sign-ups an hour."""
    return SignupLimits(
        rate_limiter("sign-ups of a network", _PER_NETWORK, _PER_NETWORK_AND_HOUR / 60, make_counts),
        rate_limiter("sign-ups of a mailbox", _PER_MAILBOX_AND_DAY, _PER_MAILBOX_AND_DAY / 1440, make_counts),
        rate_limiter("sign-ups", per_hour, per_hour / 60, make_counts),
    )

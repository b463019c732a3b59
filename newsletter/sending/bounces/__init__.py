"""Bounces and complaints: reports by mail (DSN, ARF, heuristics), mailboxes, and providers' webhooks."""

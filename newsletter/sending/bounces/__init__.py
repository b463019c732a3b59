"""Bounces and complaints: reading reports (DSN, ARF, heuristics), mailboxes and providers' webhooks."""

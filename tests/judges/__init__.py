"""Third-party judges of messages: validators, SpamAssassin, axe, caniemail."""

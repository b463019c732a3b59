"""Subscribers: profiles, subscriptions, double opt-in, files, import and export, privacy, feedback."""

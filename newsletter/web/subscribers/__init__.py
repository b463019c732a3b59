"""Pages for subscribers: sign-up, preferences, unsubscribe, feedback."""

"""SMTP: settings, handshake, connections, conversation, replies, rate limits, and the transport that joins them."""

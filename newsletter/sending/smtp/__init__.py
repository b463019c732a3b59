"""SMTP: connections, the conversation, responses, rate limits and the transport that joins them."""

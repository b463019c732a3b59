"""HTTP: security, forms, rate limits, caching, and the server."""

"""HTTP: the client of all sources, its rate limits, retries and protection against SSRF."""

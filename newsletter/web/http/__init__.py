"""What every page shares: host checks, forms, rate limits, the server."""

"""The HTTP client that sources share, and its protection against SSRF."""

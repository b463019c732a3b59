"""Digest → Message: what a template may use, the templates' environment, and the MIME around the result."""

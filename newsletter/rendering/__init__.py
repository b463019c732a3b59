"""Digests → messages: contexts of templates, the templates' environment, assembly and MIME."""

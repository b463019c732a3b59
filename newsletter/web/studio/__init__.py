"""The studio: a local page on which an operator previews digests."""

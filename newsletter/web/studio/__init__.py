"""The preview studio: a page on localhost on which the operator previews digests."""

"""One paper out of many entries: identifiers, identity and merging."""

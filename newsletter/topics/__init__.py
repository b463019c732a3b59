"""The topics of a subscriber: their query language, and the highlighting of matches."""

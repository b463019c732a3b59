"""What a subscriber is interested in: the query language of topics, and what it highlights."""

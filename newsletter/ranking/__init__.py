"""Papers × profile → ranked items, grouped into sections. Pure: equal papers, profile and day give equal digests."""

"""Topics × papers → ranked, grouped items. Pure: the same papers, profile and day give the same digest."""

"""The public archive: papers by day, topic and edition, search, feeds, static export."""

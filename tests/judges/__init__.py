"""Judges that we did not write, on the letters as they are sent."""

"""Pages: the studio, in which an operator sees a digest before it goes."""

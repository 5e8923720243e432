"""Speaks to Wych; prints nothing, asks nothing; usable alone."""

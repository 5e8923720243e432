"""Wych Kit."""

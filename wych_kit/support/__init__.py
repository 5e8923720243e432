"""Prepares what leaves this machine: the bundle for a support ticket, and the search for secrets."""

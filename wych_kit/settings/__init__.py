"""What you provided: the shell over `.env` over defaults, each value with its origin, checked before any network."""

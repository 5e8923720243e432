"""Issue, sign and verify the mock's access tokens, and read what a request presents."""

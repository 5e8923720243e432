"""Issue, sign and read the mock's access tokens."""

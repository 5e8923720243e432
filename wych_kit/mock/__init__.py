"""A pretend Wych, reached only over HTTP."""

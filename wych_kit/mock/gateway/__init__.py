"""The simulated API gateway: what it checks before a request reaches the API."""

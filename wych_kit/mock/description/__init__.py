"""The simulated API described as OpenAPI."""

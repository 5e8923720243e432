"""The simulated identity provider: one Keycloak realm and its endpoints."""

"""The simulated API: its routes and what they answer."""

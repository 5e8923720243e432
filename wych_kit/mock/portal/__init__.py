"""The simulated partner portal: its JSON API and its pages."""

"""The commands of `wych-kit`, one module each."""

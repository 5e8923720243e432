"""The `wych-kit` command: one module for each command under `commands`."""

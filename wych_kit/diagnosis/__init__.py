"""Say what is wrong, why, and what to do: before sending, by trying, or from an error afterwards."""

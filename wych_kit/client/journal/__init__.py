"""Record every exchange with Wych, redacted as it is captured; show it as curl, Python or HAR."""

"""Record every exchange with Wych, redacted as it is captured.

recorder    hooks for httpx clients, and the exchanges they record
redaction   replaces secrets in URLs, headers, bodies and texts
history     keeps the exchanges of earlier commands on the disk
transcript  an exchange as lines for people to read
export      an exchange as curl, Python, JSON lines or HAR
"""

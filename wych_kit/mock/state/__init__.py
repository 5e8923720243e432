"""What the mock remembers: clients, tokens, connections, requests, and its clock."""

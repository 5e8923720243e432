"""Serve HTTP: messages, sockets and certificates, without knowledge of Wych."""
